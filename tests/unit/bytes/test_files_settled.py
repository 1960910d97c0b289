"""A target that is taken, or looks taken, is settled by its bytes wherever no MD5 speaks for them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import MAPPING, blob
from tests.unit.bytes.accounts import Account, Record, copy

from amlmigrate.bytes.jsonfiles import planned
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, DriftError, InterruptedRunError, MigrateError, UnreadableError
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.workspace import Location

PATH = "d/1"
OURS = blob(PATH, 3, '"s"')


TAKEN = [(409, "BlobAlreadyExists"), (412, "ConditionNotMet"), (412, "TargetConditionNotMet")]
UNLABELLED = [(None, None), (None, "bWQ1"), ("bWQ1", None)]


@pytest.mark.parametrize(("status", "code"), TAKEN)
@pytest.mark.parametrize(("left", "right"), UNLABELLED)
@pytest.mark.parametrize("doubtful", [False, True])
async def test_a_taken_target_without_an_md5_is_settled_by_its_bytes(
    status: int, code: str, left: str | None, right: str | None, doubtful: bool
) -> None:
    """As long, with the same headers, and other bytes: theirs, and no copy of ours."""
    source = Account({PATH: replace(OURS, md5=left)}, {PATH: b"abc"})
    theirs = {PATH: blob(PATH, 3, '"t"', md5=right)}
    target = Account({}, {PATH: b"xyz"}, {PATH: refusal(status, code, doubtful=doubtful)}, theirs)
    record = Record()
    with pytest.raises(ConflictError) as refused:
        await copy(source, target, record)
    assert PATH in refused.value.summary and record.alone == [PATH]
    assert record.told == {}
    # Both as they were listed, so that neither digest is of two versions.
    assert (source.hashed, target.hashed) == ([(PATH, '"s"')], [(PATH, '"t"')])


@pytest.mark.parametrize(("status", "code"), TAKEN)
@pytest.mark.parametrize(("left", "right"), UNLABELLED)
@pytest.mark.parametrize("doubtful", [False, True])
async def test_a_taken_target_with_the_same_bytes_is_done(
    status: int, code: str, left: str | None, right: str | None, doubtful: bool
) -> None:
    source = Account({PATH: replace(OURS, md5=left)}, {PATH: b"abc"})
    there = {PATH: blob(PATH, 3, '"t"', md5=right)}
    target = Account({}, {PATH: b"abc"}, {PATH: refusal(status, code, doubtful=doubtful)}, there)
    record = Record()
    await copy(source, target, record)
    # Of one that was there before an answer that is not in doubt it is known that somebody else wrote it.
    assert list(record.told) == ([PATH] if doubtful else [])


@pytest.mark.parametrize(("left", "right"), UNLABELLED)
@pytest.mark.parametrize("data", [b"abc", b"xyz"])
async def test_what_is_listed_as_there_without_an_md5_is_settled_by_its_bytes(
    left: str | None, right: str | None, data: bytes
) -> None:
    source = Account({PATH: replace(OURS, md5=left)}, {PATH: b"abc"})
    target = Account({PATH: blob(PATH, 3, '"t"', md5=right)}, {PATH: data})
    if data == b"abc":
        await copy(source, target, Record())
    else:
        with pytest.raises(ConflictError):
            await copy(source, target, Record())
    assert target.hashed == [(PATH, '"t"')]


async def test_our_own_copy_of_this_very_version_needs_no_reading() -> None:
    source, target = Account({PATH: OURS}), Account({PATH: blob(PATH, 3, '"t"')})
    record = Record({PATH: Copied('"s"', '"t"')})
    await copy(source, target, record)
    assert target.hashed == []
    # What an older ledger does not tell, its tier and its tags, is learned.
    assert list(record.told) == [PATH]
    again = Record({PATH: Copied('"s"', '"t"', Labels.of(OURS))})
    await copy(source, target, again)
    assert again.told == {}


@pytest.mark.parametrize("own", [Copied('"s"', '"other"'), Copied('"other"', '"u"'), Copied('"s"')])
async def test_a_copy_that_is_not_as_we_left_it_is_read(own: Copied) -> None:
    source = Account({PATH: OURS}, {PATH: b"abc"})
    target = Account({PATH: blob(PATH, 3, '"t"')}, {PATH: b"xyz"})
    with pytest.raises(ConflictError):
        await copy(source, target, Record({PATH: own}))


@pytest.mark.parametrize(
    "theirs",
    [
        blob(PATH, 4, '"t"', md5="bWQ1"),
        blob(PATH, 3, '"t"', md5="b3RoZXI="),
        blob(PATH, 3, '"t"', md5="bWQ1", metadata=(("k", "v"),)),
        blob(PATH, 3, '"t"', md5="bWQ1", headers=(("content_type", "text/x"),)),
        blob(PATH, 3, '"t"', md5="bWQ1", tier="Cool"),
    ],
)
async def test_a_taken_target_that_differs_in_what_it_says_is_a_conflict(theirs: Blob) -> None:
    source = Account({PATH: replace(OURS, md5="bWQ1")}, {PATH: b"abc"})
    target = Account({}, {PATH: b"abc"}, {PATH: refusal(409, "BlobAlreadyExists", doubtful=True)}, {PATH: theirs})
    record = Record()
    with pytest.raises(ConflictError):
        await copy(source, target, record)
    # Whatever was in doubt: it is not recorded as a copy of ours, which later may be written over or deleted.
    assert record.told == {}


async def test_a_target_that_is_taken_and_then_gone_is_a_conflict() -> None:
    source = Account({PATH: OURS}, {PATH: b"abc"})
    with pytest.raises(ConflictError):
        await copy(source, Account({}, {}, {PATH: refusal(409, "BlobAlreadyExists")}), Record())


@pytest.mark.parametrize("code", ["LeaseIdMissing", "BlobImmutableDueToPolicy", "SnapshotsPresent"])
async def test_a_conflict_of_another_kind_is_not_taken_for_a_taken_name(code: str) -> None:
    source = Account({PATH: OURS}, {PATH: b"abc"})
    target = Account({}, {PATH: b"abc"}, {PATH: refusal(409, code)}, {PATH: blob(PATH, 3, '"t"')})
    record = Record()
    with pytest.raises(ConflictError, match=code):
        await copy(source, target, record)
    assert record.told == {} and record.alone == [PATH]


async def test_a_source_that_changed_under_the_copy_is_drift() -> None:
    source = Account({PATH: OURS}, {PATH: b"abc"})
    target = Account({}, {}, {PATH: refusal(412, "SourceConditionNotMet")})
    with pytest.raises(DriftError):
        await copy(source, target, Record())


@pytest.mark.parametrize("now", ['"s"', '"later"'])
@pytest.mark.parametrize("status", [(416, "InvalidRange"), (404, "ResourceNotFound")])
async def test_a_file_that_is_shorter_by_now_is_drift(status: tuple[int, str], now: str) -> None:
    """No read of a file of a share is held to its version; a range beyond its end says no more than this."""
    source = Account({PATH: OURS}, {PATH: b"abc"})

    async def head(_: Location) -> Blob:
        return replace(OURS, etag=now)

    source.head = head  # type: ignore[method-assign]  # the test's own in its place
    error = DriftError if now != OURS.etag else ServiceError
    with pytest.raises(error):
        await copy(source, Account({}, {}, {PATH: refusal(*status)}), Record())


SHUT = [
    UnreadableError("it cannot be read", why="it is in the archive tier"),
    refusal(409, "BlobArchived"),
    refusal(409, "BlobUsesCustomerSpecifiedEncryption"),
    ServiceError(
        409, "CannotVerifyCopySource", "text", method="PUT", url="https://x", codes=("BlobBeingRehydrated",)
    ),
]


@pytest.mark.parametrize("error", [*SHUT, InterruptedRunError("stopped between two blocks")])
async def test_one_that_nobody_reads_or_that_was_left_half_way_cuts_off_no_other(error: MigrateError) -> None:
    """The step fails; what else lies in the folder has arrived, and is known to be the tool's own."""
    listed = {f"d/{number}": blob(f"d/{number}", 3) for number in range(5)}
    source, target, record = Account(dict(listed)), Account(), Record()
    copied = target.copy_from
    asked = 0

    async def copying(*arguments: Any, **more: Any) -> str:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise error
        await asyncio.sleep(0.01)
        return await copied(*arguments, **more)

    target.copy_from = copying  # type: ignore[method-assign]  # the test's own in its place
    interrupted = isinstance(error, InterruptedRunError)
    with pytest.raises(InterruptedRunError if interrupted else UnreadableError) as raised:
        await copy(source, target, record)
    assert len(record.told) == 4 and len(target.listed) == 4
    [left] = listed.keys() - target.listed.keys()
    if not interrupted:
        # So that who lets it go lets go that one blob, and no other.
        assert record.alone == [left] and left in raised.value.summary
        assert "The other 4 of its 5 blobs are there" in raised.value.summary
        assert "cannot be read: it" in raised.value.summary and "--exclude" in raised.value.remedy


async def test_a_refusal_that_is_not_about_one_blob_ends_the_step_at_once() -> None:
    source, record = Account({PATH: OURS}), Record()
    with pytest.raises(ServiceError):
        await copy(source, Account(answers={PATH: refusal(403, "CannotVerifyCopySource")}), record)
    assert record.told == {}


@pytest.mark.parametrize("beside", ["d0", "d b/1", "d-x", "dd/1", "D/1"])
async def test_what_only_begins_like_the_prefix_is_neither_copied_nor_too_much(beside: str) -> None:
    """The service lists by the beginning of a name; a prefix ends at a slash."""
    source = Account({PATH: replace(OURS, md5="bWQ1")})
    target = Account({beside: blob(beside)})
    record = Record()
    await copy(source, target, record)
    assert list(record.told) == [PATH]
    source.listed[beside] = blob(beside)
    with pytest.raises(DriftError):
        # The plan was made of what lies in the folder alone; this digest is of both.
        await copy(source, target, Record())


async def test_a_file_that_is_to_be_rewritten_and_was_written_since_it_was_listed_is_drift() -> None:
    source = Account({PATH: OURS}, {PATH: b"abc"})

    async def read(_: Location, __: int, etag: str) -> bytes:
        assert etag == OURS.etag
        raise refusal(412, "ConditionNotMet")

    source.read = read  # type: ignore[attr-defined]  # the stand-in has it
    with pytest.raises(DriftError, match="changed while it was copied"):
        await copy(source, Account(), Record(), rewrites=(Rewrite(f"{PATH}:1", "abc", "xyz"),))


JSON = b'["https://acct.blob.core.windows.net/azureml/a"]'


@pytest.mark.parametrize(
    ("now", "goal", "says"),
    [
        (JSON, MAPPING, ""),
        (JSON + b" ", MAPPING, "changed while it was copied"),
        (JSON, Mapping(MAPPING.target, MAPPING.target), "in another way than was planned"),
    ],
)
async def test_a_file_is_written_anew_as_planned_or_not_at_all(now: bytes, goal: Mapping, says: str) -> None:
    place = Location("acct", "c", "d/1.json")
    file = planned(place, JSON, MAPPING).anew
    assert file
    listed = replace(OURS, path=place.path, length=len(JSON))
    source, target = Account({place.path: listed}), Account()
    wrote: list[bytes] = []

    async def read(_: Location, __: int, etag: str) -> bytes:
        assert etag == OURS.etag
        return now

    async def write(one: Blob, to: Location, data: bytes, *, replaces: str | None) -> str:
        assert replaces is None
        wrote.append(data)
        target.listed[to.path] = replace(one, path=to.path, etag='"made"')
        return '"made"'

    source.read, target.write = read, write  # type: ignore[attr-defined]  # the stand-in has it
    copied = copy(source, target, Record(), mapping=goal, files=(file,))
    if says:
        with pytest.raises(DriftError, match=says):
            await copied
        assert wrote == []
    else:
        await copied
        assert wrote == [JSON.replace(b"acct", b"cmkacct")]
        assert (target.listed["d/1.json"].length, target.listed["d/1.json"].md5) == (len(wrote[0]), file.md5)


class _Tables(Account):
    """One whose files can be read, as of a version, and written."""

    async def read(self, place: Location, largest: int, etag: str) -> bytes:
        if self.listed[place.path].etag != etag:
            raise refusal(412, "ConditionNotMet")
        return self.data[place.path]

    async def write(self, one: Blob, target: Location, data: bytes, *, replaces: str | None) -> str:
        self.data[target.path] = data
        self.listed[target.path] = replace(one, path=target.path, etag='"made"')
        return '"made"'


TABLE = "d/MLTable"
LINES = Rewrite(f"{TABLE}:2", "- file: old\n  # more\n", "- file: new\n")


async def _rewritten(data: bytes, record: Record) -> _Tables:
    source = _Tables({TABLE: blob(TABLE, len(data), '"s"')}, {TABLE: data})
    target = _Tables()
    await copy(source, target, record, rewrites=(LINES,))
    return target


@pytest.mark.parametrize("error", SHUT)
async def test_a_file_to_be_rewritten_that_nobody_reads_fails_alone(error: MigrateError) -> None:
    """It is read before anything is copied; all that lies beside it is copied all the same."""
    listed = {path: blob(path, 3, md5="bWQ1") for path in (TABLE, "d/1", "d/2")}
    source, target, record = _Tables(dict(listed)), _Tables(), Record()

    async def read(_: Location, __: int, etag: str) -> bytes:
        raise error

    source.read = read  # type: ignore[method-assign]  # the test's own in its place
    with pytest.raises(UnreadableError) as raised:
        await copy(source, target, record, rewrites=(LINES,))
    assert target.listed.keys() == {"d/1", "d/2"} == set(record.told)
    assert record.alone == [TABLE] and f"1 blob is not copied: {TABLE} (cannot be read: it" in str(raised.value)
    assert "The other 2 of its 3 blobs are there." in str(raised.value)


async def test_a_file_is_written_as_the_plan_shows_it() -> None:
    target = await _rewritten(b"paths:\n- file: old\n  # more\n- file: x\n", Record())
    assert target.data[TABLE] == b"paths:\n- file: new\n- file: x\n"
    assert target.listed[TABLE].length == len(target.data[TABLE])


@pytest.mark.parametrize(
    "data", [b"paths:\n- file: other\n  # more\n", b"paths:\n- file: old\n", b"", b"\xff", b"a\0b"]
)
async def test_a_file_that_is_not_the_one_that_the_plan_saw_is_not_written(data: bytes) -> None:
    record = Record()
    with pytest.raises(DriftError) as refused:
        await _rewritten(data, record)
    assert refused.value.address == TABLE
    assert record.told == {}
