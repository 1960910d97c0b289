"""The gate's reasons: with every proof there is none, and each thing that is wrong is a reason of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import DIGESTS, SHA, report
from tests.builders.world import by_hand as left_by_hand
from tests.builders.world import inventory, plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.documents import digest
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.seal import FILE, UNLISTED
from amlmigrate.core.state import UNSELECTED_REASON, State
from amlmigrate.decommissioning.gate import GateFacts, reasons, undecided
from amlmigrate.kinds import state_digest
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide, reopen
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence

ROLE = "roleAssignments/r"
STEPS = (step("models/m/1"), step("models/m/2", "models/m/1"))


@dataclass
class Case:
    """Everything that the gate looks at, as it is when nothing stands in the way."""

    steps: tuple[Step, ...] = STEPS
    states: dict[str, State] = field(default_factory=dict)
    waived: tuple[str, ...] = ()
    evidence: tuple[dict[str, Any], ...] = ({},)
    facts: GateFacts = field(
        default_factory=lambda: GateFacts(
            source=inventory(), digests=DIGESTS, parts={}, posture=[], locks=[], soak=timedelta(hours=168)
        )
    )

    def reasons(self, folder: Path) -> list[str]:
        """What the gate says, with a ledger and a chain of evidence on disk."""
        made = plan(*self.steps)
        folder.mkdir(exist_ok=True)
        with Ledger(folder) as ledger:
            ledger.bind(made)
            for one in self.steps:
                for state in _way(one, self.states.get(str(one.address), State.DONE)):
                    ledger.move(one.address, state)
            subjects = Subjects(made, [], ledger)
            choices = [NewDecision(subjects.find(address), "known") for address in self.waived]
            decide(made, ledger, DecisionVerb.WAIVE, choices, By("reviewer", "host", "1"))
            chain = Evidence(folder, ledger)
            for changed in self.evidence:
                if "record" in changed:
                    chain.add(report(**changed))
                else:
                    chain.add(report("verify", **(_green(made.sha256) | changed)))
            return reasons(made, ledger, chain.reports(), self.facts)


def _way(one: Step, end: State) -> tuple[State, ...]:
    if not one.action.carried_out:
        return ()
    return (State.DOING, end) if end in (State.CREATED, State.FAILED) else (end,)


def _green(sha256: str) -> dict[str, Any]:
    long_ago = (datetime.now(UTC) - timedelta(hours=169)).isoformat()
    return {"plan": {"sha256": sha256}, "green": True, "depth": "checksum", "digests": DIGESTS, "time": long_ago}


def _facts(case: Case, **changed: Any) -> Case:
    return replace(case, facts=replace(case.facts, **changed))


def _left(address: str, document: dict[str, Any]) -> Callable[[Case], Case]:
    found = [left_by_hand(Address.parse(address), "cannot be moved", "by hand", document)]
    return lambda case: _facts(case, source=replace(case.facts.source, by_hand=found))


def _posture(address: str, summary: str) -> Callable[[Case], Case]:
    return lambda case: _facts(case, posture=[Finding("error", address, summary, "fix it", "key.enabled")])


def _with(one: Step) -> Callable[[Case], Case]:
    return lambda case: replace(case, steps=(*case.steps, one))


def _evidence(*changed: dict[str, Any]) -> Callable[[Case], Case]:
    return lambda case: replace(case, evidence=changed)


def _seen(name: str) -> Callable[[Case], Case]:
    return _evidence({"digests": {**DIGESTS, name: SHA}})


NOW = {"time": datetime.now(UTC).isoformat()}
UNSELECTED = step("data/d/1", action=Action.SKIP, reason=UNSELECTED_REASON)
CASES: dict[str, tuple[Callable[[Case], Case], str]] = {
    "no evidence": (_evidence(), "There is no evidence"),
    "not green": (_evidence({}, {"green": False, **NOW}), "not green"),
    "below checksum": (_evidence({"depth": "metadata"}), "depth 'metadata'"),
    "a document of the source changed": (_seen("source_documents"), "documents of the source"),
    "a document of the target changed": (_seen("target_documents"), "documents of the target"),
    "a blob of the source changed": (_seen("source_blobs"), "blobs of the source"),
    "a blob of the target changed": (_seen("target_blobs"), "blobs of the target"),
    "failed": (lambda c: replace(c, states={"models/m/2": State.FAILED}), "models/m/2 is failed and not waived"),
    "blocked": (lambda c: replace(c, states={"models/m/2": State.BLOCKED}), "models/m/2 is blocked"),
    "not carried out": (lambda c: replace(c, states={"models/m/2": State.DOING}), "models/m/2 is remaining"),
    "in conflict": (_with(step("data/d/1", action=Action.CONFLICT)), "data/d/1 is in conflict"),
    "left by selection": (_with(UNSELECTED), "data/d/1 is left by selection"),
    "left to do by hand": (_with(step("jobs", action=Action.MANUAL)), "jobs is left to do by hand"),
    "the workspace without a key": (_posture("ws", "not under a customer's key"), "ws!key.enabled: not under a"),
    "the account without a key": (_posture("account", "not under a customer's key"), "account!key.enabled: not under a"),
    "soak not over": (_evidence(NOW), "The soak of 168 hours is over at"),
    "soak that bytes unread began": (_evidence({"depth": "metadata"}, NOW), "The soak of 168 hours is over at"),
    "a soak that other documents began": (_evidence({"digests": {**DIGESTS, "target_documents": SHA}}, NOW), "The soak of 168 hours is over at"),
    "a soak before the target was in use": (_evidence({}, {"record": "cutover-back"}), "The soak has not begun"),
    "soak begun anew": (_evidence({}, {"green": False}, NOW), "The soak of 168 hours is over at"),
    "a live deployment": (_left("onlineEndpoints/e/deployments/blue", {}), "is a live deployment"),
    "a running job": (_left("jobs", {"running": 2}), "2 jobs are running"),
    "an enabled schedule": (_left("schedules/s", {"properties": {"isEnabled": True}}), "is an enabled schedule"),
    "a schedule that does not say": (_left("schedules/s", {"properties": {}}), "is an enabled schedule"),
    "code bytes are gone": (lambda c: _facts(c, collected=("blobs/u/src: 1 of its 2 files",)), "blobs/u/src: 1 of its"),
    "let go for what is gone": (lambda c: _facts(c, let_go=(Finding("blocks", "data/d/1", "It is gone.", "", "waived-gone"),)), "data/d/1!waived-gone is an open finding"),
    "a role that ends by now": (lambda c: _left(ROLE, {})(_with(step(ROLE))(c)), f"{ROLE}!lessened-since-plan is an open finding"),
    "a lock": (lambda c: _facts(c, locks=[{"id": "/x/locks/keep"}]), "A lock is in the way: /x/locks/keep"),
}  # fmt: skip


def test_nothing_stands_in_the_way(tmp_path: Path) -> None:
    assert Case().reasons(tmp_path) == []


@pytest.mark.parametrize("what", CASES)
def test_each_reason_stands_alone(tmp_path: Path, what: str) -> None:
    change, words = CASES[what]
    [reason] = change(Case()).reasons(tmp_path)
    assert words in reason


@pytest.mark.parametrize("after", [(), (NOW,)])
def test_evidence_of_another_plan_is_none_for_the_rest_either(tmp_path: Path, after: tuple[Any, ...]) -> None:
    with pytest.raises(RefusedError, match="it is of another plan"):
        _evidence({"plan": {"sha256": "cd" * 32}}, *after)(Case()).reasons(tmp_path)


SETTLED: dict[str, Callable[[Case], Case]] = {
    "failed and waived": lambda c: replace(c, states={"models/m/2": State.FAILED}, waived=("models/m/2",)),
    "in conflict and waived": lambda c: replace(_with(step("data/d/1", action=Action.CONFLICT))(c), waived=("data/d/1",)),
    "left by selection and waived": lambda c: replace(_with(UNSELECTED)(c), waived=("data/d/1",)),
    "by hand and waived": lambda c: replace(_with(step("jobs", action=Action.MANUAL))(c), waived=("jobs",)),
    "not needed in the target": _with(step("datastores/workspaceblobstore", action=Action.SKIP, reason="the target's own")),
    "a disabled schedule": _left("schedules/s", {"properties": {"isEnabled": False}}),
    "no job is running": _left("jobs", {"running": 0}),
    "bytes unread in between": _evidence({}, {"depth": "metadata", **NOW}, NOW),
    "a later green one, long after": _evidence({}, NOW),
    "depth sdk": _evidence({"depth": "sdk"}),
    "a warning about the posture": lambda c: _facts(c, posture=[Finding("warning", "ws", "no rotation policy", "", "key.rotation")]),
}  # fmt: skip


@pytest.mark.parametrize("what", SETTLED)
def test_what_is_settled_is_no_reason(tmp_path: Path, what: str) -> None:
    assert SETTLED[what](Case()).reasons(tmp_path) == []


@pytest.mark.parametrize("days", [-9, 9], ids=["behind", "ahead"])
def test_the_soak_goes_by_azures_clock_whatever_the_machines_show(tmp_path: Path, days: int) -> None:
    """The machine that verified, and the one that removes, may be days off."""
    here = datetime.now(UTC)
    azure = here + timedelta(days=days)
    for age, over in ((167, False), (169, True)):
        made = (azure - timedelta(hours=age)).isoformat()
        case = _evidence({"time": here.isoformat(), "service_time": made})(_facts(Case(), now=azure))
        assert (case.reasons(tmp_path / f"{age}") == []) is over


def test_a_machine_ahead_of_azure_is_told_why_it_has_to_wait(tmp_path: Path) -> None:
    azure = datetime.now(UTC) - timedelta(days=30)
    case = _evidence({"service_time": azure.isoformat()})(_facts(Case(), now=azure))
    [reason] = case.reasons(tmp_path)
    assert reason.endswith("This machine's clock is ahead of Azure's.")


@pytest.mark.parametrize("hidden", ["then", "now"])
def test_what_either_look_could_not_list_is_not_known_to_have_changed(tmp_path: Path, hidden: str) -> None:
    one = left_by_hand(Address.of("diagnosticSettings"), "they could not be listed", "", UNLISTED)
    unlisted, listed = {str(one.address): state_digest(one)}, {"diagnosticSettings/logs": "1"}
    then, now = (unlisted, listed) if hidden == "then" else (listed, unlisted)
    parts: dict[str, dict[str, str]] = {name: {} for name in DIGESTS}
    digests = DIGESTS | {"source_documents": digest(then)}
    made = plan()
    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        chain = Evidence(tmp_path, ledger)
        data = json.dumps(parts | {"source_documents": then}).encode()
        content = {"digests": digests, "manifests": [chain.add_file(FILE, bytearray(data))]}
        chain.add(report("verify", **(_green(made.sha256) | content)))
        facts = replace(Case().facts, digests=DIGESTS, parts=parts | {"source_documents": now})
        assert reasons(made, ledger, chain.reports(), facts) == []
        facts.parts["source_documents"]["models/m/1"] = "2"
        [reason] = reasons(made, ledger, chain.reports(), facts)
    assert reason.endswith("verified: models/m/1 was added.")


def test_all_are_told_at_once(tmp_path: Path) -> None:
    case = replace(
        Case(), states={"models/m/1": State.FAILED, "models/m/2": State.BLOCKED}, evidence=({"green": False},)
    )
    assert len(case.reasons(tmp_path)) == 3


ENABLE = Address.parse("schedules/s#enable")


@pytest.mark.parametrize(
    ("action", "words"),
    [(Action.UPDATE, "run `migrate cutover`"), (Action.MANUAL, "its owner has to save it Then record")],
)
def test_what_waits_for_the_cutover_keeps_the_source_until_it_is_made_or_decided(
    tmp_path: Path, action: Action, words: str
) -> None:
    made = plan(step(str(ENABLE), action=action, stage="cutover", reason="its owner has to save it", body={}))
    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        [told] = undecided(made, ledger, [])
        assert told.startswith(f"{ENABLE} is left for the cutover") and words in told
        assert f"migrate done {ENABLE}" in told


def test_what_was_taken_up_again_after_a_cutover_is_not_sent_to_one_that_starts_nothing(tmp_path: Path) -> None:
    made = plan(step(str(ENABLE), action=Action.UPDATE, stage="cutover", body={}))
    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        chain = Evidence(tmp_path, ledger)
        theirs = Subjects(made, []).find(str(ENABLE))
        decide(made, ledger, DecisionVerb.DONE, [NewDecision(theirs, "")], By("ann", "host", "1"))
        chain.add(report("cutover", plan={"sha256": made.sha256}, manifests=[]))
        assert undecided(made, ledger, chain.reports()) == []
        reopen(made, ledger, [(str(ENABLE), "")], By("ann", "host", "1"))
        [told] = undecided(made, ledger, chain.reports())
    assert told.startswith(f"{ENABLE} is left for the cutover") and "run `migrate cutover`;" not in told
    assert "starts nothing more" in told and "migrate cutover --back" in told and f"migrate done {ENABLE}" in told


def test_no_ledger_alone_says_that_something_was_cut_over(tmp_path: Path) -> None:
    made = plan(step(str(ENABLE), action=Action.UPDATE, stage="cutover", body={}))
    with Ledger(tmp_path) as ledger:
        ledger.bind(made)
        ledger.move(ENABLE, State.DONE)
        chain = Evidence(tmp_path, ledger)
        [told] = undecided(made, ledger, chain.reports())
        assert told.startswith(f"{ENABLE} is cut over by the ledger")
        chain.add(report("cutover", plan={"sha256": made.sha256}, manifests=[]))
        assert undecided(made, ledger, chain.reports()) == []
        ledger.wait_again(ENABLE)
        assert [one.partition(",")[0] for one in undecided(made, ledger, chain.reports())] == [
            f"{ENABLE} is left for the cutover"
        ]
