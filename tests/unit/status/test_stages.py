"""Where a plan stands, and every plan below a folder, by what their folders show."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import ASSIGNMENT, under_way
from tests.builders.reports import report as told_by
from tests.builders.world import header, step
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.cli.views import runs
from amlmigrate.cli.views.human import HumanView
from amlmigrate.cli.views.plans import PlanWrittenView
from amlmigrate.cli.views.status import stage_lines
from amlmigrate.core.authorship import By
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.state import UNSELECTED_REASON, State
from amlmigrate.ledger import Ledger, removal
from amlmigrate.ledger.deciding import NewDecision, decide, reopen
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.lock import Lock
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.planning import planfile
from amlmigrate.running import report
from amlmigrate.running.outcome import outcome_of
from amlmigrate.running.walker import WalkResult
from amlmigrate.status.following import after, following, in_short
from amlmigrate.status.stages import FreezeStage, Stages, stages

STEPS = [step("models/m/1", body={})]


def _planned(folder: Path, *steps: Any, **head: Any) -> Plan:
    folder.mkdir(parents=True)
    planfile.write(folder, header(name=folder.name, **head), list(steps) or STEPS)
    return planfile.read(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ws1"


def _run(folder: Path, of: Plan) -> None:
    with Ledger(folder) as ledger:
        ledger.bind(of)
        ledger.note("begun", "yes")
        ledger.run_begins()
        for state in (State.DOING, State.CREATED, State.DONE):
            ledger.move(of.steps[0].address, state, target_id="/new")
        report.tell(of, folder, ledger, WalkResult(), By("ann", "host", "1"))


def _ran(folder: Path, *steps: Any) -> Plan:
    """A plan that was run."""
    of = _planned(folder, *steps)
    _run(folder, of)
    return of


def _add(folder: Path, kind: str, **content: Any) -> None:
    with Ledger(folder) as ledger:
        time = content.pop("time", datetime.now(UTC).isoformat(timespec="seconds"))
        Evidence(folder, ledger).add(
            told_by(kind, time=time, **({"plan": {"sha256": ledger.plan_sha256}} | content))
        )


def _standing(folder: Path, of: Plan) -> Stages:
    with for_reading(folder, of) as ledger:
        return stages(of, folder, ledger)


def _line(found: Stages, stage: str) -> str:
    """What is told of one stage."""
    [line] = [line for line in stage_lines(found) if line.startswith(f"{stage}: ")]
    return line


NAMES = Finding("blocks", "data/a b/1", "It names the source.", "Fix it.", "names-source")


def test_what_a_verification_found_is_the_next_thing_to_do_and_not_to_verify_again(folder: Path) -> None:
    made = _ran(folder)
    _add(folder, "verify", green=False, depth="checksum", headline="Not green.", found=[NAMES.as_dict()])
    found = _standing(folder, made)
    assert f"migrate waive 'data/a b/1!names-source' {folder}" in following(found) and found.open == 1
    assert in_short(found).endswith("1 open")
    with Ledger(folder) as ledger:
        reports = Evidence(folder, ledger).reports()
        choice = NewDecision(Subjects(made, reports).find(NAMES.address), "known")
        decide(made, ledger, DecisionVerb.WAIVE, [choice], By("ann", "host", "1"))
    found = _standing(folder, made)
    assert following(found) == f"migrate verify {folder}" and found.open == 0


def test_what_a_finding_of_a_verification_is_stands_in_the_report_of_a_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = _ran(folder)
    _add(folder, "verify", green=False, depth="checksum", headline="Not green.", found=[NAMES.as_dict()])
    with for_reading(folder, made) as ledger:
        assert ledger
        outcome = outcome_of(made, folder, ledger)
        assert outcome.code is ExitCode.INCOMPLETE
        HumanView().show(runs.view_of(outcome))
    told = capsys.readouterr().out
    assert "blocks: data/a b/1!names-source: It names the source." in told
    assert f"migrate waive 'data/a b/1!names-source' {folder}" in told


def test_a_plan_with_a_conflict_is_not_sent_to_its_run(folder: Path, tmp_path: Path) -> None:
    counts = {"models": {"conflict": 1}}
    made = _planned(folder, step("models/m/1", action=Action.CONFLICT), counts=counts)
    told = PlanWrittenView(made, folder).next
    assert following(_standing(folder, made)) == told and told.startswith("settle each conflict")
    wrong = _planned(
        tmp_path / "ws3", counts=counts, findings=(Finding("error", "/a", "No.", "Do.", "token-refused"),)
    )
    assert PlanWrittenView(wrong, folder).next.startswith("fix the errors")
    assert PlanWrittenView(_planned(tmp_path / "ws2"), folder).next == f"migrate run {folder}"


def test_a_plan_from_its_making_to_its_end(folder: Path) -> None:
    made = _planned(folder)
    found = _standing(folder, made)
    assert following(found) == f"migrate run {folder}" and in_short(found) == "not begun"
    assert not (folder / "ledger.db").exists(), "a look makes no ledger"

    _run(folder, made)
    found = _standing(folder, made)
    assert following(found) == f"migrate verify {folder}" and _line(found, "run")
    assert "Everything is done: 1 item migrated." in _line(found, "run")

    since = datetime.now(UTC) - timedelta(hours=100)
    of_it = {"plan": {"sha256": made.sha256}, "time": since.isoformat()}
    _add(folder, "verify", green=True, depth="checksum", headline="Green at all.", **of_it)
    found = _standing(folder, made)
    assert following(found) == f"migrate cutover {folder}" and found.soak.is_over is False
    assert any(line.startswith("verify: ") and "Green at all." in line for line in stage_lines(found))
    assert any(line.startswith("soak: since") and "until" in line for line in stage_lines(found))

    _add(folder, "cutover")
    found = _standing(folder, made)
    assert following(found).startswith("migrate decommission") and in_short(found).startswith("cut over")

    assert following(found).endswith(", once the soak is over") and after(made, folder) == following(found)

    residual = {
        "address": "residual/acct/azureml",
        "id": "acct/azureml",
        "what": "container",
        "key": None,
        "why": "It is under Microsoft's key.",
    }
    _add(folder, "decommission", residuals=[residual], purged=False, recoverable_until=None)
    found = _standing(folder, made)
    assert found.as_dict()["residuals"] == {"open": (residual,), "accepted": 0}
    assert following(found) == f'migrate waive residual/acct/azureml {folder} --reason "..."'
    assert "1 residual open" in in_short(found) and "residuals: 1 open, 0 accepted" in stage_lines(found)


def test_no_removal_comes_next_while_something_is_left_for_the_cutover(folder: Path) -> None:
    later = {"stage": "cutover", "body": {}}
    steps = [step("schedules/nightly#enable", action=Action.UPDATE, **later)]
    steps += [step("schedules/theirs#enable", action=Action.MANUAL, reason="Its owner has to.", **later)]
    made = _ran(folder, *STEPS, *steps)
    _add(folder, "verify", green=True, depth="checksum", headline="Green.")
    assert after(made, folder) == f"migrate cutover {folder}"
    with Ledger(folder) as ledger:
        ledger.move(steps[0].address, State.DONE)
    _add(folder, "cutover")
    assert after(made, folder).endswith(f"for each: migrate done 'schedules/theirs#enable' {folder}")
    with Ledger(folder) as ledger:
        theirs = Subjects(made, Evidence(folder, ledger).reports()).find(str(steps[1].address))
        decide(made, ledger, DecisionVerb.DONE, [NewDecision(theirs, "")], By("ann", "host", "1"))
    assert after(made, folder).startswith("migrate decommission")


def test_what_was_taken_up_again_after_the_cutover_and_what_was_left_by_selection_come_before_the_removal(
    folder: Path,
) -> None:
    later = {"stage": "cutover", "body": {}}
    grant = step("grants/lake/Reader", action=Action.MANUAL, reason="Another account.", **later)
    enable = step("schedules/nightly#enable", action=Action.UPDATE, **later)
    made = _ran(folder, *STEPS, enable, grant, step("jobs", action=Action.SKIP, reason=UNSELECTED_REASON))
    _add(folder, "verify", green=True, depth="checksum", headline="Green.")
    ann, every = By("ann", "host", "1"), (enable.address, grant.address)
    with Ledger(folder) as ledger:
        found = Subjects(made, Evidence(folder, ledger).reports())
        decide(made, ledger, DecisionVerb.DONE, [NewDecision(found.find(str(one)), "") for one in every], ann)
    _add(folder, "cutover")
    assert after(made, folder).endswith(f'migrate waive jobs {folder} --reason "..."')
    with Ledger(folder) as ledger:
        reopen(made, ledger, [(str(grant.address), "")], ann)
    assert after(made, folder).endswith(f"for each: migrate done grants/lake/Reader {folder}")
    with Ledger(folder) as ledger:
        reopen(made, ledger, [(str(enable.address), "")], ann)
    again = f"migrate cutover {folder} --back, then migrate cutover {folder}"
    assert f"migrate done 'schedules/nightly#enable' {folder}; or cut over again: {again}" in after(made, folder)
    with Ledger(folder) as ledger:
        found = Subjects(made, Evidence(folder, ledger).reports())
        decide(made, ledger, DecisionVerb.DONE, [NewDecision(found.find(str(one)), "") for one in every], ann)
        decide(made, ledger, DecisionVerb.WAIVE, [NewDecision(found.find("jobs"), "old")], ann)
    assert after(made, folder).startswith("migrate decommission")


def test_a_removal_that_was_cut_off_is_gone_on_with_whatever_else_could_come_next(folder: Path) -> None:
    """Without a cutover that would come next, and the source may be gone by now."""
    made = _ran(folder)
    _add(folder, "verify", green=True, depth="checksum", headline="Green.")
    begun = {"begun": "2026-01-01T00:00:00+00:00", "deleted": "2026-01-01T00:01:00+00:00"}
    with Ledger(folder) as ledger:
        removal.keep(ledger, under_way(**begun))
    found = _standing(folder, made)
    assert _line(found, "removal") == f"removal: begun {begun['begun']}, not ended yet"
    assert following(found).startswith("migrate decommission") and in_short(found).startswith("removal begun")
    assert found.as_dict()["removing"] == begun["begun"]
    _add(folder, "decommission", **begun)
    assert _standing(folder, made).removing is None and following(_standing(folder, made)) == ""
    # Somebody has recovered it: that it goes anew is not over.
    with Ledger(folder) as ledger:
        removal.keep(ledger, under_way(**begun | {"deleted": None}))
    assert following(_standing(folder, made)).startswith("migrate decommission")
    with Ledger(folder) as ledger:
        ledger.note("decommission", "{}")
    with pytest.raises(BadInputError, match="of the removal that was begun cannot be read"):
        _standing(folder, made)


def test_metadata_and_red_are_not_the_end(folder: Path) -> None:
    made = _ran(folder)
    for green, depth in ((False, "checksum"), (True, "metadata")):
        _add(folder, "verify", green=green, depth=depth, headline="")
        assert following(_standing(folder, made)) == f"migrate verify {folder}"


def test_what_is_open_and_who_holds_it_is_told(folder: Path) -> None:
    made = _ran(folder, *STEPS, step("jobs", action=Action.MANUAL, reason="history"))
    with Ledger(folder) as ledger, Lock(ledger):
        found = _standing(folder, made)
        assert any(line.startswith("lock: process") for line in stage_lines(found))
    assert "migrate waive jobs" in following(found) and found.open == 1


def test_an_approval_comes_first(folder: Path) -> None:
    made = _planned(folder, extra={"require_approval": True})
    found = _standing(folder, made)
    assert (
        following(found) == f"have somebody else run: migrate approve {folder}"
        and in_short(found) == "not approved yet"
    )


def test_a_killed_run_is_not_told_as_its_last_report(folder: Path) -> None:
    made = _ran(folder)
    with Ledger(folder) as ledger:
        ledger.run_begins()
    found = _standing(folder, made)
    assert following(found).endswith("--resume") and "no report of its end" in _line(found, "run")


def test_altered_evidence_says_nothing_else(folder: Path) -> None:
    made = _ran(folder)
    _add(folder, "verify", green=False, depth="checksum", headline="Not green")
    path = folder / "evidence" / "0002-verify.json"
    path.write_text(path.read_text().replace("false", "true"))
    found = _standing(folder, made)
    assert following(found) == f"migrate evidence check {folder}" and found.verify is None
    assert stage_lines(found)[0].startswith("evidence: altered: 0002-verify.json") and not any(
        "verify:" in x for x in stage_lines(found)
    )


def test_a_lost_ledger_is_no_plan_that_was_never_run(folder: Path) -> None:
    made = _ran(folder)
    for path in folder.glob("ledger.db*"):
        path.unlink()
    with pytest.raises(BadInputError, match="The ledger is missing"):
        _standing(folder, made)
    for command in (["show", "--open"], ["run"], ["run", "--resume"], ["waive", "models/m/1", "--reason", "x"], ["verify"],
                    ["freeze"], ["freeze", "--back"], ["cutover"], ["decommission", "--confirm", "rg-old/ws1"]):  # fmt: skip
        done = CliRunner().invoke(app, [*command, str(folder), "--json"])
        told = json.loads(done.output.splitlines()[-1])
        assert (done.exit_code, told["summary"][:21]) == (2, "The ledger is missing"), command
    assert not (folder / "ledger.db").exists()


def test_every_plan_below_a_folder_has_a_line_whatever_is_wrong_with_another(tmp_path: Path) -> None:
    good, lost, cut, newer, wave = (tmp_path / name for name in ("good", "lost", "cut", "newer", "moves/wave1/ws"))
    for folder in (good, lost, cut, newer, wave):
        _ran(folder)
    (lost / "ledger.db").unlink()
    (cut / "planned").write_text("")
    (cut / "plan.jsonl").write_text((cut / "plan.jsonl").read_text()[:-40])
    with Ledger(newer) as ledger, ledger.transaction() as db:
        db.execute("PRAGMA user_version = 99")
    _planned(tmp_path / "shipped", extra={"example": True})
    done = CliRunner().invoke(app, ["status", str(tmp_path), "--all", "--json"])
    assert done.exit_code == 3, done.output
    told = json.loads(done.output.splitlines()[-1])
    found = {Path(one["folder"]).name: one for one in told["plans"]}
    assert found.keys() == {"good", "lost", "cut", "newer", "ws", "shipped"}
    assert found["good"]["stands"] == found["ws"]["stands"] == "run, 0 remaining, 0 open"
    assert (
        "missing" in found["lost"]["error"] and "version 99" in found["newer"]["error"] and found["cut"]["error"]
    )
    assert "example" in found["shipped"]["stands"] and "3 cannot be read" in told["text"]
    for name in ("lost", "cut", "newer"):
        shutil.rmtree(tmp_path / name)
    assert CliRunner().invoke(app, ["status", str(tmp_path), "--all"]).exit_code == 0
    assert CliRunner().invoke(app, ["status", str(tmp_path / "none"), "--all"]).exit_code == 2


def test_every_stage_is_told_also_where_nothing_has_been(folder: Path) -> None:
    made = _planned(folder)
    assert stage_lines(_standing(folder, made)) == [
        "approval: not needed",
        "freeze: nothing was frozen with this plan",
        "lock: free",
        "run: not begun",
        "verify: not yet",
        "cutover: not yet",
        "removal: not yet",
    ]
    done = CliRunner().invoke(app, ["status", str(folder)], env={"HTTPS_PROXY": "http://127.0.0.1:9"})
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and lines[0] == "Plan ws1: nothing was run yet" and "  lock: free" in lines
    assert lines[-1] == f"Next: migrate run {folder}"


def test_of_a_freeze_nothing_is_said_by_evidence_that_was_altered(folder: Path) -> None:
    made = _ran(folder)
    path = folder / "evidence" / "0001-run.json"
    path.write_text(path.read_text().replace("ended", "stopped"))
    assert _line(_standing(folder, made), "freeze") == "freeze: not known, since the evidence was altered"


def test_a_freeze_that_sums_up_what_was_never_taken_is_refused_in_a_sentence(folder: Path) -> None:
    made = _ran(folder)
    (folder / "freeze.json").write_text("{}")
    file = {"name": "freeze.json", "sha256": hashlib.sha256(b"{}").hexdigest()}
    _add(folder, "freeze", file=file, assignments=[ASSIGNMENT])
    with pytest.raises(RefusedError, match="cannot be trusted: a report sums up other assignments"):
        _standing(folder, made)


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        (FreezeStage("frozen", 1, "t", (), 0, 0), "freeze: 1 role assignment is removed"),
        (FreezeStage("frozen", 2, "t", (), 0, 0), "freeze: 2 role assignments are removed"),
        (FreezeStage("back", 0, "t", (), 0, 0), "freeze: restored"),
    ],
)
def test_how_many_are_frozen_is_told_in_words_that_fit(tmp_path: Path, stage: FreezeStage, line: str) -> None:
    found = _standing(tmp_path / "ws1", _planned(tmp_path / "ws1"))
    assert _line(replace(found, freeze=stage), "freeze") == line


def test_a_cutover_that_was_cut_off_is_what_comes_next(folder: Path) -> None:
    of = _planned(folder)
    _run(folder, of)
    _add(folder, "verify", green=True, depth="checksum", headline="Green.")
    assert _standing(folder, of).soak
    with Ledger(folder) as ledger:
        Evidence(folder, ledger).add(told_by("switch", state="changing", plan={"sha256": of.sha256}))
        found = stages(of, folder, ledger)
        assert "cutover: A cutover was begun, and has not ended." in stage_lines(found)
        assert found.as_dict()["cutting_over"] and "--back" in following(found)
        assert in_short(found) == "a cutover was begun, and has not ended"
        assert found.soak is None
        Evidence(folder, ledger).add(told_by("switch", state="restored", note="", plan={"sha256": of.sha256}))
        assert following(stages(of, folder, ledger)) == f"migrate cutover {folder} --back"
        Evidence(folder, ledger).add(told_by("cutover-back", plan={"sha256": of.sha256}))
        assert stages(of, folder, ledger).cutting_over == ""
