"""What has another name in the target is looked for there under that name, by every stage."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.builders.world import header, inventory
from tests.contract.kinds.test_kinds_to_come import (
    BLUE,
    NAMES,
    NEW_BLUE,
    NEW_SCORE,
    SCORE,
    TRAFFIC,
    Move,
    _held,
    _moved,
    living,
    move,
)
from tests.unit.planning.planned import containers

from amlmigrate.cloud.sdk import Unreadable
from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.events import ignore
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.seal import PARTS
from amlmigrate.core.select import Selection
from amlmigrate.cutover import changes_since
from amlmigrate.cutover.record import moved
from amlmigrate.decommissioning.copy_proof import _missing
from amlmigrate.inventory import done_by_hand, waived_items
from amlmigrate.kinds import document_digests, moving_kinds
from amlmigrate.planning import planner
from amlmigrate.verifying import sdk

__all__ = ["living", "move"]


async def test_what_is_gone_since_the_cutover_is_lost(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    then = document_digests(await _moved(move))
    del move.target.documents[NEW_BLUE]
    monkeypatch.setattr(changes_since, "seen_by", lambda _: {PARTS[1]: then})
    now = document_digests(await move.holds())
    [change] = changes_since.documents(cast("Any", None), now, moved(move.plan_))
    assert (change.address, change.item) == (NEW_BLUE, str(BLUE))
    assert change.finding and change.finding.address == f"{NEW_BLUE}!deleted-since-cutover"


async def test_the_copies_are_there_before_a_container_is_deleted(move: Move) -> None:
    assert _missing(move.plan_, move.ledger, await _moved(move)) == []
    del move.target.documents[NEW_BLUE]
    [told] = _missing(move.plan_, move.ledger, await move.holds())
    assert str(BLUE) in told and f"{SCORE}," not in told


async def test_a_phase_that_is_let_go_is_held_to_what_the_target_had(move: Move) -> None:
    await _moved(move)
    move.target.documents[NEW_SCORE]["properties"]["traffic"] = {"green": 100}
    steps = move.plan(await move.holds())
    conflict = steps[str(TRAFFIC)]
    assert conflict.action is Action.CONFLICT
    anew = Plan(header(), steps.steps, "cd" * 32)
    assert waived_items.of_documents(anew, [conflict], await move.holds()) == {
        str(TRAFFIC): conflict.target_sha256
    }
    move.target.documents[NEW_SCORE]["properties"]["traffic"] = {}
    changed = waived_items.of_documents(anew, [conflict], await move.holds())[str(TRAFFIC)]
    assert changed not in ("", conflict.target_sha256)


async def test_the_phases_of_what_is_in_conflict_are_held_to_the_same(move: Move) -> None:
    there = inventory(*(await move.holds()).assets.values(), of=(await move.holds()).workspace)
    theirs = replace(_held()[0], address=NAMES[SCORE], document={**_held()[0].document, "tags": {"of": "others"}})
    there.assets[NAMES[SCORE]] = theirs
    steps = move.plan(there)
    item, phase = steps[str(SCORE)], steps[str(TRAFFIC)]
    assert (item.action, phase.action) == (Action.CONFLICT, Action.CONFLICT)
    assert phase.target_sha256 == item.target_sha256 != ""
    assert waived_items.of_documents(Plan(header(), steps.steps, "cd" * 32), [phase], there) == {
        str(TRAFFIC): phase.target_sha256
    }


async def test_what_a_person_says_to_have_made_is_looked_for(move: Move) -> None:
    await _moved(move)
    step = next(one for one in move.plan_.steps if one.address == BLUE)
    clouds, port = cast("Session", None), cast("Any", move.target)
    assert await done_by_hand._steps(clouds, move.plan_, port, [step]) == {str(BLUE): True}
    del move.target.documents[NEW_BLUE], move.target.looks[NEW_BLUE]
    assert await done_by_hand._steps(clouds, move.plan_, port, [step]) == {str(BLUE): False}


async def test_the_tools_own_do_not_stand_in_the_way_of_deleting(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await _moved(move)
    seen: list[Container[Address]] = []

    class Users:
        def __init__(self, _: object, own: Container[Address]) -> None:
            seen.append(own)

        of, findings = staticmethod(lambda _: ""), staticmethod(list)

    monkeypatch.setattr(planner, "TargetUsers", Users)
    planner.Planner(
        inventory(*_held()),
        there,
        selection=Selection(),
        prior=move.prior,
        copy_unreferenced=False,
        delete=True,
        names=dict(NAMES),
    ).steps(containers())
    assert NAMES[SCORE] in seen[0] and SCORE not in seen[0]


async def test_the_second_reader_reads_it_under_its_name(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[Address]] = []

    class Reader:
        """Reads all but one of the target."""

        def __init__(self, _: object, of: object, __: object) -> None:
            self._target = of == move.plan_.header.target_ref

        async def unreadable(self, wanted: list[tuple[Address, str]], _: object) -> Unreadable:
            asked.append([address for address, _ in wanted])
            return Unreadable({NAMES[SCORE]: "it has no key"} if self._target else {})

        def close(self) -> None: ...

    monkeypatch.setattr(sdk, "SdkReader", Reader)
    monkeypatch.setattr(type(moving_kinds()[SCORE.kind]), "sdk_operations", "online_endpoints")
    side = SimpleNamespace(login=None, pacer=None)
    found = await sdk.compare_readers(move.plan_, cast("Any", SimpleNamespace(source=side, target=side)), ignore)
    assert SCORE in asked[0] and NAMES[SCORE] in asked[1] and SCORE not in asked[1]
    assert [(one.address, one.actual) for one in found.differences] == [(str(SCORE), "it has no key")]
    assert found.readable == found.assets - 1
