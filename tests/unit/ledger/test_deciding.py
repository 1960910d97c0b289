"""What is decided, by digest: all or none, not before its time, not past its date, and as the evidence says."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.people import ANN, BEN, NOBODY
from tests.builders.reports import report
from tests.builders.world import header, plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision, DecisionVerb, open_digest
from amlmigrate.core.errors import BadInputError, DeniedError, RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import NOT_MADE, UNSELECTED_REASON, State
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.approving import approve_decisions, approve_plan
from amlmigrate.ledger.deciding import NewDecision, decide, reopen
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.items import items
from amlmigrate.ledger.opening import opened
from amlmigrate.ledger.valid_decisions import Standing, open_findings

BLOCKS = Finding("blocks", "models/m/1", "names the source", "fix it", "names-source")
ERROR = Finding("error", "blobs/c/a!b x", "archived", "rehydrate", "blobs-archived")
STEPS = (
    step("models/m/1"),
    step("blobs/c/a!b x", action=Action.MANUAL, reason="3 blobs"),
    step("jobs", action=Action.MANUAL, reason="5 jobs"),
    step("data/d/1", action=Action.CONFLICT, reason="another"),
    step("data/d/2", action=Action.SKIP, reason=UNSELECTED_REASON),
    step("datastores/own", action=Action.SKIP, reason="the target's own"),
)


def _plan(*steps: Step, findings: tuple[Finding, ...] = (BLOCKS, ERROR), approval: bool = False) -> Plan:
    made = plan(*(steps or STEPS))
    extra: dict[str, Any] = {"require_approval": True} if approval else {}
    extra |= {"planned_by": {"identity": Identity("planner").as_dict()}}
    return replace(made, header=header(findings=findings, extra=extra))


PLAN, WITH_APPROVAL = _plan(), _plan(approval=True)


def _decide(
    made: Plan, ledger: Ledger, *addresses: str, verb: DecisionVerb = DecisionVerb.WAIVE, by: By = ANN, **more: Any
) -> list[Decision]:
    subjects = Subjects(made, Evidence(ledger.path.parent, ledger).reports(), ledger)
    return decide(made, ledger, verb, [NewDecision(subjects.find(one), "known", **more) for one in addresses], by)


def _ends(made: Plan, ledger: Ledger) -> dict[str, str]:
    return {item.address: item.outcome.value for item in items(made, ledger)}


def _reports(ledger: Ledger) -> list[Any]:
    return Evidence(ledger.path.parent, ledger).reports()


@pytest.mark.parametrize("address", ["jobs", "data/d/1", "data/d/2", "blobs/c/a!b x"])
def test_what_the_plan_leaves_open_can_be_decided_from_the_plan_on(ledger: Ledger, address: str) -> None:
    _decide(PLAN, ledger, address)
    assert _ends(PLAN, ledger)[address] == "waived"
    reopen(PLAN, ledger, [(address, "")], ANN)
    assert _ends(PLAN, ledger)[address] not in ("waived", "done by hand")
    _decide(PLAN, ledger, address, verb=DecisionVerb.DONE, seen=True)
    assert _ends(PLAN, ledger)[address] == "done by hand"
    assert decisions.problems(ledger, _reports(ledger)) == []


@pytest.mark.parametrize("verb", [DecisionVerb.WAIVE, DecisionVerb.DONE])
@pytest.mark.parametrize(
    ("way", "allowed"),
    [
        ((), False),
        ((State.DOING,), False),
        ((State.DOING, State.CREATED), False),
        ((State.DOING, State.DONE), False),
        ((State.DOING, State.FAILED), True),
        ((State.BLOCKED,), True),
        ((State.BLOCKED, State.PENDING), False),
    ],
)
def test_what_the_tool_is_to_move_only_once_a_run_could_not(
    ledger: Ledger, way: tuple[State, ...], allowed: bool, verb: DecisionVerb
) -> None:
    for state in way:
        ledger.move(STEPS[0].address, state)
    if allowed:
        _decide(PLAN, ledger, "models/m/1", verb=verb)
        assert _ends(PLAN, ledger)["models/m/1"] in ("waived", "done by hand")
        return
    with pytest.raises(RefusedError, match="models/m/1"):
        _decide(PLAN, ledger, "models/m/1", verb=verb)
    assert ledger.decisions() == {} and _reports(ledger) == []


ENABLE, OWNERS = "schedules/nightly#enable", "schedules/theirs#enable"
CUT_OVER = _plan(
    step("schedules/nightly"),
    step(ENABLE, action=Action.UPDATE, stage="cutover", reason="enabled in the source", body={}),
    step(OWNERS, action=Action.MANUAL, stage="cutover", reason="its owner has to save it"),
    findings=(),
)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Ledger]:
    folder = tmp_path / "cut-over"
    folder.mkdir()
    with Ledger(folder) as ledger:
        ledger.bind(CUT_OVER)
        yield ledger


def test_what_waits_for_the_cutover_is_let_go_only_once_one_could_not_make_it(waiting: Ledger) -> None:
    def asked() -> list[str]:
        return [one.address for one in opened(CUT_OVER, waiting, _reports(waiting))]

    assert asked() == [OWNERS], "what a person does at the cutover, and nothing that only waits"
    with pytest.raises(RefusedError, match=f"{ENABLE} is for `migrate cutover` to make"):
        _decide(CUT_OVER, waiting, OWNERS, ENABLE)
    assert waiting.decisions() == {}
    waiting.move(Address.parse(ENABLE), State.PENDING, detail=f"{NOT_MADE}403")
    assert asked() == [ENABLE, OWNERS] and _ends(CUT_OVER, waiting)[ENABLE] == "left for the cutover"
    _decide(CUT_OVER, waiting, OWNERS, ENABLE)
    assert _ends(CUT_OVER, waiting)[ENABLE] == "waived" and asked() == []
    assert decisions.problems(waiting, _reports(waiting)) == []
    waiting.move(Address.parse(ENABLE), State.PENDING, detail=f"{NOT_MADE}409")
    assert asked() == [ENABLE], "another failure is another one"


def test_what_a_person_made_live_themselves_needs_no_cutover_before(waiting: Ledger) -> None:
    _decide(CUT_OVER, waiting, ENABLE, verb=DecisionVerb.DONE, seen=True)
    assert _ends(CUT_OVER, waiting)[ENABLE] == "done by hand"


def test_what_is_not_needed_is_nobodys_to_decide(ledger: Ledger) -> None:
    with pytest.raises(RefusedError, match="not needed"):
        _decide(PLAN, ledger, "datastores/own")


def test_all_of_one_call_are_one_report_or_none(ledger: Ledger) -> None:
    with pytest.raises(RefusedError):
        _decide(PLAN, ledger, "jobs", "models/m/1")
    with pytest.raises(BadInputError):
        _decide(PLAN, ledger, "jobs", "data/none/1")
    assert ledger.decisions() == {} and _reports(ledger) == []
    _decide(PLAN, ledger, "jobs", "data/d/1", "models/m/1!names-source")
    [report] = _reports(ledger)
    assert [one.address for one in report.content.decisions] == [
        "jobs",
        "data/d/1",
        "models/m/1!names-source",
    ]
    assert report.content.by.identity.object_id == "ann-ID"
    with pytest.raises(BadInputError, match="data/d/2"):
        reopen(PLAN, ledger, [("jobs", ""), ("data/d/2", "")], ANN)
    assert len(ledger.decisions()) == 3 and len(_reports(ledger)) == 1


@pytest.mark.parametrize(
    "address", ["jobs/*", "blobs/c/a", "models/m/1!nothing", "models/m/1!", "", "!names-source"]
)
def test_only_an_exact_address_is_one(address: str) -> None:
    with pytest.raises(BadInputError):
        Subjects(PLAN, []).find(address)


@pytest.mark.parametrize(("address", "glob"), [("jobs/*", True), ("models/?", True), ("models/none", False)])
def test_who_typed_a_glob_is_told_so(address: str, glob: bool) -> None:
    with pytest.raises(BadInputError) as refused:
        Subjects(PLAN, []).find(address)
    assert ("globs are refused" in refused.value.summary) is glob


def test_a_glob_sign_in_an_address_is_no_glob_and_two_things_of_one_address_are_refused() -> None:
    both = _plan(
        step("blobs/c/x[1]*", action=Action.MANUAL), step("models/m/1!names-source", action=Action.MANUAL)
    )
    subjects = Subjects(both, [])
    assert subjects.find("blobs/c/x[1]*").sort == "item"
    with pytest.raises(BadInputError, match="both an item and a finding"):
        subjects.find("models/m/1!names-source")


def test_findings_stop_or_block_until_their_own_address_is_let_go(ledger: Ledger) -> None:
    def grave() -> list[str]:
        return [one.address for one in open_findings(PLAN, Standing(PLAN, ledger))]

    assert grave() == [BLOCKS.address, ERROR.address]
    _decide(PLAN, ledger, "blobs/c/a!b x")
    assert grave() == [BLOCKS.address, ERROR.address], "the item is not its finding"
    _decide(PLAN, ledger, "blobs/c/a!b x!blobs-archived")
    assert grave() == [BLOCKS.address]
    _decide(PLAN, ledger, "models/m/1!names-source", verb=DecisionVerb.DONE)
    assert grave() == []
    assert _ends(PLAN, ledger)["models/m/1"] == "remaining", "the item itself is as it was"


def test_findings_of_one_code_about_one_item_are_decided_together(ledger: Ledger) -> None:
    more = _plan(findings=(BLOCKS, replace(BLOCKS, summary="names it twice")))
    decided = _decide(PLAN, ledger, BLOCKS.address)
    assert open_findings(more, Standing(more, ledger)), "one more was not shown, and not decided"
    assert decided[0].sha256 == Subjects(PLAN, []).find(BLOCKS.address).sha256


def test_another_content_under_the_same_address_is_another_decision(ledger: Ledger) -> None:
    _decide(PLAN, ledger, "jobs", BLOCKS.address)
    anew = _plan(
        *(replace(one, reason="6 jobs") if str(one.address) == "jobs" else one for one in STEPS),
        findings=(replace(BLOCKS, summary="names another"), ERROR),
    )
    assert _ends(anew, ledger)["jobs"] == "left to do by hand"
    assert BLOCKS.address in [one.address for one in open_findings(anew, Standing(anew, ledger))]


def test_a_waiver_past_its_date_is_open_everywhere(ledger: Ledger) -> None:
    end = datetime.now(UTC) + timedelta(days=1)
    _decide(PLAN, ledger, "jobs", BLOCKS.address, until=end.isoformat())
    before, after = (Standing(PLAN, ledger, end + timedelta(seconds=off)) for off in (-1, 0))
    ends = [{item.address: item.outcome.value for item in items(PLAN, ledger, one)} for one in (before, after)]
    assert [one["jobs"] for one in ends] == ["waived", "left to do by hand"]
    assert [
        BLOCKS.address in map(str, (f.address for f in open_findings(PLAN, one))) for one in (before, after)
    ] == [
        False,
        True,
    ]
    assert decisions.problems(ledger, _reports(ledger)) == [], "it was decided all the same"


@pytest.mark.parametrize("off", [timedelta(days=-9), timedelta(days=9)])
def test_a_waiver_ends_by_azures_clock_whatever_this_machine_shows(ledger: Ledger, off: timedelta) -> None:
    end = datetime.now(UTC) + timedelta(days=1)
    _decide(PLAN, ledger, "jobs", BLOCKS.address, until=end.isoformat())
    ledger.clock = lambda: end + off
    over = off > timedelta(0)
    ends = {item.address: item.outcome.value for item in items(PLAN, ledger)}
    assert ends["jobs"] == ("left to do by hand" if over else "waived")
    assert (BLOCKS.address in [one.address for one in open_findings(PLAN, Standing(PLAN, ledger))]) is over
    ledger.clock = lambda: None
    assert {item.address: item.outcome.value for item in items(PLAN, ledger)}["jobs"] == "waived"


def _tombstone(ledger: Ledger, *residuals: dict[str, Any]) -> None:
    Evidence(ledger.path.parent, ledger).add(report("decommission", **{"residuals": list(residuals)}))


def test_residuals_are_accepted_as_the_newest_tombstone_shows_them(ledger: Ledger) -> None:
    one = {"address": "residual/acct/c", "id": "acct/c", "what": "container", "key": None, "why": "kept"}
    with pytest.raises(BadInputError):
        _decide(PLAN, ledger, "residual/acct/c")
    _tombstone(ledger, one, one | {"address": "residual/other"})
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    _decide(PLAN, ledger, "residual/acct/c", until=end)

    def left() -> list[str]:
        return [o.address for o in opened(PLAN, ledger, _reports(ledger)) if o.stands == "residual"]

    assert left() == ["residual/other"]
    _tombstone(ledger, one | {"key": "another"})
    assert left() == ["residual/acct/c"], "what it lies under has changed"


FORGERIES: dict[str, str] = {
    "a reason": "UPDATE decisions SET reason = 'x'",
    "a digest": "UPDATE decisions SET sha256 = 'x'",
    "a date": "UPDATE decisions SET until = '2099-01-01T00:00:00+00:00'",
    "who": "UPDATE decisions SET object_id = 'ben-ID'",
    "what was seen": "UPDATE decisions SET seen = 1",
    "a row taken out": "DELETE FROM decisions",
    "a row put in": "INSERT INTO decisions SELECT 'data/d/1', verb, sha256, reason, by, at, object_id, until, seen, 0, tenant_id"
    " FROM decisions",
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_decision_that_the_evidence_does_not_know_is_told(ledger: Ledger, what: str) -> None:
    _decide(PLAN, ledger, "jobs")
    with ledger.transaction() as db:
        db.execute(FORGERIES[what])
    assert decisions.problems(ledger, _reports(ledger))
    with pytest.raises(RefusedError):
        decisions.refuse_unlike(ledger, _reports(ledger))


def test_one_that_was_reopened_does_not_come_back(ledger: Ledger) -> None:
    [made] = _decide(PLAN, ledger, "jobs")
    reopen(PLAN, ledger, [("jobs", "")], ANN)
    ledger.decide([made])
    assert decisions.problems(ledger, _reports(ledger)) == [
        "The decision about jobs is not the one that was recorded."
    ]


def test_a_decision_that_was_cut_off_is_taken_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "decide", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            _decide(PLAN, ledger, "jobs", "data/d/1")
    assert len(decisions.problems(ledger, _reports(ledger))) == 2
    _decide(PLAN, ledger, "jobs", "data/d/1")
    assert decisions.problems(ledger, _reports(ledger)) == []


def _in_a_process(folder: Path, address: str) -> None:
    with Ledger(folder) as ledger:
        for _ in range(5):
            _decide(PLAN, ledger, address)


def test_two_processes_decide_at_once(ledger: Ledger, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_in_a_process, args=(tmp_path, one)) for one in ("jobs", "data/d/1")]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(_reports(ledger)) == 10 and set(ledger.decisions()) == {"jobs", "data/d/1"}
    assert decisions.problems(ledger, _reports(ledger)) == []


# With approvals.


def _open_digest(ledger: Ledger) -> str:
    return open_digest(Standing(WITH_APPROVAL, ledger).pending())


def _approve(ledger: Ledger, by: By, digest: str = "") -> None:
    approve_decisions(WITH_APPROVAL, ledger, digest or _open_digest(ledger), by, "")


def test_nothing_counts_before_another_identity_has_approved_it(ledger: Ledger) -> None:
    _decide(WITH_APPROVAL, ledger, "jobs", ERROR.address)
    assert _ends(WITH_APPROVAL, ledger)["jobs"] == "left to do by hand"
    assert len(open_findings(WITH_APPROVAL, Standing(WITH_APPROVAL, ledger))) == 2
    first = _open_digest(ledger)
    _decide(WITH_APPROVAL, ledger, "data/d/1")
    with pytest.raises(RefusedError, match="another one"):
        _approve(ledger, BEN, first)
    _approve(ledger, BEN)
    assert _ends(WITH_APPROVAL, ledger)["jobs"] == _ends(WITH_APPROVAL, ledger)["data/d/1"] == "waived"
    # One more decision needs one more approval, and takes nothing from the others.
    _decide(WITH_APPROVAL, ledger, "data/d/2")
    assert _ends(WITH_APPROVAL, ledger)["data/d/2"] == "left by selection"
    assert _ends(WITH_APPROVAL, ledger)["jobs"] == "waived"
    assert [one.address for one in Standing(WITH_APPROVAL, ledger).pending()] == ["data/d/2"]
    # The same once more is another decision, and not approved.
    _decide(WITH_APPROVAL, ledger, "jobs")
    assert _ends(WITH_APPROVAL, ledger)["jobs"] == "left to do by hand"
    assert decisions.problems(ledger, _reports(ledger)) == []


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_nobody_approves_a_decision_of_their_own_in_whatever_case(
    ledger: Ledger, change: Callable[[str], str]
) -> None:
    _decide(WITH_APPROVAL, ledger, "jobs")
    own = replace(ANN, identity=Identity(change("ann-ID")))
    with pytest.raises(RefusedError, match="of their own"):
        _approve(ledger, own)
    # Not even with somebody else's among them.
    _decide(WITH_APPROVAL, ledger, "data/d/1", by=BEN)
    with pytest.raises(RefusedError, match="of their own"):
        _approve(ledger, own)
    assert _ends(WITH_APPROVAL, ledger)["jobs"] == "left to do by hand"


@pytest.mark.parametrize("by", [NOBODY, replace(ANN, identity=Identity(""))])
def test_who_decides_or_approves_has_to_be_known(ledger: Ledger, by: By) -> None:
    with pytest.raises(DeniedError):
        _decide(WITH_APPROVAL, ledger, "jobs", by=by)
    with pytest.raises(DeniedError):
        decisions.wanted(WITH_APPROVAL, ledger, "decommission", {"--purge": True}, by)
    _decide(WITH_APPROVAL, ledger, "jobs")
    with pytest.raises(DeniedError):
        _approve(ledger, by)
    _decide(PLAN, ledger, "jobs", by=NOBODY)


@pytest.mark.parametrize(
    ("prefix", "error"),
    [("", BadInputError), ("abcdef1", BadInputError), ("ghijklmn", BadInputError), ("0" * 65, BadInputError)],
)
def test_a_prefix_is_eight_digits_at_least(ledger: Ledger, prefix: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        approve_plan(WITH_APPROVAL, ledger, prefix, BEN, "")
    _decide(WITH_APPROVAL, ledger, "jobs")
    with pytest.raises(error):
        approve_decisions(WITH_APPROVAL, ledger, prefix, BEN, "")
    assert ledger.approvals() == []


def test_an_option_is_wanted_once_and_let_through_once_approved(ledger: Ledger) -> None:
    def want(value: Any = True, by: By = ANN) -> None:
        decisions.wanted(WITH_APPROVAL, ledger, "decommission", {"--soak": value}, by)

    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            want(0)
        assert f"--decisions --digest {_open_digest(ledger)[:16]}" in refused.value.remedy
    assert len(_reports(ledger)) == 1, "asked for twice it is one decision"
    _approve(ledger, BEN)
    want(0)
    # Another value is another decision; whose plan asks for no approvals is let through.
    with pytest.raises(RefusedError):
        want(1)
    decisions.wanted(PLAN, ledger, "decommission", {"--soak": 1}, NOBODY)
    with pytest.raises(RefusedError):
        want(0)


def test_what_lies_in_the_ledger_alone_lets_no_option_through(ledger: Ledger) -> None:
    with pytest.raises(RefusedError):
        decisions.wanted(WITH_APPROVAL, ledger, "decommission", {"--purge": True}, ANN)
    [row] = ledger.decisions().values()
    with ledger.transaction() as db:
        db.execute(
            "INSERT INTO approvals VALUES ('x', 'ben-ID', 'ben', '', 't', 9, ?, '')", (f'["{row.digest}"]',)
        )
    with pytest.raises(RefusedError, match="cannot be trusted"):
        decisions.wanted(WITH_APPROVAL, ledger, "decommission", {"--purge": True}, ANN)
