"""Tasks and results are plain values that another process may be handed, errors and all that a task needs too."""

from __future__ import annotations

import ast
import asyncio
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import MAPPING, blob
from tests.unit.bytes.executed import executor

import amlmigrate
from amlmigrate.bytes.executing import performed, streamed
from amlmigrate.bytes.performing import perform
from amlmigrate.bytes.searching import SearchResult
from amlmigrate.bytes.tasks import (
    CompareTask,
    CopyTask,
    DeleteTask,
    Digested,
    DigestTask,
    End,
    RelabelTask,
    Result,
    RewriteTask,
    Task,
)
from amlmigrate.cloud.errors import OtherBytesError, OutOfReachError, ServiceError
from amlmigrate.cloud.store import StorePair, UnsupportedError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import (
    ConflictError,
    DriftError,
    InterruptedRunError,
    MigrateError,
    RefusedError,
    UnreadableError,
)
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.places import Places
from amlmigrate.core.workspace import Location, Service

SOURCE, TARGET = Location("acct", "c", "d/1"), Location("cmkacct", "t", "d/1")
FILE = Location("cmkacct", "share", "d/1", service=Service.FILE)
OURS = blob("d/1", 3, '"s"', md5="bWQ1", tags=(("a", "b"),), tier="Cool")
KNOWN = Copied('"s"', '"t"', Labels("Cool", (("a", "b"),)))
ANEW = RewriteTask(AnewFile("d/1", "aa", "bb", "bWQ1", 3, 1), MAPPING)
DENIED = ServiceError(
    403,
    "AuthorizationFailure",
    "no",
    method="GET",
    url="https://acct/d?sig=1",
    retry_after=2.0,
    codes=("KeyVaultKeyNotFound",),
)
TASKS: list[Task] = [
    CopyTask(SOURCE, OURS, TARGET),
    CopyTask(SOURCE, OURS, TARGET, replaces='"t"', data=b"\0x", asked_before=True),
    CopyTask(SOURCE, OURS, TARGET, anew=ANEW),
    RelabelTask(OURS, TARGET, OURS),
    CompareTask(SOURCE, OURS, TARGET, OURS, KNOWN),
    DeleteTask(TARGET, '"t"'),
    DeleteTask(FILE, '"t"'),
    DigestTask(SOURCE, OURS, of_source=True),
]
RESULTS = [
    Result("d/1"),
    Result("d/1", End.SHUT, "cannot be read: it is in the archive tier"),
    Result("d/1", copied=KNOWN, false_label=True),
    Result("d/1", digested=Digested("aa", "bb", SearchResult(True, 3))),
]
ERRORS: list[MigrateError] = [
    DENIED,
    OutOfReachError("it broke", method="PUT", url="https://x", retried=True),
    OtherBytesError("1 byte", url="https://x"),
    DriftError("It changed.", address="d/1", remedy="Plan again."),
    RefusedError("No.", reasons=("a", "b")),
    UnreadableError("No.", why="it is in the archive tier"),
    UnsupportedError("No.", address="https://x"),
    ConflictError("No."),
    InterruptedRunError("Stopped."),
]


def _again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("value", [*TASKS, *RESULTS], ids=lambda one: type(one).__name__)
def test_a_task_and_its_result_are_the_same_in_another_process(value: Task | Result) -> None:
    assert _again(value) == value and type(_again(value)) is type(value)


@pytest.mark.parametrize("error", ERRORS, ids=lambda one: type(one).__name__)
def test_so_is_an_error_with_all_that_it_tells(error: MigrateError) -> None:
    error.also("And so on.")
    again = _again(error)
    assert type(again) is type(error) and str(again) == str(error) and again.args == error.args
    assert again.__dict__ == error.__dict__ and again.exit_code is error.exit_code


def test_an_answer_that_is_no_result_of_one_blob_travels_with_its_result() -> None:
    again = _again(Result("d/1", End.SHUT, "not read", refused=DENIED)).refused
    assert (again.status, again.code, again.codes, again.retry_after) == (403, DENIED.code, DENIED.codes, 2.0)


def test_what_is_searched_for_is_the_same_after_it_was_used() -> None:
    names = {Address.of("data", "d"): Address.of("data", "e")}
    mapping = Mapping(MAPPING.source, MAPPING.target, names)
    text = f"https://{MAPPING.source.storage_account}.blob.core.windows.net/azureml/a\n".encode()
    assert mapping.places.count(text) == 1
    again = _again(mapping)
    assert again == mapping and again.places.count(text) == 1
    task = _again(DigestTask(SOURCE, OURS, of_source=False, places=Places(mapping)))
    assert task.places.count(text) == 1


class _Share:
    """A store of files: nothing of it may be called."""

    service = Service.FILE

    def url(self, place: Location) -> str:
        return f"https://{place.account}/{place.path}"

    def store(self, _: Service) -> _Share:
        return self


async def test_neither_tier_nor_tags_are_set_of_a_file() -> None:
    share: Any = _Share()
    with pytest.raises(UnsupportedError) as refused:
        await perform(RelabelTask(OURS, FILE, OURS), StorePair(share, share))
    assert refused.value.address == "https://cmkacct/d/1"


class _Answers:
    """A store that answers each read in one way."""

    service = Service.BLOB

    def __init__(self, status: int, code: str) -> None:
        self.error = refusal(status, code)

    async def digest(self, place: Location, blob: Blob, **_: Any) -> tuple[str, str, int]:
        raise self.error

    def store(self, _: Service) -> _Answers:
        return self


@pytest.mark.parametrize(("status", "code"), [(404, "BlobNotFound"), (412, "ConditionNotMet")])
async def test_one_that_goes_between_its_list_and_its_comparison_is_left_alone(status: int, code: str) -> None:
    side: Any = _Answers(status, code)
    found = await perform(CompareTask(SOURCE, OURS, TARGET, OURS), StorePair(side, side))
    assert (found.end, found.why) == (End.LEFT, f"refused by the service: {status} {code}")


class _Digests:
    """A store of one content, with an MD5 where that is asked for."""

    service = Service.BLOB

    async def digest(self, place: Location, blob: Blob, *, md5: bool, **_: Any) -> tuple[str, str | None, int]:
        return "sha", "md5" if md5 else None, 4

    def store(self, _: Service) -> _Digests:
        return self


async def test_both_sides_of_a_comparison_are_asked_the_same() -> None:
    side: Any = _Digests()
    assert (await perform(CompareTask(SOURCE, OURS, TARGET, OURS), StorePair(side, side))).end is End.DONE


@pytest.mark.parametrize("code", ["ContainerNotFound", "ResourceNotFound"])
async def test_what_is_gone_with_all_others_is_raised(code: str) -> None:
    side: Any = _Answers(404, code)
    with pytest.raises(ServiceError):
        await perform(CompareTask(SOURCE, OURS, TARGET, OURS), StorePair(side, side))


class _Side:
    """Deletes, and notes how many are under way."""

    service = Service.BLOB

    def __init__(self) -> None:
        self.most = self.now = 0
        self.done: list[str] = []

    async def delete(self, place: Location, _: str) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        self.done.append(place.path)


async def test_no_more_tasks_are_made_or_under_way_than_the_executor_takes() -> None:
    """However many there are: the rest is decided when its turn comes."""
    side, made, results = _Side(), 0, list[str]()

    def tasks() -> Any:
        nonlocal made
        for number in range(500):
            made += 1
            assert made <= len(results) + 35
            yield DeleteTask(TARGET.at(f"d/{number}"), '"t"')

    async def record(result: Result) -> None:
        results.append(result.path)

    assert await performed(executor(side, side), streamed(tasks()), record)
    assert len(results) == len(side.done) == 500 and side.most == 32


async def test_who_stops_begins_no_further_task_and_records_those_that_were_begun() -> None:
    side, results = _Side(), list[str]()

    async def record(result: Result) -> None:
        results.append(result.path)

    tasks = streamed(DeleteTask(TARGET.at(f"d/{number}"), '"t"') for number in range(500))
    stopping = lambda: len(results) >= 100  # noqa: E731
    assert not await performed(executor(side, side), tasks, record, stopping=stopping)
    assert 100 <= len(results) <= 132 and sorted(results) == sorted(side.done)


def test_only_who_begins_a_stage_knows_which_executor_it_has() -> None:
    root = Path(amlmigrate.__file__).parent
    named = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if "LocalExecutor" in path.read_text()
    }
    assert named == {"bytes/executing.py", "running/run.py", "verifying/verify.py"}


def test_whoever_performs_knows_no_ledger_and_no_listing_of_either_side() -> None:
    root = Path(amlmigrate.__file__).parent / "bytes"
    for name in ("tasks", "performing"):
        tree = ast.parse((root / f"{name}.py").read_text())
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [one for one in imported if "ledger" in one or one.endswith((".copying", ".work", ".deciding"))]


class _Damaging:
    """A store that finds, so often, other bytes than the label says; `calls` says whether it was to look."""

    def __init__(self, times: int) -> None:
        self.calls: list[bool] = []
        self._times = times

    def store(self, _: Service) -> _Damaging:
        return self

    async def read(self, *_: Any) -> bytes:
        return b"{}"

    async def write(self, *_: Any, **__: Any) -> str:
        return await self.copy_from()

    async def copy_from(self, *_: Any, check: bool = True, **__: Any) -> str:
        self.calls.append(check)
        if len(self.calls) <= self._times:
            raise refusal(400, "Md5Mismatch")
        return '"made"'


async def test_only_of_a_copy_a_label_of_the_source_is_called_false() -> None:
    store = _Damaging(1)
    result = await perform(CopyTask(SOURCE, OURS, TARGET), StorePair(store, store))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert (result.end, result.false_label, store.calls) == (End.DONE, True, [True, False])


async def test_what_is_written_and_damaged_on_the_way_tells_nothing_of_the_source() -> None:
    """Its label is made of what is written: the source's has nothing to do with it."""
    store = _Damaging(1)
    result = await perform(CopyTask(SOURCE, OURS, TARGET, data=b"x"), StorePair(store, store))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert (result.end, result.false_label, store.calls) == (End.LEFT, False, [True])
    assert result.why == "refused by the service: 400 Md5Mismatch"


class _Taken(_Damaging):
    """A store in which the copy is there when it is asked for."""

    async def copy_from(self, *_: Any, **__: Any) -> str:
        raise refusal(409, "BlobAlreadyExists")

    async def head(self, _: Location) -> Blob:
        return replace(OURS, etag='"there"', tags=None)


@pytest.mark.parametrize("asked_before", [True, False])
async def test_what_arrives_meanwhile_is_the_tools_own_only_where_it_asked_for_it_before(
    asked_before: bool,
) -> None:
    """The service goes on with a copy whose caller is gone; what nobody asked for is somebody else's."""
    store: Any = _Taken(0)
    result = await perform(CopyTask(SOURCE, OURS, TARGET, asked_before=asked_before), StorePair(store, store))
    own = Copied('"s"', '"there"', Labels.of(OURS))
    assert result == Result("d/1", copied=own if asked_before else None)


class _Holding:
    """A store with one blob, which records what is set on it; its bytes may not be had."""

    service = Service.BLOB

    def __init__(self, there: Blob = OURS, error: ServiceError | None = None) -> None:
        self.there, self.error = there, error
        self.set: list[Any] = []

    async def head(self, place: Location) -> Blob:
        return self.there

    async def digest(self, place: Location, blob: Blob, watch: Any = None, **_: Any) -> tuple[str, str, int]:
        if self.error:
            raise self.error
        return "sha", "md5", blob.length

    async def set_tags(self, place: Location, tags: Any) -> None:
        self.set.append(("tags", tags))

    async def set_tier(self, place: Location, tier: str) -> None:
        self.set.append(("tier", tier))


async def test_what_a_comparison_proves_to_be_the_tools_own_is_recorded_as_that() -> None:
    done = executor(_Holding(), _Holding())
    known = await done.perform(CompareTask(SOURCE, OURS, TARGET, OURS, KNOWN))
    theirs = await done.perform(CompareTask(SOURCE, OURS, TARGET, OURS))
    assert (known.end, known.copied, theirs.end, theirs.copied) == (End.DONE, KNOWN, End.DONE, None)


@pytest.mark.parametrize(
    ("tags", "set_"),
    [(None, []), (OURS.tags, []), ((("a", "c"),), [("tags", (("a", "c"),))]), ((), [("tags", ())])],
)
async def test_tags_that_were_not_listed_take_none_away(tags: Any, set_: list[Any]) -> None:
    target = _Holding()
    result = await executor(_Holding(), target).perform(RelabelTask(replace(OURS, tags=tags), TARGET, OURS))
    assert result.end is End.DONE and target.set == set_


async def test_bytes_that_nobody_may_read_are_told_with_the_answer_that_says_so() -> None:
    refused, gone = refusal(403, "AuthorizationPermissionMismatch"), refusal(409, "BlobArchived")
    task = DigestTask(SOURCE, OURS, of_source=True)
    one = await executor(_Holding(error=refused), _Holding()).perform(task)
    other = await executor(_Holding(error=gone), _Holding()).perform(task)
    assert (one.end, one.refused, one.digested) == (End.SHUT, refused, None)
    assert (other.end, other.refused, other.digested) == (End.SHUT, None, None)


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (503, "ServerBusy"), (401, "InvalidAuthenticationInfo")]
)
async def test_an_answer_that_is_not_about_reading_ends_the_hashing(status: int, code: str) -> None:
    wrong = refusal(status, code)
    with pytest.raises(ServiceError) as caught:
        await executor(_Holding(error=wrong), _Holding()).perform(DigestTask(SOURCE, OURS, of_source=True))
    assert caught.value is wrong
