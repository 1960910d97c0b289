"""What a run came to, and the exit code of that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders.world import plan, step

from amlmigrate.cli.views.runs import view_of
from amlmigrate.core.errors import DeniedError, ExitCode, MigrateError, TargetLostError, UnforeseenError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action
from amlmigrate.core.state import Outcome, State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.items import Item
from amlmigrate.running.outcome import RunOutcome, outcome_of
from amlmigrate.running.walker import WalkResult

PLAN = plan(step("models/m/1"), step("jobs", action=Action.MANUAL))
DONE = RunOutcome(PLAN, Path("x"), (Item("models/m/1", Outcome.MIGRATED, ""),), (), (), WalkResult(done=1))
OPEN = Item("jobs", Outcome.MANUAL, "history")
FINDING = Finding("blocks", "models/m/1", "names the source", "fix it", "names-source")


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (DONE, ExitCode.DONE),
        (replace(DONE, walked=None), ExitCode.DONE),
        (replace(DONE, items=(*DONE.items, OPEN)), ExitCode.INCOMPLETE),
        (replace(DONE, open_findings=(FINDING,)), ExitCode.INCOMPLETE),
        (replace(DONE, walked=WalkResult(stopped=True)), ExitCode.INTERRUPTED),
        (replace(DONE, walked=WalkResult(failed=[DeniedError("no")])), ExitCode.DENIED),
        (replace(DONE, walked=WalkResult(failed=[UnforeseenError("bug")])), ExitCode.UNEXPECTED),
        (replace(DONE, walked=WalkResult(failed=[MigrateError("failed")])), ExitCode.DONE),
        (replace(DONE, walked=WalkResult(stopped=True, lost=TargetLostError("gone"))), ExitCode.DENIED),
        (replace(DONE, items=(OPEN,), dry_run=True), ExitCode.DONE),
    ],
)
def test_the_gravest_that_came_of_it_is_the_exit_code(outcome: RunOutcome, code: ExitCode) -> None:
    assert outcome.code is code


@pytest.mark.parametrize("end", list(Outcome))
def test_another_run_finds_something_to_do_only_where_one_can_do_it(end: Outcome) -> None:
    left = replace(DONE, items=(Item("models/m/1", end, ""),))
    assert left.goes_on is (end in (Outcome.FAILED, Outcome.BLOCKED, Outcome.REMAINING))
    assert replace(left, walked=WalkResult(stopped=True)).goes_on


def test_it_is_read_from_the_ledger_and_the_evidence(ledger: Ledger, tmp_path: Path) -> None:
    ledger.move(PLAN.steps[0].address, State.DOING)
    ledger.move(PLAN.steps[0].address, State.DONE)
    found = outcome_of(PLAN, tmp_path, ledger)
    # By nobody who wrote it down: it had come there by somebody else.
    assert [one.outcome for one in found.items] == [Outcome.ADOPTED, Outcome.MANUAL]
    assert [one.address for one in found.left] == ["jobs"] and found.code is ExitCode.INCOMPLETE
    assert not found.goes_on and not found.stopped and found.lost is None


@pytest.mark.parametrize("state", [None, State.DOING, State.FAILED, State.DONE])
def test_a_dry_run_tells_of_what_earlier_runs_left(tmp_path: Path, state: State | None) -> None:
    both = plan(step("models/m/1"), step("models/m/2"), step("jobs", action=Action.MANUAL))
    with Ledger(tmp_path) as ledger:
        ledger.bind(both)
        for one in (State.DOING, state) if state else ():
            if one is not ledger.step(both.steps[0].address).state:
                ledger.move(both.steps[0].address, one)
        found = outcome_of(both, tmp_path, ledger, dry_run=True)
    left = ["models/m/2"] if state is State.DONE else ["models/m/1", "models/m/2"]
    assert [str(one.address) for one in found.to_carry_out] == left
    [told] = view_of(found).as_json()
    assert told.data["steps"] == len(left) and len(told.data["lines"]) == len(left)
