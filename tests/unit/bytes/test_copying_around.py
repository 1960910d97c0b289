"""A copy goes around what is somebody else's, a tier or tag is set without the bytes, and a deletion is exact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import blob, step
from tests.unit.bytes.accounts import SOURCE, TARGET, Account, Record, copy
from tests.unit.bytes.executed import deleter

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, DriftError, InterruptedRunError, MigrateError, UnreadableError
from amlmigrate.core.few import many
from amlmigrate.core.ownership_record import Copied, Labels
from amlmigrate.core.plan import Action, Bytes, Gone
from amlmigrate.core.workspace import Location
from amlmigrate.running.copy_executor import unneeded

FIFTY = {f"d/{number:02d}": blob(f"d/{number:02d}", 3, '"s"', md5="bWQ1") for number in range(50)}
OURS = blob("d/1", 3, '"s"', md5="bWQ1")
TEAM = (("team", "a"),)
PLAIN = Labels(None, ())


async def test_all_others_of_a_folder_are_copied_around_one_that_is_apart() -> None:
    theirs = blob("d/07", 9, '"t"')
    target = Account({"d/07": theirs, "d/more": blob("d/more", 1, '"t"')})
    await copy(Account(dict(FIFTY)), target, Record(), apart=frozenset({"d/07", "d/more"}))
    assert target.listed["d/07"] is theirs and len(target.listed) == 51
    assert ("copy", "d/07") not in target.calls and len(target.calls) == 49


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_one_that_becomes_somebody_elses_fails_alone_and_all_others_are_copied(when: str) -> None:
    theirs = blob("d/07", 9, '"t"', md5="b3RoZXI=")
    target = Account({"d/07": theirs}) if when == "before" else Account(appears={"d/07": theirs})
    record = Record()
    with pytest.raises(ConflictError) as failed:
        await copy(Account(dict(FIFTY)), target, record)
    assert "1 blob is not as planned" in failed.value.summary and "d/07" in failed.value.summary
    assert "The other 49 of its 50 blobs are there." in failed.value.summary
    assert len(target.listed) == 50 and target.listed["d/07"] is theirs
    assert record.etags == {"d/07": '"t"'} and "d/07" not in record.told and len(record.told) == 49


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "InvalidInput"),
        refusal(409, "FeatureNotSupported"),
        ConflictError("The target has blocks under this name.", address="https://x", remedy="Wait."),
        UnreadableError("A blob cannot be read.", why="it is in the archive tier", address="https://x"),
    ],
    ids=str,
)
async def test_one_that_alone_cannot_be_copied_fails_alone_and_all_others_are_copied(answer: MigrateError) -> None:
    target, record = Account(answers={"d/07": answer}), Record()
    with pytest.raises(MigrateError, match="d/07") as failed:
        await copy(Account(dict(FIFTY)), target, record)
    assert "The other 49 of its 50 blobs are there." in failed.value.summary
    assert len(target.listed) == len(record.told) == 49 and record.etags == {"d/07": ""}


@pytest.mark.parametrize(("status", "code"), [(401, "No"), (403, "AuthorizationFailure"), (500, "InternalError")])
async def test_what_shuts_a_whole_account_is_raised_as_it_is(status: int, code: str) -> None:
    target, record = Account(answers={"d/07": refusal(status, code)}), Record()
    with pytest.raises(ServiceError, match=code) as failed:
        await copy(Account(dict(FIFTY)), target, record)
    # Whoever lets it go lets go what is not there, and is told how much that is.
    assert record.etags == {path: "" for path in FIFTY if path not in record.told}
    there = len(record.told)
    assert (
        0 < there < 50
        and f"Of its 50 blobs {many(there, 'is', 'are')} known to be there, and {many(50 - there, 'is', 'are')} not."
        in str(failed.value)
    )


async def test_what_shuts_an_account_lets_nobody_let_go_what_is_there_or_forget_what_is_another_s() -> None:
    """A copy that is like its source, one that it would replace, another's, and one that it had not come to."""
    four = {path: FIFTY[path] for path in ("d/01", "d/02", "d/03", "d/04")}
    stale = replace(FIFTY["d/02"], length=1)
    target = Account(
        {"d/01": FIFTY["d/01"], "d/02": stale, "d/03": blob("d/03", 9, '"t"')},
        answers={path: refusal(403, "AuthorizationFailure") for path in four},
    )
    record = Record({"d/02": Copied('"old"', stale.etag)})
    with pytest.raises(ServiceError, match="Of its 4 blobs 1 is known to be there, and 3 are not"):
        await copy(Account(four), target, record)
    assert record.etags == {"d/02": "", "d/03": '"t"', "d/04": ""}


async def test_of_a_long_list_that_breaks_off_early_nobody_lets_go_what_is_there_further_on() -> None:
    """More than are asked for at once: what was not reached is told by the lists all the same."""
    many = {f"d/{number:04}": blob(f"d/{number:04}", 3, '"s"', md5="bWQ1") for number in range(2500)}
    there = {path: one for path, one in many.items() if path not in ("d/0000", "d/2400", "d/2499")}
    theirs = blob("d/2499", 9, '"t"')
    target = Account({**there, "d/2499": theirs}, answers={"d/0000": refusal(403, "AuthorizationFailure")})
    record = Record()
    with pytest.raises(ServiceError, match="Of its 2500 blobs 2497 are known to be there, and 3 are not"):
        await copy(Account(many), target, record)
    assert record.etags == {"d/0000": "", "d/2400": "", "d/2499": '"t"'} and record.begun == ["d/0000"]


async def test_each_is_recorded_as_asked_for_before_its_own_call_and_no_more_than_a_thousand_before() -> None:
    many = {f"d/{number:04}": blob(f"d/{number:04}", 3, '"s"', md5="bWQ1") for number in range(2500)}
    target, record = Account(), Record()
    called = target._called

    def first(what: str, path: str) -> None:
        assert path in record.begun and len(record.begun) <= len(target.calls) + 1000 + 32
        called(what, path)

    target._called = first  # type: ignore[method-assign]  # the test's own in its place
    await copy(Account(many), target, record)
    assert record.begun == list(many) and len(record.told) == 2500


async def test_a_source_that_changes_amid_a_copy_is_told_with_how_far_it_came() -> None:
    """Nothing is recorded as left: such a folder is compared with a new plan, or not at all."""
    target, record = Account(answers={"d/07": refusal(412, "SourceConditionNotMet")}), Record()
    with pytest.raises(DriftError, match=r"Of its 50 blobs (?:1 is|[0-9]+ are) known to be there"):
        await copy(Account(dict(FIFTY)), target, record)
    assert record.etags == {}


@pytest.mark.parametrize("md5", [None, "bGFiZWw="])
async def test_what_was_written_again_in_the_source_without_an_md5_is_copied_again(md5: str | None) -> None:
    """As each upload in blocks leaves a blob, of the same length as it was."""
    source = replace(OURS, etag='"s2"', md5=None)
    target, record = Account({"d/1": replace(OURS, etag='"t"', md5=md5)}), Record({"d/1": Copied('"s"', '"t"')})
    await copy(Account({"d/1": source}), target, record)
    assert target.calls == [("copy", "d/1")] and record.told["d/1"].source_etag == '"s2"'


async def test_one_too_many_that_nobody_planned_fails_the_step_when_all_is_copied() -> None:
    target, record = Account({"d/new": blob("d/new", 1, '"t"')}), Record()
    with pytest.raises(ConflictError, match=r"d/new \(too many"):
        await copy(Account(dict(FIFTY)), target, record)
    assert len(target.listed) == 51 and record.alone == ["d/new"]


async def test_a_copy_whose_source_is_gone_is_never_deleted_by_acopy() -> None:
    """As an older plan had it: under the name of a copy."""
    ours = blob("d/old", 1, '"o"')
    target, record = Account({"d/old": ours}), Record({"d/old": Copied('"0"', '"o"', PLAIN)})
    with pytest.raises(ConflictError, match=r"d/old \(without a source any more: plan again"):
        await copy(Account(dict(FIFTY)), target, record)
    assert target.listed["d/old"] is ours and not [call for call in target.calls if call[0] == "delete"]


async def test_what_failed_before_and_is_settled_now_is_no_longer_left_alone() -> None:
    record = Record(alone=["d/07"])
    await copy(Account(dict(FIFTY)), Account(), record)
    assert record.alone == []


@pytest.mark.parametrize(
    ("now", "calls"),
    [
        ({"tier": "Cool"}, [("tier", "d/1")]),
        ({"tags": TEAM}, [("tags", "d/1")]),
        ({"tier": "Archive", "tags": TEAM}, [("tags", "d/1"), ("tier", "d/1")]),
    ],
)
async def test_a_tier_or_tag_is_set_without_the_bytes(now: dict[str, Any], calls: list[Any]) -> None:
    source, target = Account({"d/1": replace(OURS, **now)}), Account({"d/1": replace(OURS, etag='"t"')})
    record = Record({"d/1": Copied('"s"', '"t"', PLAIN)})
    await copy(source, target, record)
    assert target.calls == calls
    assert record.told == {"d/1": Copied('"s"', '"t"', Labels.of(source.listed["d/1"]))}


async def test_one_whose_tags_were_set_before_a_kill_is_known_to_have_them() -> None:
    tagged = replace(OURS, tags=TEAM)
    target, record = Account({"d/1": replace(tagged, etag='"t"')}), Record({"d/1": Copied('"s"', '"t"', PLAIN)})
    await copy(Account({"d/1": tagged}), target, record)
    assert target.calls == [] and record.told == {"d/1": Copied('"s"', '"t"', Labels(None, TEAM))}


@pytest.mark.parametrize("theirs", [{"etag": '"u"'}, {"tier": "Cold"}])
async def test_no_tier_is_set_of_one_that_somebody_changes_meanwhile(theirs: dict[str, Any]) -> None:
    target = Account({"d/1": replace(OURS, etag='"t"')})
    record = Record({"d/1": Copied('"s"', '"t"', PLAIN)})
    begin = record.begin

    async def meanwhile(missing: Any) -> None:
        target.listed["d/1"] = replace(target.listed["d/1"], **theirs)
        await begin(missing)

    record.begin = meanwhile  # type: ignore[method-assign]  # the test's own in its place
    with pytest.raises(ConflictError):
        await copy(Account({"d/1": replace(OURS, tier="Cool")}), target, record)
    assert target.calls == [] and record.alone == ["d/1"]


GONE = tuple(Gone(f"d/g{number}", '"o"', 1) for number in range(5))
KNOWN = {one.path: Copied('"0"', '"o"', PLAIN) for one in GONE}


def _there(**changed: Blob | None) -> Account:
    every = {one.path: blob(one.path, 1, '"o"') for one in GONE} | {"d/1": OURS}
    found = every | {f"d/{name}": one for name, one in changed.items() if one}
    return Account({path: one for path, one in found.items() if changed.get(path[2:], one) is not None})


async def _delete(
    target: Account,
    record: Record,
    source: dict[str, Blob] | None = None,
    needed: Callable[[Location], str] = lambda _: "",
    **more: Any,
) -> str:
    amount = Bytes(SOURCE, TARGET, len(GONE), 5)
    sha256 = listing_digest([OURS])
    one = step("blobs/c/d#delete", action=Action.DELETE, source_sha256=sha256, bytes=amount, gone=GONE)
    made = deleter(Account({"d/1": OURS} if source is None else source), target, **more)

    async def look() -> Callable[[Location], str]:
        return needed

    return await made.delete(one, amount, record, look)


async def test_what_is_listed_is_deleted_and_nothing_else() -> None:
    target, record = _there(), Record(KNOWN)
    assert await _delete(target, record) == "5 blobs deleted"
    assert list(target.listed) == ["d/1"]
    assert sorted(record.begun) == sorted(record.gone) == [one.path for one in GONE]


@pytest.mark.parametrize(
    "theirs",
    [blob("d/g1", 1, '"u"'), blob("d/g1", 1, '"o"', tier="Cool"), blob("d/g1", 1, '"o"', tags=TEAM)],
    ids=["written", "of another tier", "tagged"],
)
async def test_one_that_somebody_changed_stays_and_all_others_go(theirs: Blob) -> None:
    target, record = _there(g1=theirs), Record(KNOWN)
    with pytest.raises(ConflictError, match=r"1 blob is not as planned.*d/g1.*other 4 of 5 are gone"):
        await _delete(target, record)
    assert set(target.listed) == {"d/1", "d/g1"} and record.alone == ["d/g1"]


async def test_one_that_the_ledger_does_not_know_stays() -> None:
    target = _there()
    with pytest.raises(ConflictError):
        await _delete(target, Record({path: one for path, one in KNOWN.items() if path != "d/g2"}))
    assert set(target.listed) == {"d/1", "d/g2"}


async def test_one_that_somebody_refers_to_by_now_stays() -> None:
    target = _there()
    with pytest.raises(ConflictError, match="data/own/1 refers to it"):
        await _delete(target, Record(KNOWN), needed=lambda place: "data/own/1" if place.path == "d/g3" else "")
    assert set(target.listed) == {"d/1", "d/g3"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "SnapshotsPresent"),
        (409, "BlobImmutableDueToPolicy"),
        (412, "LeaseIdMissing"),
        (412, "ConditionNotMet"),
    ],
)
async def test_one_that_the_service_keeps_stays_and_all_others_go(status: int, code: str) -> None:
    target, record = _there(), Record(KNOWN)
    target.answers["d/g0"] = refusal(status, code)
    with pytest.raises(ConflictError, match=code):
        await _delete(target, record)
    assert set(target.listed) == {"d/1", "d/g0"} and len(record.gone) == 4


@pytest.mark.parametrize("status", [403, 500])
async def test_any_other_answer_fails_the_step_with_what_was_deleted_recorded(status: int) -> None:
    target, record = _there(g0=None), Record(KNOWN)
    target.answers |= {"d/g4": refusal(status, "No"), "d/g1": refusal(409, "SnapshotsPresent")}
    with pytest.raises(ServiceError) as failed:
        await _delete(target, record)
    assert {*record.gone, "d/g0"} == {one.path for one in GONE} - target.listed.keys()
    assert f"Of its 5 blobs {many(1 + len(record.gone), 'is', 'are')} known to be gone." in str(failed.value)


async def test_nothing_is_deleted_where_the_source_has_changed() -> None:
    target = _there()
    with pytest.raises(DriftError):
        await _delete(target, Record(KNOWN), {"d/1": OURS, "d/g1": blob("d/g1", 1, '"n"')})
    assert target.calls == []


async def test_nothing_is_deleted_where_the_source_s_container_is_not_there() -> None:
    class Absent(Account):
        async def listing(self, place: Location) -> tuple[list[Blob], bool]:
            raise refusal(404, "ContainerNotFound")

    target, amount = _there(), Bytes(SOURCE, TARGET, len(GONE), 5)
    one = step("x", action=Action.DELETE, source_sha256=listing_digest([]), bytes=amount, gone=GONE)
    with pytest.raises(DriftError):
        await deleter(Absent(), target).delete(one, amount, Record(KNOWN), unneeded)
    assert target.calls == []


async def test_what_was_cut_off_goes_on_and_says_what_went_by_whom() -> None:
    target, record = _there(g0=None, g1=None), Record(KNOWN, before=frozenset({"d/g0", "d/g2"}))
    assert await _delete(target, record) == "4 blobs deleted, 1 was gone already"
    assert sorted(record.gone) == ["d/g0", "d/g2", "d/g3", "d/g4"]


async def test_a_stop_begins_no_further_deletion() -> None:
    target = _there()
    with pytest.raises(InterruptedRunError):
        await _delete(target, Record(KNOWN), stopping=lambda: True)
    assert target.calls == []


async def test_others_have_their_turn_while_a_long_list_of_what_is_there_is_gone_through() -> None:
    """The lease is renewed in the same loop: who keeps it to itself loses the target."""
    many = {f"d/{number:05d}": blob(f"d/{number:05d}", 3, md5="AAAA") for number in range(5_000)}
    turns = 0

    async def ticking() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    ticker = asyncio.create_task(ticking())
    target = Account(dict(many))
    await asyncio.sleep(0)
    turns = 0
    await copy(Account(dict(many)), target, Record())
    ticker.cancel()
    assert target.calls == []
    # After every thousand blobs, twice; and all the time while the digest is worked out.
    assert turns >= 10
