"""Stopping the source alone: approved as a cutover is, refused once there is one, and nothing is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.people import ANN, asking
from tests.builders.reports import report
from tests.builders.world import by_hand, header, plan, step
from tests.unit.cutover.test_switching import ENABLED, NAMES, NIGHTLY, OFF, PLAN, Pair, _inventory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.switched import SOURCE, Switched
from amlmigrate.cutover import refusals, stage, switches
from amlmigrate.cutover.results import Stopped
from amlmigrate.evidence.cutover import SwitchState

ON = dict.fromkeys(map(str, NAMES), True)


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    found = Pair(tmp_path)

    async def read(*_: Any) -> Inventory:
        job = by_hand(Address("jobs"), document={"running": 1})
        return replace(_inventory(found.source), by_hand=(job,))

    async def ann(*_: Any) -> Any:
        return ANN

    monkeypatch.setattr(stage, "read_source", read)
    monkeypatch.setattr(stage, "signed", ann)
    return found


async def _stop(pair: Pair, *, dry_run: bool = False, plan: Any = PLAN) -> Stopped:
    arm = SimpleNamespace(service_clock=SimpleNamespace(now=lambda: None))
    sides = {name: SimpleNamespace(workspace=lambda _, port=port: port, arm=arm, credential=None)
             for name, port in (("source", pair.source), ("target", pair.target))}  # fmt: skip
    clouds: Any = SimpleNamespace(**sides)
    request = stage.CutoverRequest(plan, pair.folder, ANN, ignore, dry_run=dry_run)
    return await stage._Cutover(request, pair.ledger, clouds, None).stop()


async def test_it_stops_the_source_and_starts_nothing_and_once_more_writes_nothing(pair: Pair) -> None:
    assert (await _stop(pair, dry_run=True)).stops and pair.source.enabled() == ON
    assert switches.newest(pair.evidence.reports()) == {}
    told = await _stop(pair)
    assert [one.address for one in told.stops] == list(NAMES)
    assert (told.running, told.left, told.at_rest) == (("1 job is running.",), (), False)
    assert pair.source.enabled() == OFF and pair.target.puts() == []
    assert pair.states() == {(SOURCE, str(name)): SwitchState.CHANGED for name in NAMES}
    assert (await _stop(pair)).stops == () and len(pair.source.puts()) == 2
    assert switches.unfinished(pair.evidence.reports())
    # Somebody enables one: the same command stops that again.
    pair.source.documents[str(NAMES[0])]["properties"]["isEnabled"] = True
    assert [one.address for one in (await _stop(pair)).stops] == [NAMES[0]] and pair.source.enabled() == OFF


async def test_it_waits_for_the_approval_of_the_cutover(pair: Pair) -> None:
    with pytest.raises(RefusedError, match="approv"):
        await _stop(pair, plan=asking(PLAN))
    assert pair.source.enabled() == ON and pair.source.puts() == []


async def test_nothing_is_stopped_once_it_is_cut_over_or_while_that_is_taken_back(pair: Pair) -> None:
    await pair.cut_over()
    pair.evidence.add(report("cutover", time="2026-01-02T00:00:00+00:00"))
    with pytest.raises(RefusedError, match="was cut over"):
        await _stop(pair)
    pair.evidence.add(report("switch", state="restoring", address=str(NAMES[0]), item=str(NAMES[0])))
    with pytest.raises(RefusedError, match="Taking the cutover back"):
        await _stop(pair)
    assert len(pair.source.puts()) == 2


STOPPED = Switched(SOURCE, NIGHTLY, {ENABLED: True}, {ENABLED: False})
AT_REST = plan(step(str(NIGHTLY)))


async def test_a_plan_that_takes_what_was_stopped_for_disabled_by_people_is_not_cut_over(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def passed(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(source=_inventory(pair.source), warnings=())

    async def record() -> Any:
        other = {**STOPPED.as_dict(), "plan": "cd" * 32, "workspaceId": header().source["workspaceId"]}
        return {"cutover": {"changed": [other | {"state": "changed"}]}}

    monkeypatch.setattr(stage.checking, "check", passed)
    request = stage.CutoverRequest(replace(AT_REST, sha256=PLAN.sha256), pair.folder, ANN, ignore)
    side = SimpleNamespace(credential=None)
    clouds, lease = SimpleNamespace(source=side, target=side), SimpleNamespace(record=record)
    odd: Any = (clouds, lease)
    with pytest.raises(RefusedError, match="and would leave it so: schedules/nightly"):
        await stage._Cutover(request, pair.ledger, *odd).cut_over()
    assert pair.evidence.reports() == [] and pair.source.puts() == []


@pytest.mark.parametrize(
    "known",
    [
        PLAN,
        plan(step(str(NIGHTLY)), step(str(NIGHTLY.at("enable")), action=Action.ADOPT, stage="cutover")),
        replace(AT_REST, header=header(extra={"switched": [STOPPED.as_dict()]})),
        plan(step(str(NIGHTLY), action=Action.SKIP)),
        plan(),
    ],
    ids=["starts it", "is live", "knows of it", "leaves it", "has none"],
)
def test_any_other_plan_may_take_it_over(known: Plan, tmp_path: Path) -> None:
    refusals.refuse_unplanned(known, [STOPPED], tmp_path)
    assert refusals.unplanned(known, [STOPPED]) == ""
