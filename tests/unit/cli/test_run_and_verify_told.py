"""What `run` and `verify` say at their end, to people and to programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import BODIES, FINDING, TIME, report
from tests.builders.world import header, plan, step

from amlmigrate.cli.views.human import HumanView
from amlmigrate.cli.views.runs import DryRunView, RunView, view_of
from amlmigrate.cli.views.verifications import VerifyView
from amlmigrate.core.errors import ExitCode, TargetLostError
from amlmigrate.core.events import Event
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action
from amlmigrate.core.state import Outcome
from amlmigrate.evidence import Verify
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.ledger.items import Item
from amlmigrate.running.outcome import RunOutcome
from amlmigrate.running.walker import WalkResult

EVENTS = Path(__file__).parents[3] / "docs" / "reference" / "events.md"
WARNING = Finding("warning", "models/m/1", "Look.", "Do look.", "names-source")
PLAN = replace(plan(step("models/m/1"), step("jobs", action=Action.MANUAL)), header=header(findings=(WARNING,)))
OUTCOME = RunOutcome(
    PLAN,
    Path("plans/x"),
    (Item("models/m/1", Outcome.MIGRATED, "", "blobs/c/m"), Item("jobs", Outcome.MANUAL, "history")),
    (),
    (),
    WalkResult(done=1),
)


def _members(event: str) -> set[str]:
    """The members that the reference tells of; what stands in brackets is not of the event itself."""
    [row] = re.findall(rf"^\| `{re.escape(event)}` \| (.*) \|$", EVENTS.read_text(encoding="utf-8"), re.MULTILINE)
    return set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", row)))


def _event(events: Iterable[Event]) -> Event:
    [event] = events
    return event


def _said(capsys: pytest.CaptureFixture[str], view: Any) -> str:
    HumanView().show(view)
    return capsys.readouterr().out


def test_a_run_tells_programs_just_the_members_of_the_reference() -> None:
    event = _event(RunView(OUTCOME).as_json())
    assert event.name == "run.end" and event.data.keys() == _members("run.end")
    assert event.data["items"] == {"migrated": 1, "left to do by hand": 1}
    assert event.data["left"] == [{"address": "jobs", "outcome": "left to do by hand", "detail": "history"}]
    assert event.data["foreign_bytes"] == [{"address": "models/m/1", "bytes": "blobs/c/m", "detail": ""}]
    dry = _event(view_of(replace(OUTCOME, dry_run=True)).as_json())
    assert dry.name == "run.dry" and dry.data.keys() == _members("run.dry") and dry.data["steps"] == 1


@pytest.mark.parametrize(
    ("outcome", "lead", "following"),
    [
        (replace(OUTCOME, items=OUTCOME.items[:1]), "Everything is done:", "migrate verify plans/x"),
        (OUTCOME, "Not everything is done:", "or for each: migrate waive jobs plans/x"),
        (
            replace(OUTCOME, items=OUTCOME.items[:1], open_findings=(replace(WARNING, severity="blocks"),)),
            "Not everything is done:",
            "or: migrate waive models/m/1!names-source plans/x",
        ),
        (
            replace(OUTCOME, walked=WalkResult(stopped=True)),
            "Stopped; what was under way has ended:",
            "migrate run plans/x --resume",
        ),
        (
            replace(OUTCOME, walked=WalkResult(stopped=True, lost=TargetLostError("gone"))),
            "Stopped, since the target can no longer be used; what was under way has ended:",
            "migrate run plans/x --resume",
        ),
        (
            replace(OUTCOME, items=(Item("models/m/1", Outcome.FAILED, "no room"),)),
            "Not everything is done:",
            "migrate run plans/x --resume",
        ),
    ],
)
def test_a_run_tells_people_how_it_ended_and_what_comes_next(
    capsys: pytest.CaptureFixture[str], outcome: RunOutcome, lead: str, following: str
) -> None:
    said = _said(capsys, RunView(outcome))
    assert said.startswith(lead) and following in said.splitlines()[-1].replace("'", "")
    assert "  warning: models/m/1!names-source: Look." in said and "Old and new ids: plans/x/idmap.csv" in said
    for item in outcome.left:
        assert f"  {item.outcome.value}: {item.address}: {item.detail}" in said


def test_many_lines_are_cut_short_for_people_and_whole_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    many = replace(OUTCOME, items=tuple(Item(f"models/m/{n}", Outcome.FAILED, "x") for n in range(100)))
    said = _said(capsys, RunView(many))
    assert "and 61 more; all of them with --json" in said and len(said.splitlines()) < 60
    assert len(_event(RunView(many).as_json()).data["lines"]) == 101
    steps = plan(*(step(f"models/m/{n}") for n in range(100)))
    assert "would carry out 100 steps" in _said(capsys, DryRunView(replace(OUTCOME, plan=steps, dry_run=True)))


def _verified(**changed: Any) -> VerifyView:
    content = report("verify", **BODIES["verify"] | changed)
    assert isinstance(content, Verify)
    return VerifyView(
        EvidenceFile(Path("plans/x/evidence/0001-verify.json"), "ab" * 32, 1, content),
        Path("plans/x"),
        "migrate cutover plans/x",
    )


def _without(*names: str) -> dict[str, Any]:
    return {name: {"code_bytes": None}.get(name, []) for name in names}


CLEAN = _without("differences", "unsettled", "open_findings", "posture") | {
    "since_cutover": BODIES["verify"]["since_cutover"] | {"open": [], "changes": []}
}


def test_a_verification_tells_programs_just_the_members_of_the_reference() -> None:
    event = _event(_verified().as_json())
    assert event.name == "verify.end" and event.data.keys() == _members("verify.end")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"green": True}, ExitCode.DONE),
        (CLEAN | {"green": False}, ExitCode.INCOMPLETE),
        (CLEAN | {"green": False, "posture": [FINDING | {"severity": "error"}]}, ExitCode.REFUSED),
        (CLEAN | {"green": False, "posture": [FINDING]}, ExitCode.INCOMPLETE),
        *(
            (CLEAN | {"green": False, "posture": [FINDING | {"severity": "error"}], name: BODIES["verify"][name]}, ExitCode.INCOMPLETE)
            for name in ("differences", "unsettled", "open_findings")
        ),
        (
            CLEAN | {"green": False, "posture": [FINDING | {"severity": "error"}],
                     "since_cutover": BODIES["verify"]["since_cutover"]},
            ExitCode.INCOMPLETE,
        ),
    ],
)  # fmt: skip
def test_only_an_unproven_target_by_itself_is_refused(changed: dict[str, Any], code: ExitCode) -> None:
    assert _verified(**changed).code is code


def test_a_verification_tells_people_all_that_it_found_once(capsys: pytest.CaptureFixture[str]) -> None:
    said = _said(capsys, _verified(green=False))
    for line in (
        "difference: models/m/1 /tags: expected {'a': 1}, found None",
        "left to do by hand: jobs: cannot move",
        "deleted since the cutover: blobs/c/x, seen at " + TIME,
        "over foreign bytes: models/m/1: theirs",
        "false MD5 label, kept as in the source: c/m/y",
        "x!y: waived by ann",
        "not checked: secrets",
    ):
        assert f"  {line}" in said.splitlines(), line
    assert said.count(f"warning: {FINDING['address']}: {FINDING['summary']}") == 1
    assert "MLClient reads 1 of 1 asset in the target; 1 it can read on neither side." in said
    assert said.splitlines()[-1] == "Next: migrate status plans/x"
    green = _said(capsys, _verified(green=True))
    assert green.splitlines()[-1] == "Next: migrate cutover plans/x"
