"""A hostile string in every member of a plan, a decision and an event, through every output: none of it acts."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.builders.world import header, plan, step
from tests.unit.guarding.guards import guardrail
from tests.unit.provisioning.provisioned import wanted
from typer.testing import CliRunner, Result

from amlmigrate.cli.main import app
from amlmigrate.cli.views import progress
from amlmigrate.cli.views.asking import AskedView
from amlmigrate.cli.views.base import CommandView, View
from amlmigrate.cli.views.doctor import DoctorView
from amlmigrate.cli.views.ending import CommandEnd
from amlmigrate.cli.views.fleets import FleetView
from amlmigrate.cli.views.guard import (
    GuardAppliedView,
    GuardCheckView,
    GuardEmittedView,
    GuardPlanView,
    GuardTestView,
)
from amlmigrate.cli.views.human import HumanView
from amlmigrate.cli.views.json_lines import JsonView
from amlmigrate.cli.views.plans import PlanView, PlanWrittenView
from amlmigrate.cli.views.provision import ProvisionDryView, ProvisionPlanView, ProvisionView
from amlmigrate.cli.views.scans import WorkspacesView
from amlmigrate.cli.views.show import ItemView, OpenView, ShowView
from amlmigrate.cli.views.status import OverviewView, StatusView
from amlmigrate.core import csvtext
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.escapes import shown, visible
from amlmigrate.core.events import Event, TypedEvent
from amlmigrate.core.finding import Finding
from amlmigrate.core.identity import Identity
from amlmigrate.core.metering import Amount, Meter
from amlmigrate.core.plan import Action, Plan, Rewrite
from amlmigrate.core.state import Outcome
from amlmigrate.desired.applying import Applied
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.doctor import DoctorReport
from amlmigrate.evidence.decommission import Residual
from amlmigrate.fleet.fleetfile import FleetEntry, PlanningProgress
from amlmigrate.fleet.members import UnplannedMember
from amlmigrate.fleet.stage import FleetOutcome
from amlmigrate.guarding.alarmtests import AlarmTest, ReceiverTest
from amlmigrate.guarding.checking import GuardCheck, GuardGap
from amlmigrate.guarding.compliance import Compliance
from amlmigrate.guarding.estate import RemovedSource
from amlmigrate.guarding.parts import NoExemptionPart
from amlmigrate.guarding.stage import GuardPlan
from amlmigrate.guarding.wanted import Stage
from amlmigrate.leasing.looking import LeaseLook
from amlmigrate.ledger import Ledger, items
from amlmigrate.ledger.decision_rows import Approval
from amlmigrate.ledger.items import Item
from amlmigrate.ledger.opening import Open
from amlmigrate.planning import manual, planfile
from amlmigrate.planning.review import OpenItem, OpenItems, ReviewedItem
from amlmigrate.status.overview import Overview, PlanLine
from amlmigrate.status.stages import (
    ApprovalStage,
    CutoverStage,
    FreezeStage,
    LastRun,
    LockStage,
    ResidualStage,
    RunStage,
    SoakStage,
    Stages,
    VerifyStage,
)

# A formula, codes of a terminal in seven and eight bits, a link, lines of its own, directions, nothing to be
# seen, and the markups of rich, Markdown and HTML.
HOSTILE = (
    "=1+1\x1b[2J\x9b31m\x1b]8;;http://evil\x07\r\nFORGED\u2028FORGED\x7f\u202e\u2066\u061c\u200b\u200f\ufeff\U000e0041"
    "[red]r[/][link=x]l[/] :smile: [l](x) <b>h</b> `c` **b** | t | \\u202e"
)
# With half a character, which no file and no database holds: typed, told by a service, or of the machine.
HALF = f"{HOSTILE}\ud800"
# What stands in an address: it ends at a slash, and a finding's at an exclamation mark.
NAME = HOSTILE.replace("/", "")
ODD = (f"models/{NAME}/1", f"data/{NAME}", f"blobs/{NAME}/{NAME}", f"jobs/{NAME}")
ESTIMATE = {"arm_reads": 1, "arm_writes": 1, "floor_seconds": 1}
EVENTS = Path(__file__).parents[3] / "docs" / "reference" / "events.md"


def harmless(text: str) -> list[str]:
    """The lines, of which none holds what acts or was written by the hostile string."""
    lines = text.replace("\r\n", "\n").split("\n")
    assert all(map(visible, lines)), ascii(text)
    assert not any(line.startswith(("FORGED", "#", "<b>")) for line in lines[1:]), text
    return lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plan that holds it everywhere."""
    made = tmp_path / "plan"
    made.mkdir()
    body = {"properties": {HOSTILE: HOSTILE, "tags": {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]}}}
    steps = [
        step(ODD[0], body=body, reason=HOSTILE, rewrites=(Rewrite(HOSTILE, HOSTILE, HOSTILE),)),
        step(ODD[1], action=Action.MANUAL, reason=HOSTILE),
        step(ODD[2], action=Action.CONFLICT, reason=HOSTILE),
        step(ODD[3], action=Action.MANUAL, reason=HOSTILE),
        step("computes/plain", action=Action.MANUAL, reason=HOSTILE),
    ]
    findings = [Finding("error", one, HOSTILE, HOSTILE, "names-secret") for one in ODD]
    findings += [Finding("warning", header().source["id"], HOSTILE, HOSTILE, "names-secret")]
    head = replace(header(estimate=ESTIMATE), name=HOSTILE, findings=tuple(findings))
    planfile.write(made, head, steps)
    manual.write(made, head, steps)
    with Ledger(made) as ledger:
        ledger.bind(planfile.read(made))
    return made


def _did(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "4000"})
    assert done.exit_code == code, (arguments, done.output, done.exception)
    harmless(done.stdout)
    harmless(done.stderr)
    if "--json" in arguments and "csv" not in arguments:
        assert [json.loads(line) for line in done.stdout.splitlines()]
    return done


SHOWN = [
    [], ["--all"], ["--kind", "models"], ["--open"], ["--open", "--kind", "jobs"], ["--format", "csv"],
    ["--open", "--format", "csv"], *([one] for one in ODD), *([f"{one}!names-secret"] for one in ODD[:3]),
]  # fmt: skip


@pytest.mark.parametrize("more", SHOWN, ids=range(len(SHOWN)))
def test_whatever_is_shown_of_a_plan(folder: Path, more: list[str]) -> None:
    table = _did("show", str(folder), *more)
    assert "\\u202e" in table.stdout and "[red]r[" in table.stdout and ":smile:" in table.stdout
    _did("show", str(folder), *more, "--json")


def test_whatever_is_decided(folder: Path) -> None:
    plan = str(folder)
    _did("waive", plan, ODD[1], "--reason", HOSTILE)
    # As it is shown, so it may be typed.
    _did("waive", plan, shown(ODD[3]), "--reason", HOSTILE, "--json")
    _did("reopen", plan, shown(ODD[3]))
    for command in (
        ("status", plan),
        ("status", "--all"),
        ("evidence", "check", plan),
        ("show", plan, ODD[1]),
    ):
        _did(*command)
        _did(*command, "--json")
    _did("evidence", "controls", plan, code=3)
    _did("evidence", "controls", plan, "--json", code=3)
    with Ledger(folder) as ledger:
        assert list(ledger.decisions()) == [ODD[1]]


def test_what_is_written_for_decisions_is_read_back(folder: Path) -> None:
    text = _did("show", str(folder), "--open", "--format", "csv").stdout
    head, *rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {csvtext.plain(row[0]) for row in rows} >= {*ODD[1:], "computes/plain"}
    path = folder.parent / "decisions.csv"
    path.write_text(csvtext.written(head, [(csvtext.plain(row[0]), "waive", HOSTILE) for row in rows]), newline="")
    assert not re.search(r"(?m)(^|,)\"?[=+@-]", path.read_text())
    _did("waive", str(folder), "--from", str(path))
    with Ledger(folder) as ledger:
        decided = {address: one.reason for address, one in ledger.decisions().items()}
    assert set(decided) == {csvtext.plain(row[0]) for row in rows}
    assert set(decided.values()) == {HOSTILE.strip()}


def test_a_file_of_decisions_is_about_what_was_shown_when_it_was_written(folder: Path) -> None:
    text = _did("show", str(folder), "--open", "--format", "csv").stdout
    head, first, *_ = list(csv.reader(io.StringIO(text, newline="")))
    path = folder.parent / "decisions.csv"
    other = [*first[:3], "sha256:0123456789abcdef"]
    for row, code in ((other, 4), (first, 0)):
        row[1:3] = ["waive", "kept"]
        path.write_text(csvtext.written(head, [[csvtext.plain(one) for one in row]]), newline="")
        _did("waive", str(folder), "--from", str(path), code=code)
        with Ledger(folder) as ledger:
            assert list(ledger.decisions()) == ([csvtext.plain(first[0])] if code == 0 else [])
    # What is taken back widens nothing.
    other[1] = "reopen"
    path.write_text(csvtext.written(head, [[csvtext.plain(one) for one in other]]), newline="")
    _did("reopen", str(folder), "--from", str(path))


def test_two_addresses_that_are_typed_alike_are_told_apart(tmp_path: Path) -> None:
    made = tmp_path / "plan"
    made.mkdir()
    both = ("data/a\u202eb", "data/a\\u202eb")
    planfile.write(made, header(estimate=ESTIMATE), [step(one, action=Action.MANUAL) for one in both])
    told = _did("waive", str(made), both[1], "--reason", "x", code=2).stderr
    assert "typed in this way" in told
    lines = _did("show", str(made), "--all").stdout
    assert "data/a\\u202eb" in lines and "data/a\\u005cu202eb" in lines
    for one in both:
        _did("show", str(made), shown(one) if one == both[1] else one)


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "PLAN", HALF], ["show", "PLAN", "--kind", HALF], ["waive", "PLAN", HALF, "--reason", "x"],
        ["waive", "PLAN", ODD[1], "--reason", "x", "--until", HALF], ["waive", "PLAN", "--from", NAME], ["reopen", "PLAN", HALF],
        ["approve", "PLAN", "--digest", HALF], ["show", NAME], ["status", NAME], ["run", NAME], ["verify", NAME],
        ["decommission", NAME, "--confirm", HALF], ["cutover", NAME], ["freeze", NAME], ["provision", NAME],
        ["plan", "--source", HALF, "--target", HALF], ["doctor", "--source", HALF, "--target", HALF],
        ["evidence", "check", NAME], ["done", "PLAN", HALF], ["plan", "--fleet", NAME],
    ],
    ids=range(20),
)  # fmt: skip
def test_whatever_is_refused(folder: Path, arguments: list[str]) -> None:
    # The machine itself takes no half characters and no zero in a path.
    given = [str(folder) if one == "PLAN" else one for one in arguments]
    for more in ([], ["--json"], ["--verbose"]):
        done = CliRunner().invoke(app, [*given, *more], env={"COLUMNS": "4000", "AZURE_SUBSCRIPTION_ID": "s"})
        assert done.exit_code == 2, (given, done.output, done.exception)
        harmless(done.stdout)
        harmless(done.stderr)


def test_what_people_read_in_files(folder: Path) -> None:
    text = (folder / manual.FILE).read_text(encoding="utf-8")
    lines = harmless(text.replace("\n## Of the workspace itself", ""))
    assert sum(line.startswith("- [ ] ") for line in lines) == 4
    assert "[l](x)" not in re.sub(r"(`+).*?\1", "", text) and "<b>" not in re.sub(r"\\<|(`+).*?\1", "", text)
    with Ledger(folder) as ledger:
        ledger.ids = lambda: iter([(HOSTILE, HOSTILE)])  # type: ignore[method-assign]  # the test's own in its place
        found = items.idmap(ledger).decode()
    harmless(found)
    [_, row] = csv.reader(io.StringIO(found, newline=""))
    assert [csvtext.plain(cell) for cell in row] == [HOSTILE, HOSTILE] and all(cell[0] == "'" for cell in row)


def _of_guard() -> list[CommandView]:
    rail = guardrail(Stage.DENY_NEW)
    part = NoExemptionPart(HALF, HALF, HALF)
    steps = (PlannedPart(part, None, DesiredStep(verb, HALF, HALF, (HALF,))) for verb in DesiredVerb)
    lost = RemovedSource(HALF, HALF, datetime(2026, 1, 1, tzinfo=UTC))
    judged = Compliance({HALF: (HALF,)}, HALF)
    plan = GuardPlan(tuple(steps), (HALF,), judged, (HALF,), (HALF,), (lost,), (HALF,))
    return [
        GuardPlanView(rail, plan, HALF),
        GuardAppliedView(rail, Applied(1, (HALF,)), HALF),
        GuardCheckView(rail, GuardCheck((GuardGap(HALF, HALF, HALF, HALF),), (HALF,))),
        GuardTestView(
            (AlarmTest(HALF, HALF, HALF, (ReceiverTest(HALF, HALF, sent=True, told=HALF, digest=""),)),), HALF
        ),
        GuardEmittedView(HALF, (HALF,)),
    ]


def _views() -> list[View]:
    return [HumanView(), JsonView()]


@dataclasses.dataclass(frozen=True)
class _End(CommandEnd):
    """The end of every command, as events of every name."""

    names: tuple[str, ...] = ()

    def as_json(self) -> Iterator[Event]:
        for name in self.names:
            yield Event(name, {HALF: HALF, **self.members()})


def test_every_event_and_every_end(capsys: pytest.CaptureFixture[str]) -> None:
    names = re.findall(r"^\| `([a-z.]+)` \|", EVENTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > 40
    for view in _views():
        view.show(_End(HALF, [HALF] * 50, {HALF: 1}, {HALF: HALF}, HALF, tuple(names)))
        view.error(MigrateError(HALF, address=HALF, remedy=HALF))
        view.error(RefusedError(HALF, reasons=(HALF, HALF), address=HALF, remedy=HALF))
        view.close()
    said = capsys.readouterr()
    harmless(said.out)
    harmless(said.err)


def _filled(kind: Any) -> Any:
    """An event or another value of that type with the hostile string in all that holds text."""
    shapes: dict[str, Any] = {"tags": {HALF: HALF}, "before": {HALF: HALF}, "stays": {HALF: [HALF, HALF]}}
    shapes |= {"listing": {"lines": [HALF]}, "told": {HALF: HALF}, "meter": Meter(1, Amount(1, 1))}
    shapes["step"] = DesiredStep(DesiredVerb.CREATE, HALF, HALF, (HALF,))
    shapes["meter"].begin(HALF, Amount(1, 1))
    return kind(
        **{
            one.name: shapes.get(one.name, 1 if one.type in ("int", "bool") else HALF)
            for one in dataclasses.fields(kind)
        }
    )


def _below(kind: type[TypedEvent]) -> Iterator[type[TypedEvent]]:
    """All types of events; those without a name are what several of them have in common."""
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def test_every_type_of_event(capsys: pytest.CaptureFixture[str]) -> None:
    kinds = [kind for kind in _below(TypedEvent) if hasattr(kind, "name")]
    told = [kind for kind in kinds if progress.tell.dispatch(kind) is not progress.tell.dispatch(object)]
    assert len(kinds) > 10 and len(told) > 8
    for view in _views():
        for kind in kinds:
            view.event(_filled(kind))
        view.close()
    said = capsys.readouterr()
    harmless(said.out)
    harmless(said.err)
    assert len(said.out.splitlines()) == len(kinds), "a line of JSON each"
    assert len(said.err.splitlines()) >= len(told) - 4, "but for what moves a bar only"


def _stages(made: Plan) -> Stages:
    """The stages of a plan with the hostile string in each."""
    residual = Residual(address=HALF, id=HALF, what=HALF, key=None, why=HALF)
    return Stages(
        Path(NAME),
        made,
        (Item(HALF, Outcome.MANUAL, HALF), Item(HALF, Outcome.TO_CUT_OVER, HALF)),
        findings=(HALF,),
        evidence=(),
        approval=ApprovalStage(True, (HALF,), 1),
        freeze=FreezeStage("frozen", 1, HALF, (HALF,), 1, 1),
        lock=LockStage(HALF, 1, HALF),
        run=RunStage(True, 1, LastRun(HALF, HALF, HALF), ()),
        verify=VerifyStage(HALF, False, HALF, HALF, HALF),
        cutover=CutoverStage(HALF),
        soak=SoakStage(HALF, HALF, False),
        removal=None,
        residuals=ResidualStage((residual,), 1),
    )


@pytest.mark.parametrize("columns", ["40", "200"])
def test_every_view_of_a_command(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    found = [Finding(severity, HALF, HALF, HALF, "x") for severity in ("error", "blocks", "warning")]
    made = plan(*(step(ODD[0], action=action, reason=HALF) for action in Action))
    head = header(estimate=ESTIMATE, name=HALF, findings=tuple(found), extra={"require_approval": True})
    made = replace(made, header=head)
    claim = Claim(HALF, False, "error", HALF, HALF)
    who = Identity(HALF, HALF)
    failed = FleetEntry(
        1, HALF, HALF, HALF, HALF, 1, HALF, PlanningProgress.FAILED, {"reason": HALF, "remedy": HALF}
    )
    left = UnplannedMember(HALF, HALF, HALF)
    views: list[CommandView] = [
        PlanWrittenView(made, Path(NAME)),
        ShowView(PlanView(made, every=True), Path(NAME), (_filled(Approval),)),
        ItemView(ReviewedItem(HALF, HALF, HALF, HALF, HALF, tuple(found), made.steps[0])),
        OpenView(Path(NAME), OpenItems(HALF, (OpenItem(Open(HALF, HALF, HALF), HALF),), ()), True),
        DoctorView(DoctorReport({"source": who}, {"source": HALF}, found, [claim]), None, None),
        FleetView(FleetOutcome(Path(NAME), (failed,), (left,), HALF)),
        StatusView(_stages(made), LeaseLook(HALF, unknown=HALF), 1.0, tuple(found)),
        ProvisionPlanView([DesiredStep(verb, HALF, HALF, (HALF,), facts=(HALF,)) for verb in DesiredVerb], HALF),
        AskedView([HALF]),
        ProvisionDryView(HALF),
        ProvisionView(wanted(resourceGroup=HALF, subscription=HALF), Applied(1, (HALF,))),
        *_of_guard(),
        OverviewView(Overview(Path(NAME), (PlanLine(HALF, HALF), PlanLine(HALF, error=HALF, missing=True)))),
    ]
    for view in _views():
        for one in views:
            view.show(one)
    harmless(capsys.readouterr().out)


def test_a_scan_as_table_csv_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.unit.scanning.workspaces import line

    from amlmigrate.scanning import rows

    one = line("ws") | {
        "name": NAME,
        "group": NAME,
        "subscription": HALF,
        "location": HALF,
        "tags": {HALF: HALF},
    }
    one |= {"sensitivity": HALF, "environment": HALF}
    one |= {
        "not_known": [{"fact": HALF, "action": HALF, "reason": HALF}],
        "barriers": [{"code": HALF}],
    }
    for view in _views():
        view.show(WorkspacesView([one]))
        view.raw(rows.as_csv([one]))
        view.raw(rows.as_json({"of": HALF}, [one]))
    said = capsys.readouterr()
    harmless(said.out)
    [read] = csv.DictReader(io.StringIO(rows.as_csv([one]), newline=""))
    assert csvtext.plain(read["name"]) == NAME and json.loads(read["tags"]) == one["tags"]
    assert json.loads(rows.as_json({}, [one]))["workspaces"] == [one]


def test_who_it_was_is_harmless_wherever_it_is_kept() -> None:
    by = By(HALF, HALF, "1", Identity(HALF, HALF), {"reason": HALF, "only": [HALF]})
    harmless(f"{by} {by.local}")
    assert json.dumps(by.as_dict(), ensure_ascii=False).isprintable()


def test_what_is_left_by_hand_is_harmless_in_its_file_and_in_its_commands(tmp_path: Path) -> None:
    from amlmigrate.planning.byhand import commands, folder

    said = {"address": HOSTILE, "reason": HOSTILE, "definition": {HOSTILE: [HOSTILE]}, "plain": "ä"}
    text = folder._yaml(said)
    harmless(text)
    assert yaml.safe_load(text) == said and folder._yaml({"a": "ä"}) == "a: ä\n"
    marker = tmp_path / "ran"
    url = f'/x/a"$(touch {marker})`touch {marker}`/${{NAME}}'
    done = subprocess.run(
        ["sh", "-c", f"NAME=n; printf %s {commands._quoted(url)}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == url.replace("${NAME}", "n") and not marker.exists()
    assert commands._quoted("/x/${NAME}/y?z=1") == '"/x/${NAME}/y?z=1"'
