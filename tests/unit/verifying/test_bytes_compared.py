"""Which blobs of the target belong to a prefix, and that whatever is too many or unread there is a difference."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, OLD_ID, blob, containers, plan, step
from tests.unit.bytes.executed import executor
from tests.unit.verifying.compared import verifier

from amlmigrate.bytes.executing import Executor
from amlmigrate.bytes.listings import listing_digest
from amlmigrate.bytes.tasks import DigestTask, Result, Task
from amlmigrate.cloud.digests import Watch
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location, Service
from amlmigrate.verifying.blobs import ByteVerdict

CODES = f"{OLD_ID}-75avxb"


class Account:
    """Answers digests; for some blobs an error."""

    service = Service.BLOB

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        self._answers = answers or {}
        self.asked: list[tuple[str, str]] = []
        self.places: list[tuple[str, str]] = []
        self.md5: list[bool] = []

    async def digest(
        self, place: Location, one: Blob, watch: Watch | None = None, *, md5: bool = True, **_: Any
    ) -> tuple[str, str, int]:
        self.asked.append((place.path, one.etag))
        self.places.append((place.account, place.container))
        self.md5.append(md5)
        answer = self._answers.get(place.path, "same")
        if isinstance(answer, Exception):
            raise answer
        if watch:
            watch()(answer.encode())
        return answer, f"md5 of {answer}" if md5 else "", one.length


def _step(container: str, path: str, goal: str, *blobs: Blob) -> Step:
    source, target = Location("acct", container, path), Location("cmkacct", NEW_BLOBS, goal)
    address = "/".join(part for part in ("blobs", container, path) if part)
    return step(
        address,
        action=Action.COPY,
        source_sha256=listing_digest(blobs),
        bytes=Bytes(source, target, len(blobs), 1),
    )


async def _compared(
    one: Step,
    source: dict[str, Any],
    target: dict[str, Any],
    accounts: tuple[Account, Account] | None = None,
    by: Executor | None = None,
) -> ByteVerdict:
    left, right = accounts or (Account(), Account())
    listed, hashing = containers(source, target), accounts is not None
    return await verifier(listed, left, right, hashing=hashing, by=by).verify(plan(one))


async def _alike(
    *blobs: Blob, accounts: tuple[Account, Account] | None = None, by: Executor | None = None
) -> ByteVerdict:
    """Of a folder that both sides list alike."""
    one = _step(OLD_BLOBS, "d", "d", *blobs)
    return await _compared(one, {OLD_BLOBS: blobs}, {NEW_BLOBS: blobs}, accounts, by)


def _sides(side: int, answers: dict[str, Any]) -> tuple[Account, Account]:
    """Both accounts, of which one answers so."""
    return (Account(), Account(answers)) if side else (Account(answers), Account())


def _md5s(verdict: ByteVerdict) -> dict[str, list[str]]:
    """What each side's manifest says."""
    lines = {side: b"".join(kept.pieces()).splitlines() for side, kept in verdict.manifests.items()}
    return {side: [json.loads(line)["md5"] for line in found] for side, found in lines.items()}


async def test_the_bytes_of_each_side_are_read_where_they_lie() -> None:
    accounts = (Account(), Account())
    await _alike(blob("d/1"), accounts=accounts)
    assert [one.places for one in accounts] == [[("acct", OLD_BLOBS)], [("cmkacct", NEW_BLOBS)]]


@pytest.mark.parametrize(
    ("there", "md5", "differing"), [("same", "md5 of same", []), ("other", None, ["d/1:sha256"])]
)
async def test_the_md5_of_the_same_bytes_is_worked_out_once(
    there: str, md5: str | None, differing: list[str]
) -> None:
    own, accounts = blob("d/1"), (Account(), Account({"d/1": there}))
    one = _step(OLD_BLOBS, "d", "d", own)
    verdict = await _compared(one, {OLD_BLOBS: [own]}, {NEW_BLOBS: [own]}, accounts)
    assert (accounts[0].md5, accounts[1].md5) == ([True], [False])
    assert _md5s(verdict) == {"source": ["md5 of same"], "target": [md5]}
    assert [one.field for one in verdict.differences] == differing


async def test_a_false_label_of_a_copy_alone_is_found_by_its_sources_md5() -> None:
    own = replace(blob("d/1"), md5="md5 of same")
    one = _step(OLD_BLOBS, "d", "d", own)
    there = replace(own, md5="another")
    verdict = await _compared(one, {OLD_BLOBS: [own]}, {NEW_BLOBS: [there]}, (Account(), Account()))
    assert [one.field for one in verdict.differences] == ["d/1:md5", "d/1:md5 label"]


async def test_the_md5_of_what_only_the_target_has_is_worked_out_at_once() -> None:
    own, more = blob("d/1"), blob("d/2")
    accounts = (Account(), Account())
    one = _step(OLD_BLOBS, "d", "d", own)
    verdict = await _compared(one, {OLD_BLOBS: [own]}, {NEW_BLOBS: [own, more]}, accounts)
    assert accounts[1].md5 == [False, True]
    assert _md5s(verdict)["target"] == ["md5 of same", "md5 of same"]


async def test_the_md5_of_a_file_that_is_to_be_another_than_the_sources_is_worked_out() -> None:
    table = blob("d/MLTable", 3)
    one = replace(_step(OLD_BLOBS, "d", "d", table, blob("d/a")), rewrites=(Rewrite("d/MLTable:1", "a", "b"),))
    accounts = (Account(), Account())

    async def read(*_: object) -> bytes:
        return b"paths: []\n"

    accounts[0].read = read  # type: ignore[attr-defined]  # the stand-in has it
    both = [table, blob("d/a")]
    verdict = await _compared(one, {OLD_BLOBS: both}, {NEW_BLOBS: both}, accounts)
    assert accounts[1].md5 == [True, False]
    assert _md5s(verdict)["target"] == ["md5 of same", "md5 of same"]


def _extra(verdict: ByteVerdict) -> list[str]:
    assert all((one.expected, one.actual) == ("absent", "extra") for one in verdict.differences)
    return [one.field for one in verdict.differences]


CODE = blob("train.py")
OWN = {CODES: [CODE]}
COPY = blob("migrated-code/75avxb/train.py")


@pytest.mark.parametrize(
    "path", ["migrated-code/75avxb/new.py", "migrated-code/75avxb/train.py/x", "migrated-code/75avxb"]
)
async def test_a_blob_too_many_beside_uploaded_code_is_a_difference(path: str) -> None:
    one = _step(CODES, "", "migrated-code/75avxb", CODE)
    assert _extra(await _compared(one, OWN, {NEW_BLOBS: [COPY, blob(path)]})) == [path]


@pytest.mark.parametrize("path", ["migrated-code/75avxb-2/new.py", "migrated-code/75av", "migrated-code/other/a"])
async def test_the_code_of_another_upload_is_not_of_this_one(path: str) -> None:
    one = _step(CODES, "", "migrated-code/75avxb", CODE)
    assert _extra(await _compared(one, OWN, {NEW_BLOBS: [COPY, blob(path)]})) == []


@pytest.mark.parametrize(
    "path", ["migrated/x", "migrated-code", "migrated-codes/x", "migrated-code-2/x", "x/migrated-code/y", "m"]
)
async def test_a_whole_container_has_nothing_too_many_but_the_folder_of_code(path: str) -> None:
    own = blob("d/1")
    one = _step(OLD_BLOBS, "", "", own)
    assert _extra(await _compared(one, {OLD_BLOBS: [own]}, {NEW_BLOBS: [own, blob(path), COPY]})) == [path]


async def test_what_the_source_itself_has_below_that_folder_is_compared() -> None:
    own = blob("migrated-code/mine", 2)
    one = _step(OLD_BLOBS, "", "", own)
    verdict = await _compared(one, {OLD_BLOBS: [own]}, {NEW_BLOBS: [replace(own, length=3)]})
    assert [difference.field for difference in verdict.differences] == ["migrated-code/mine:length"]


@pytest.mark.parametrize("beside", ["a b/1", "a-x", "a0", "ab", "A/1"])
async def test_what_only_begins_like_a_prefix_is_not_of_it(beside: str) -> None:
    own = blob("a/1")
    one = _step(OLD_BLOBS, "a", "a", own)
    both = {OLD_BLOBS: [own, blob(beside)]}, {NEW_BLOBS: [own, blob(beside, 2)]}
    verdict = await _compared(one, *both)
    assert (verdict.differences, verdict.blobs) == ([], 1)


@pytest.mark.parametrize("error", [refusal(403, "AuthorizationFailure"), refusal(500, "InternalError"), silence()])
async def test_what_cannot_be_read_for_another_reason_ends_the_verification(error: Exception) -> None:
    with pytest.raises(type(error)):
        await _alike(blob("d/1"), accounts=(Account(), Account({"d/1": error})))


UNREADABLE = [
    (409, "BlobArchived"),
    (409, "BlobUsesCustomerSpecifiedEncryption"),
    (409, "BlobCustomerSpecifiedEncryptionMismatch"),
    (409, "BlobBeingRehydrated"),
    (403, "AuthorizationPermissionMismatch"),
    (403, "EncryptionScopeDisabled"),
    (416, "InvalidRange"),
    # It changes while it is read.
    (404, "BlobNotFound"),
    (412, "ConditionNotMet"),
]


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("status", "code"), UNREADABLE)
async def test_one_blob_that_nobody_reads_is_not_the_end_of_all_others(side: int, status: int, code: str) -> None:
    """Never green for it; the rest of its folder is compared, each as it was listed."""
    blobs = [blob(f"d/{number}") for number in range(3)]
    accounts = _sides(side, {"d/1": refusal(status, code)})
    verdict = await _alike(*blobs, accounts=accounts)
    told = ["read", "read"]
    told[side] = f"not read: {status} {code}"
    assert verdict.differences == [Difference("blobs/" + OLD_BLOBS + "/d", "d/1:bytes", *told)]
    assert (verdict.blobs, verdict.same) == (3, 2)
    assert [sorted(account.asked) for account in accounts] == [[(one.path, one.etag) for one in blobs]] * 2


async def test_one_that_neither_side_gives_is_a_difference_too() -> None:
    shut = {"d/1": refusal(409, "BlobUsesCustomerSpecifiedEncryption")}
    verdict = await _alike(blob("d/1"), accounts=(Account(shut), Account(shut)))
    assert len(verdict.differences) == 1 and verdict.same == 0


@pytest.mark.parametrize("side", [0, 1])
async def test_an_account_that_gives_no_blob_at_all_refuses_the_identity(side: int) -> None:
    """That is no difference between two sides: exit code 6, and what is missing."""
    blobs = [blob(f"d/{number}") for number in range(3)]
    refused = refusal(403, "AuthorizationPermissionMismatch")
    with pytest.raises(ServiceError) as raised:
        await _alike(*blobs, accounts=_sides(side, {one.path: refused for one in blobs}))
    assert raised.value is refused


async def test_the_same_length_and_label_with_other_bytes_is_a_difference() -> None:
    accounts = (Account({"d/1": "one"}), Account({"d/1": "two"}))
    verdict = await _alike(blob("d/1", md5="bWQ1"), accounts=accounts)
    assert [difference.field for difference in verdict.differences] == ["d/1:sha256"]


@pytest.mark.parametrize(("path", "largest"), [("d/MLTable", 16_777_216), ("d/model.json", 67_108_864)])
async def test_a_file_that_is_to_be_rewritten_and_was_written_since_it_was_listed_is_a_difference(
    path: str, largest: int
) -> None:
    """It is read as it was listed, and no further than a run reads it."""
    file = blob(path, 3, '"1"')
    one = replace(_step(OLD_BLOBS, "d", "d", file), rewrites=(Rewrite(f"{path}:1", "a", "b"),))
    source = Account()
    asked: list[tuple[int, str]] = []

    async def read(_: Location, largest: int, etag: str) -> bytes:
        asked.append((largest, etag))
        raise refusal(412, "ConditionNotMet")

    source.read = read  # type: ignore[attr-defined]  # the stand-in has it
    verdict = await _compared(one, {OLD_BLOBS: [file]}, {NEW_BLOBS: [file]}, (source, Account()))
    [difference] = verdict.differences
    assert (difference.field, difference.expected) == (f"{path}:bytes", "not read: 412 ConditionNotMet")
    assert asked == [(largest, '"1"')]


async def test_bytes_that_are_alike_and_not_the_plans_are_a_difference() -> None:
    """Both sides were changed in the same way since: the plan is of other bytes."""
    one = _step(CODES, "", "migrated-code/75avxb", CODE)
    assert (await _compared(one, OWN, {NEW_BLOBS: [COPY]})).differences == []
    now = {CODES: [replace(CODE, etag='"0x2"')]}
    verdict = await _compared(one, now, {NEW_BLOBS: [COPY]})
    assert [(found.field, found.expected) for found in verdict.differences] == [("source", one.source_sha256)]


NAMES = f"see https://acct.blob.core.windows.net/{OLD_BLOBS}/a"


async def test_what_the_target_names_is_told_by_file_and_what_was_not_searched_is_counted() -> None:
    packed = blob("d/z", headers=(("content_encoding", "gzip"),))
    own = [blob("d/1"), blob("d/2"), blob("d/bin"), packed, blob("d/gone")]
    gone = refusal(404, "BlobNotFound")
    answers = {"d/1": NAMES, "d/z": NAMES, "d/bin": "\x01\0\0\x01" * 5, "d/gone": gone}
    verdict = await _alike(*own, accounts=(Account(answers), Account(answers)))
    assert verdict.naming == {f"blobs/{OLD_BLOBS}/d": {Location("cmkacct", NEW_BLOBS, "d/1"): 1}}
    assert verdict.unsearched == {
        "are stored under a Content-Encoding": 1,
        "are not text": 1,
        "could not be read": 1,
    }


async def test_only_the_target_is_searched() -> None:
    assert (await _alike(blob("d/1"), accounts=_sides(0, {"d/1": NAMES}))).naming == {}


async def test_without_reading_nothing_is_searched_and_that_is_told() -> None:
    assert (await _alike(blob("d/1"))).unsearched == {"were not read at this depth": 1}


async def test_a_container_of_both_workspaces_is_told_as_not_read() -> None:
    place = Location("acct", "azureml", "ExperimentRun")
    both = step("blobs/azureml/ExperimentRun", action=Action.SKIP, bytes=Bytes(place, place, 2, 9))
    [told] = (await _compared(both, {}, {})).not_checked
    assert told.startswith("whether files in 'azureml' of 'acct', which both workspaces have, name places")
    left = replace(both, bytes=Bytes(place, Location("cmkacct", "azureml", "ExperimentRun"), 2, 9))
    assert not (await _compared(left, {}, {})).not_checked


class Elsewhere:
    """An executor that hands over each task, and takes its result, as bytes."""

    parallel = 4

    def __init__(self, left: Account, right: Account) -> None:
        self._inner = executor(left, right)
        self.performed: list[Task] = []

    async def perform(self, task: Task) -> Result:
        handed: Task = pickle.loads(pickle.dumps(task))
        self.performed.append(handed)
        result: Result = pickle.loads(pickle.dumps(await self._inner.perform(handed)))
        return result


async def test_every_byte_is_hashed_by_the_executor_wherever_that_is() -> None:
    """The target's are searched there too; what nobody reads comes back with its reason."""
    blobs = [blob(f"d/{number}", 3) for number in range(3)]
    named = "https://acct.blob.core.windows.net/azureml-blobstore-1/x"
    shut = refusal(409, "BlobArchived")
    accounts = (Account({"d/2": shut}), Account({"d/0": named}))
    by = Elsewhere(*accounts)
    verdict, here = await _alike(*blobs, accounts=accounts, by=by), await _alike(*blobs, accounts=accounts)
    assert verdict.differences == here.differences and verdict.trees == here.trees
    assert {one.field for one in verdict.differences} == {"d/0:sha256", "d/2:bytes"}
    sides = [task.of_source for task in by.performed if isinstance(task, DigestTask)]
    assert sorted(sides) == [False] * 3 + [True] * 3 and len(by.performed) == 6


async def test_the_source_is_hashed_and_not_searched_nor_is_what_is_stored_as_no_text() -> None:
    plain, packed = blob("d/1"), blob("d/2", headers=(("content_encoding", "gzip"),))
    accounts = (Account(), Account())
    by = Elsewhere(*accounts)
    await _alike(plain, packed, accounts=accounts, by=by)
    searched = [
        (task.of_source, task.place.path) for task in by.performed if isinstance(task, DigestTask) and task.places
    ]
    assert searched == [(False, "d/1")] and len(by.performed) == 4
