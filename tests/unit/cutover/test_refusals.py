"""Why a plan must not be cut over: with every proof there is nothing, and each thing that is wrong is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import blob, inventory, plan, step
from tests.builders.world import by_hand as left_by_hand
from tests.unit.cutover import cut

from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.cli.views.cutover import StoppedView
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Many
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.state import State
from amlmigrate.cutover.refusals import CutoverFacts, _lessened, _open, reasons, refuse_unstoppable
from amlmigrate.cutover.refusals import running as still_running
from amlmigrate.cutover.results import Stopped
from amlmigrate.inventory.lessened import lessened
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide
from amlmigrate.ledger.decision_subjects import of_findings

STARTED = "a writer at the workspace."


@dataclass(frozen=True)
class Case:
    """Everything that is looked at, as it is when nothing stands in the way."""

    verified: tuple[dict[str, Any], ...] = ({},)
    documents: tuple[dict[str, str], dict[str, str]] = cut.DOCUMENTS
    listed: Containers = field(default_factory=lambda: cut.listed(*cut.PROVEN, cut.OWN))
    by_hand: tuple[Asset, ...] = ()
    posture: tuple[Finding, ...] = ()
    writers: tuple[str, ...] = ()
    done: bool = True
    findings: tuple[Finding, ...] = ()

    def reasons(self, folder: Path, *, unfrozen: bool = False) -> list[str]:
        with Ledger(folder) as ledger:
            chain = cut.chain(folder, ledger)
            for step in cut.PLAN.steps:
                for state in (State.DOING, State.DONE if self.done else State.FAILED):
                    ledger.move(step.address, state)
            for changed in self.verified:
                cut.verified(chain, **changed)
            source = inventory()
            source.by_hand += self.by_hand
            digests, parts = cut.parts(self.documents, self.listed)
            facts = CutoverFacts(source, digests, parts, list(self.posture), self.writers)
            made = replace(cut.PLAN, header=replace(cut.PLAN.header, findings=self.findings))
            return reasons(made, ledger, chain.reports(), facts, unfrozen=unfrozen)


def _jobs(running: int) -> Asset:
    return left_by_hand(Address.of("jobs"), "cannot be moved", "by hand", {"running": running})


def _schedule(action: str, **more: object) -> Asset:
    """One whose action the service does not show."""
    told = {"isEnabled": True, "action": {"actionType": action, **more}}
    return left_by_hand(Address.of("schedules", action), "cannot be moved", "by hand", {"properties": told})


def _documents(side: int, **changed: str) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        documents = [dict(one) for one in case.documents]
        documents[side] |= changed
        return replace(case, documents=(documents[0], documents[1]))

    return change


CASES: dict[str, tuple[Callable[[Case], Case], str]] = {
    "no evidence": (lambda c: replace(c, verified=()), "There is no evidence"),
    "not green": (lambda c: replace(c, verified=({}, {"green": False})), "not green"),
    "below checksum": (lambda c: replace(c, verified=({"depth": "metadata"},)), "depth 'metadata'"),
    "a document of the source": (_documents(0, new="1"), "documents of the source are not what they were"),
    "a document of the target": (_documents(1, new="1"), "documents of the target are not what they were"),
    "a blob of the source": (
        lambda c: replace(c, listed=cut.listed(*cut.PROVEN, cut.OWN, source=[*cut.PROVEN, blob("late")])),
        "blobs of the source are not what they were",
    ),
    "a blob of the target": (lambda c: replace(c, listed=cut.listed(*cut.PROVEN)), "blobs of the target are not"),
    "an item that was taken up again": (lambda c: replace(c, done=False), "is failed and not waived"),
    "a finding whose waiver has run out": (
        lambda c: replace(c, findings=(Finding("blocks", "data/d/1", "names the source", "", code="names-source"),)),
        "data/d/1!names-source is an open finding: names the source",
    ),
    "a running job": (lambda c: replace(c, by_hand=(_jobs(2),)), "2 jobs are running"),
    "a schedule that nobody can set without losing what it does": (
        lambda c: replace(c, by_hand=(_schedule("ImportData"), _schedule("CreateJob"))),
        "is enabled, and the service does not show all of it",
    ),
    "a writer": (lambda c: replace(c, writers=(STARTED,)), "may still be written: a writer at the workspace."),
    "the target without a key": (
        lambda c: replace(c, posture=(Finding("error", "ws", "not under a customer's key", "", "x"),)),
        "not under a customer's key",
    ),
}  # fmt: skip


def test_nothing_stands_in_the_way(tmp_path: Path) -> None:
    shown = _schedule("CreateJob", jobDefinition={"jobType": "Command"})
    assert Case(by_hand=(_jobs(0), shown)).reasons(tmp_path) == []


@pytest.mark.parametrize("what", CASES)
def test_each_reason_is_told(tmp_path: Path, what: str) -> None:
    change, words = CASES[what]
    found = change(Case()).reasons(tmp_path)
    assert found and all(words in reason for reason in found)


@pytest.mark.parametrize("what", CASES)
def test_a_word_about_writers_settles_nothing_but_writers(tmp_path: Path, what: str) -> None:
    found = CASES[what][0](Case()).reasons(tmp_path, unfrozen=True)
    assert bool(found) is (what != "a writer")


def test_evidence_of_another_plan_is_none(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="it is of another plan"):
        replace(Case(), verified=({"plan": {"sha256": "cd" * 32}},)).reasons(tmp_path)


def test_all_are_told_at_once(tmp_path: Path) -> None:
    case = Case()
    for what in ("below checksum", "a running job", "a writer", "a document of the target"):
        case = CASES[what][0](case)
    assert len(case.reasons(tmp_path)) == 4


def test_that_users_changed_the_target_says_what_ends_it(tmp_path: Path) -> None:
    [reason] = _documents(1, new="1")(Case()).reasons(tmp_path)
    assert reason.endswith("`migrate cutover` ends that it is held to this.")


def test_a_role_that_ends_in_the_source_by_now_is_told_until_somebody_lets_it_go(tmp_path: Path) -> None:
    made = plan(step("roleAssignments/r"), step("roleAssignments/s"))
    source = inventory()
    source.by_hand.append(left_by_hand(Address.of("roleAssignments", "r"), "it ends by itself", "Make it so."))
    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        [told] = _lessened(made, ledger, source)
        assert told.startswith("roleAssignments/r!lessened-since-plan: ") and "it ends by itself" in told
        assert "`migrate verify`" in told
        [subject] = of_findings(lessened(made, source)).values()
        choice = NewDecision(subject, "known")
        decide(made, ledger, DecisionVerb.WAIVE, [choice], By("reviewer", "host", "1"))
        assert list(_lessened(made, ledger, source)) == []
        source.by_hand[0] = replace(source.by_hand[0], reason="it may not be read")
        assert len(list(_lessened(made, ledger, source))) == 1, "another reason is another finding"


def test_what_only_the_cutover_makes_does_not_stand_in_its_way(tmp_path: Path) -> None:
    made = plan(step("models/m/1"), step("models/m/2", stage="cutover"))
    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        ledger.move(made.steps[0].address, State.DONE)
        assert list(_open(made, ledger, [])) == []


def test_what_only_a_person_can_stop_refuses_before_anything_is_stopped_and_jobs_do_not() -> None:
    shown = _schedule("CreateJob", jobDefinition={"jobType": "Command"})
    running = replace(_jobs(2), many=Many(({"name": "b", "status": "Running"}, {"name": "a", "status": "Failed"})))
    rests = replace(inventory(), by_hand=(running, shown))
    refuse_unstoppable(rests)
    assert still_running(rests) == ("2 jobs are running: b.",)
    with pytest.raises(RefusedError) as told:
        refuse_unstoppable(replace(rests, by_hand=(shown, _schedule("ImportData"))))
    assert [one.partition(" is")[0] for one in told.value.reasons] == ["schedules/ImportData"]


@pytest.mark.parametrize(
    ("told", "rest"),
    [
        (Stopped((), ()), False),
        (Stopped((), (), done=True), True),
        (Stopped((), ("1 job is running.",), done=True), False),
        (Stopped((), (), (_jobs(1),), done=True), False),
    ],
)
def test_it_is_at_rest_only_where_it_was_stopped_and_nothing_works_on(told: Stopped, rest: bool) -> None:
    assert told.at_rest is rest
    lines, text = StoppedView(Path("p"), told).ending.lines, StoppedView(Path("p"), told).ending.text
    assert ("is at rest" in text) is rest and len(lines) == len(told.running) + len(told.left)
