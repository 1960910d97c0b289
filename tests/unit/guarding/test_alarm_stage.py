"""Alarms beside the policies of a guardrail: made in one go, and what speaks against either keeps both from being made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.guarding.guards import LOGS, VAULT, GuardedArm, alarms, guarded_side, guardrail, workspace_id

from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import RefusedError
from amlmigrate.guarding import proposing, stage
from amlmigrate.guarding.estate import GuardedEstate, RemovedSource
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.proposing import GuardProposing
from amlmigrate.guarding.stage import GuardPlan, GuardRequest
from amlmigrate.guarding.wanted import Guardrail, Stage
from amlmigrate.ledger.proposals import Proposal

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


# A proposal shows alarms, too: what was killed is gone on with, and what is otherwise by then is refused.

ABOUT = GuardProposing("guard.yaml", None, "tenant-1", By("u", "h", "1"), NOW.isoformat())
FILE = guardrail(alarms=alarms())


async def proposed(arm: GuardedArm, wanted: Guardrail) -> Proposal:
    request = GuardRequest(wanted, GuardedEstate("x", ()), NOW)
    return proposing.proposal(request, await planned(arm, wanted), ABOUT)


async def test_after_each_kill_the_rest_is_what_was_approved(arm: GuardedArm) -> None:
    made = await proposed(arm, FILE)
    while (found := await planned(arm, FILE)).changes:
        proposing.refuse_other("p.json", made, found)
        arm.write(next(one.step for one in found.planned if one.step.verb.writes))
    assert proposing.is_done(made, await planned(arm, FILE))


def _muted(arm: GuardedArm) -> Guardrail:
    next(one for key, one in arm.kept.items() if "key-changed" in key)["properties"]["muteActionsDuration"] = "P1D"
    return FILE


def _more_callers(arm: GuardedArm) -> Guardrail:
    return guardrail(alarms=alarms(callers={**alarms().callers, OTHER: ""}))


def _others_told(arm: GuardedArm) -> Guardrail:
    return guardrail(alarms=alarms(emails=("keys@contoso.com", "mallory@contoso.com")))


def _other_place(arm: GuardedArm) -> Guardrail:
    del arm.kept[next(key for key in arm.kept if "/diagnosticsettings/" in key)]
    arm.kept[key_of(f"{LOGS}-2")] = {"id": f"{LOGS}-2", "location": "eastus2", "properties": {}}
    return guardrail(alarms=alarms(logs=f"{LOGS}-2"))


@pytest.mark.parametrize("since", [_muted, _more_callers, _others_told, _other_place])
async def test_what_was_not_approved_is_refused(arm: GuardedArm, since: Callable[[GuardedArm], Guardrail]) -> None:
    await applied(arm, FILE)
    made = await proposed(arm, guardrail(Stage.DRY_DENY, alarms=alarms()))
    wanted = since(arm)
    found = await planned(arm, replace(wanted, stage=Stage.DRY_DENY))
    assert found.changes
    with pytest.raises(RefusedError):
        proposing.refuse_other("p.json", made, found)
