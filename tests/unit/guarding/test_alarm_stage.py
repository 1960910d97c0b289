"""Alarms beside the policies of a guardrail: made in one go, and what speaks against either keeps both from being made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.guarding.guards import LOGS, VAULT, GuardedArm, alarms, guarded_side, guardrail, workspace_id

from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import RefusedError
from amlmigrate.guarding import stage
from amlmigrate.guarding.estate import GuardedEstate, RemovedSource
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.wanted import Guardrail, Stage

NOW = datetime(2026, 12, 1, tzinfo=UTC)
OTHER = "bbbbbbbb-0000-4000-8000-000000000002"
TELLING = events(lambda event: None)


@pytest.fixture
def arm() -> GuardedArm:
    made = GuardedArm()
    for id_ in (VAULT, LOGS):
        made.kept[key_of(id_)] = {"id": id_, "location": "eastus2", "properties": {}}
    return made


async def planned(arm: GuardedArm, wanted: Guardrail, **met: Any) -> GuardPlan:
    request = GuardRequest(wanted, GuardedEstate(**{"scan": "x", "old": (), **met}), NOW)
    return await stage.plan(guarded_side(arm), request, TELLING)


async def applied(arm: GuardedArm, wanted: Guardrail, **met: Any) -> int:
    request = GuardRequest(wanted, GuardedEstate(**{"scan": "x", "old": (), **met}), NOW)
    found = await planned(arm, wanted, **met)
    return (await stage.carry_out(guarded_side(arm), request, found, TELLING)).changed


async def test_all_of_it_is_made_once_and_then_nothing(arm: GuardedArm) -> None:
    wanted = guardrail(alarms=alarms())
    first = await planned(arm, wanted)
    assert first.reasons == ()
    assert await applied(arm, wanted) == first.changes > 10
    assert (await planned(arm, wanted)).over


def _no_vault(arm: GuardedArm) -> None:
    del arm.kept[key_of(VAULT)]


def _elsewhere(arm: GuardedArm) -> None:
    arm.kept[key_of(LOGS)]["location"] = "westeurope"


@pytest.mark.parametrize("wrong", [_no_vault, _elsewhere])
async def test_what_they_would_watch_and_is_not_so_keeps_all_from_being_made(
    arm: GuardedArm, wrong: Callable[[GuardedArm], None]
) -> None:
    wrong(arm)
    with pytest.raises(RefusedError):
        await applied(arm, guardrail(alarms=alarms()))
    assert arm.writes == 0


async def test_whom_nobody_is_told_of_any_more_is_agreed_to(arm: GuardedArm) -> None:
    await applied(arm, guardrail(alarms=alarms()))
    more = await planned(arm, guardrail(alarms=alarms(callers={**alarms().callers, OTHER: ""})))
    assert [OTHER in one for one in more.asks] == [True]
    assert more.changes == 1


async def test_alarms_alone_refuse_no_recovery(arm: GuardedArm) -> None:
    in_force = guardrail(Stage.DENY)
    await applied(arm, in_force)
    removed = RemovedSource(workspace_id("gone"), "plans/gone", NOW + timedelta(days=9))
    found = await planned(arm, guardrail(Stage.DENY, alarms=alarms()), removed=(removed,))
    assert (found.reasons, found.lost) == ((), (removed,))
    assert found.changes > 10
