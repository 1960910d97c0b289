"""Each run leaves one report, also one that was killed before it could: the next run's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.builders.world import plan, step

from amlmigrate.core.authorship import By
from amlmigrate.core.errors import TargetLostError
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Action
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.running import report
from amlmigrate.running.walker import WalkResult

BY = By("ann", "workstation", "1.2.3", Identity("oid", "ann@x", "", "tid"), {"jobs": 8, "resume": True})
PLAN = plan(
    step("models/m/1"),
    step("jobs", action=Action.MANUAL, reason="history"),
    step("data/d/1", action=Action.ADOPT),
)


def _tell(ledger: Ledger, walked: WalkResult | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report.tell(PLAN, ledger.path.parent, ledger, walked, BY).path.read_bytes())
    return found


def test_it_says_who_ran_what_and_how_each_item_stands(ledger: Ledger) -> None:
    ledger.run_begins()
    ledger.move(PLAN.steps[0].address, State.DOING)
    ledger.move(PLAN.steps[0].address, State.FAILED, detail="the disk of the service is full")
    told = _tell(ledger, WalkResult())
    assert told["record"] == "run" and told["number"] == 1 and told["ended"] == "ended"
    assert told["by"] == BY.as_dict() and told["by"]["options"] == {"jobs": 8, "resume": True}
    assert told["items"] == {"failed": 1, "left to do by hand": 1, "remaining": 1}
    assert told["left"] == [
        {"address": "models/m/1", "outcome": "failed", "detail": "the disk of the service is full"},
        {"address": "jobs", "outcome": "left to do by hand", "detail": "history"},
        {"address": "data/d/1", "outcome": "remaining", "detail": ""},
    ]
    assert told["started"] <= told["time"] and told["cut_off"] == []


def test_runs_that_were_killed_are_told_by_the_next(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.run_begins()
    assert len(ledger.untold_runs) == 3
    told = _tell(ledger, WalkResult())
    assert len(told["cut_off"]) == 2 and told["cut_off"] == sorted(told["cut_off"])
    assert ledger.untold_runs == []
    ledger.run_begins()
    assert _tell(ledger, WalkResult())["cut_off"] == []


@pytest.mark.parametrize(
    ("walked", "ended"),
    [
        (WalkResult(stopped=True), "stopped"),
        (WalkResult(stopped=True, lost=TargetLostError("gone")), "stopped: the target can no longer be used"),
        (None, "cut off before its report"),
    ],
)
def test_it_says_how_the_run_ended(ledger: Ledger, walked: WalkResult | None, ended: str) -> None:
    ledger.run_begins()
    assert _tell(ledger, walked)["ended"] == ended


def test_a_kill_between_report_and_note_tells_once_more_and_loses_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.run_begins()
    note = ledger.note

    def dies(key: str, value: str) -> None:
        if key == "runs_started":
            raise KeyboardInterrupt
        note(key, value)

    monkeypatch.setattr(ledger, "note", dies)
    with pytest.raises(KeyboardInterrupt):
        _tell(ledger, WalkResult())
    monkeypatch.undo()
    assert len(ledger.untold_runs) == 1
    _tell(ledger, None)
    assert [one.content.record for one in Evidence(ledger.path.parent, ledger).reports()] == ["run", "run"]
