"""What is compared of a folder of which somebody let something go: all but that, and it is counted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob, containers, plan, step
from tests.unit.verifying.compared import verifier

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Blob
from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.workspace import Location
from amlmigrate.verifying.blobs import ByteVerdict

AT = f"blobs/{OLD_BLOBS}/d"
FIFTY = [blob(f"d/{number:02d}", 3, '"s"') for number in range(50)]
THEIRS = blob("d/07", 9, '"t"')
MORE = blob("d/more", 1, '"t"')


def _amount(path: str, blobs: int) -> Bytes:
    return Bytes(Location("acct", OLD_BLOBS, path), Location("cmkacct", NEW_BLOBS, path), blobs, 3)


def _folder(action: Action = Action.COPY, **more: Any) -> Step:
    sha256 = listing_digest(FIFTY)
    return step(AT, action=action, source_sha256=sha256, bytes=_amount("d", 49), **more)


def _item(found: Blob, blobs: int) -> Step:
    return step(
        f"blobs/{OLD_BLOBS}/{found.path}", action=Action.CONFLICT, bytes=_amount(found.path, blobs), blob=True
    )


FOREIGN, EXTRA = _item(THEIRS, 1), _item(MORE, 0)


async def _verified(*steps: Step, there: list[Blob], waived: set[str] = frozenset(), **more: Any) -> ByteVerdict:  # type: ignore[assignment]  # nothing is added to it
    listed = containers({OLD_BLOBS: FIFTY}, {NEW_BLOBS: there})
    return await verifier(listed).verify(plan(*steps), frozenset(waived), **more)


TARGET = [one for one in FIFTY if one.path != THEIRS.path] + [THEIRS, MORE]


async def test_all_but_what_was_let_go_is_compared_and_both_are_counted() -> None:
    waived = {str(FOREIGN.address), str(EXTRA.address)}
    verdict = await _verified(_folder(), FOREIGN, EXTRA, there=TARGET, waived=waived)
    assert verdict.differences == []
    assert (verdict.same, verdict.blobs, verdict.let_go) == (49, 49, 1)
    # What is not proven to be the source's is in no manifest.
    for lines in verdict.manifests.values():
        side = b"".join(lines.pieces())
        assert side.count(b"\n") == 49 and b'"d/07"' not in side and b'"d/more"' not in side


async def test_what_nobody_let_go_is_a_difference() -> None:
    verdict = await _verified(_folder(), FOREIGN, EXTRA, there=TARGET)
    assert [one.field for one in verdict.differences] == ["d/07:length", "d/more"]
    assert (verdict.same, verdict.blobs, verdict.let_go) == (49, 50, 0)


async def test_one_more_that_is_missing_is_a_difference_all_the_same() -> None:
    waived = {str(FOREIGN.address), str(EXTRA.address)}
    verdict = await _verified(_folder(), FOREIGN, EXTRA, there=TARGET[1:], waived=waived)
    assert [(one.field, one.actual) for one in verdict.differences] == [("d/00", "missing")]


async def test_a_copy_that_stays_is_no_difference_while_it_is_the_one_that_was_shown() -> None:
    ours = blob("d/old", 1, '"o"')
    one = _folder(gone=(Gone("d/old", '"o"', 1),))
    assert (await _verified(one, there=[*FIFTY, ours])).differences == []
    other = await _verified(one, there=[*FIFTY, blob("d/old", 1, '"u"')])
    assert [(one.field, one.actual) for one in other.differences] == [("d/old", "extra")]


@pytest.mark.parametrize(("waived", "extra"), [(False, ["d/old"]), (True, [])])
async def test_what_was_to_be_deleted_and_is_there_is_a_difference_until_it_is_let_go(
    waived: bool, extra: list[str]
) -> None:
    one = step(f"{AT}#delete", action=Action.DELETE, bytes=_amount("d", 1), gone=(Gone("d/old", '"o"', 1),))
    there = [*FIFTY, blob("d/old", 1, '"o"')]
    verdict = await _verified(_folder(), one, there=there, waived={str(one.address)} if waived else set())
    assert [one.field for one in verdict.differences] == extra
    assert (verdict.blobs, verdict.let_go) == (50, 0)


async def test_of_a_folder_that_failed_just_what_was_left_alone_is_let_go() -> None:
    alone = {AT: frozenset({"d/07", "d/more"})}
    verdict = await _verified(_folder(), there=TARGET, waived={AT}, left_alone=alone)
    assert verdict.differences == [] and (verdict.same, verdict.let_go) == (49, 1)
    worse = await _verified(_folder(), there=TARGET[5:], waived={AT}, left_alone=alone)
    assert len(worse.differences) == 5
    # What a later try left alone nobody has been shown.
    later = await _verified(_folder(), there=TARGET, waived={AT}, left_alone={AT: frozenset()})
    assert [one.field for one in later.differences] == ["d/07:length", "d/more"]
    # Where it is not known what failed, it is the folder that was shown and let go.
    whole = await _verified(_folder(), there=TARGET[5:], waived={AT})
    assert whole.differences == [] and (whole.same, whole.let_go) == (0, 49)
