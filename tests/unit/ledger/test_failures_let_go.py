"""A failure that was let go: another one of the same item is another decision."""

from __future__ import annotations

from tests.builders.world import plan, step

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.plan import Action
from amlmigrate.core.state import Outcome, State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide
from amlmigrate.ledger.decision_subjects import Subjects, of_step
from amlmigrate.ledger.items import items

PLAN = plan(step("models/m/1"), step("models/m/2"), step("jobs", action=Action.MANUAL))
ONE = PLAN.steps[0].address
BY = By("ann", "host", "1")


def _fail(ledger: Ledger, why: str) -> None:
    if ledger.step(ONE).state in (State.FAILED, State.BLOCKED):
        ledger.reopen()
    if ledger.step(ONE).state is State.PENDING:
        ledger.move(ONE, State.DOING)
    ledger.move(ONE, State.FAILED, detail=why)


def _waive(ledger: Ledger) -> None:
    subject = Subjects(PLAN, [], ledger).find(str(ONE))
    assert subject.says == f"failed: {ledger.step(ONE).detail}"
    decide(PLAN, ledger, DecisionVerb.WAIVE, [NewDecision(subject, "known")], BY)


def _outcome(ledger: Ledger) -> Outcome:
    return items(PLAN, ledger)[0].outcome


def test_the_same_failure_again_is_let_go_and_another_one_is_open(ledger: Ledger) -> None:
    _fail(ledger, "403 AuthorizationFailure")
    _waive(ledger)
    assert _outcome(ledger) is Outcome.WAIVED
    _fail(ledger, "403 AuthorizationFailure")
    assert _outcome(ledger) is Outcome.WAIVED
    _fail(ledger, "the target has a different one")
    assert _outcome(ledger) is Outcome.FAILED
    _waive(ledger)
    assert _outcome(ledger) is Outcome.WAIVED


def test_one_that_is_taken_up_again_is_to_be_carried_out(ledger: Ledger) -> None:
    _fail(ledger, "403 AuthorizationFailure")
    _waive(ledger)
    ledger.reopen()
    assert _outcome(ledger) is Outcome.REMAINING
    ledger.move(ONE, State.DONE)
    assert _outcome(ledger) is not Outcome.WAIVED


def test_blocked_is_another_thing_than_failed(ledger: Ledger) -> None:
    ledger.move(ONE, State.BLOCKED, detail="depends on blobs/c/m, which failed")
    decide(PLAN, ledger, DecisionVerb.WAIVE, [NewDecision(Subjects(PLAN, [], ledger).find(str(ONE)), "known")], BY)
    assert _outcome(ledger) is Outcome.WAIVED
    _fail(ledger, "the target has a different one")
    assert _outcome(ledger) is Outcome.FAILED


def test_a_decision_that_names_no_failure_lets_none_go(ledger: Ledger) -> None:
    _fail(ledger, "403 AuthorizationFailure")
    decide(PLAN, ledger, DecisionVerb.WAIVE, [NewDecision(of_step(PLAN.steps[0]), "known")], BY)
    assert _outcome(ledger) is Outcome.FAILED


def test_what_no_run_carries_out_is_decided_as_it_is_planned(ledger: Ledger) -> None:
    assert Subjects(PLAN, [], ledger).find("jobs").sha256 == of_step(PLAN.steps[2]).sha256
