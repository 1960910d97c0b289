"""A broken file in a folder beside stops nobody, and what it could have told is told as not known."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.ledgers import bear_out
from tests.builders.world import SOURCE, TARGET, header, step
from typer.testing import CliRunner

from amlmigrate.cli import plans
from amlmigrate.cli.main import app
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.state import State
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet import fleetfile
from amlmigrate.fleet.fleetfile import Fleet, FleetEntry, PlanningProgress
from amlmigrate.freezing import record as freezing
from amlmigrate.ledger import Ledger
from amlmigrate.planning import earlier_plans, planfile

IDS = (SOURCE.workspace_id, TARGET.workspace_id)
STEP = step("models/m/1", body={})
GARBAGE: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"\x00\xff" * 600),
    lambda path: path.write_text("[" * 200_000),
    lambda path: path.write_text("[]\n"),
    lambda path: path.write_text('{"format": "x", "record": "header", "assignments": 3}\n'),
    lambda path: (path.unlink(missing_ok=True), path.mkdir()),
    lambda path: (path.unlink(missing_ok=True), path.symlink_to(path)),
]


def planned(folder: Path, **head: Any) -> Path:
    folder.mkdir(parents=True)
    planfile.write(folder, header(name=folder.name, **head), [STEP])
    with Ledger(folder) as ledger:
        ledger.bind(planfile.read(folder))
        for state in (State.DOING, State.CREATED, State.DONE):
            ledger.move(STEP.address, state, target_id="/new")
        bear_out(ledger)
    return folder


@pytest.mark.parametrize("harm", GARBAGE)
@pytest.mark.parametrize("file", [planfile.FILE, "ledger.db", freezing.FILE, "evidence"])
def test_no_command_is_stopped_by_a_broken_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], object], file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    planned(Path("plans/good"))
    bad = planned(Path("plans/bad"))
    (bad / "ledger.db-wal").unlink(missing_ok=True)
    (bad / "ledger.db-shm").unlink(missing_ok=True)
    if file == "evidence":
        shutil.rmtree(bad / file)
    harm(bad / file)
    done = CliRunner().invoke(app, ["status", "--all", "--json"])
    assert done.exit_code in (0, 3), (done.output, done.exception)
    told = json.loads(done.stdout.splitlines()[-1])["plans"]
    folders = [one["folder"] for one in told]
    assert "plans/good" in folders and "error" not in told[folders.index("plans/good")]
    prior = earlier_plans.ownership(Path("plans"), *IDS)
    assert prior.owns(STEP.address), "what the good neighbour knows is known"
    records, doubts = freezing.beside(Path("plans/new"), IDS[0])
    assert not records and all("plans/bad" in doubt for doubt in doubts)
    assert all("plans/bad" in one.summary for one in earlier_plans.unread(SOURCE, prior))


@pytest.mark.parametrize("harm", GARBAGE)
def test_the_only_plan_that_can_be_read_is_the_one_that_is_meant(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    harm(planned(Path("plans/bad")) / planfile.FILE)
    if (tmp_path / "plans/bad" / planfile.FILE).is_file():
        assert plans.find(None) == Path("plans/bad"), "the one there is; who reads it whole says what is wrong"
    planned(Path("plans/good"))
    assert plans.find(None) == Path("plans/good")
    assert "plans/bad" in caplog.text or not caplog.records
    planned(Path("plans/other"))
    with pytest.raises(BadInputError, match=r"several plans: plans/good, plans/other\."):
        plans.find(None)


@pytest.mark.parametrize("harm", GARBAGE)
def test_a_ledger_that_cannot_be_read_is_told_unless_its_plan_is_of_others(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    mine, other = planned(tmp_path / "mine"), planned(tmp_path / "other", source={"id": "/x", "workspaceId": "y"})
    for folder in (mine, other):
        for file in folder.glob("ledger.db*"):
            file.unlink()
        harm(folder / "ledger.db")
    prior = earlier_plans.ownership(tmp_path, *IDS)
    if (mine / "ledger.db").exists():
        assert [folder for folder, _ in prior.unread] == [str(mine)]
        (finding,) = earlier_plans.unread(SOURCE, prior)
        assert (finding.code, finding.severity) == ("ledger-beside-unread", "warning")
    assert not prior.owns(STEP.address)


def test_members_of_a_fleet_without_a_plan_are_lines_of_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    entries = []
    for name, state in (
        ("a", PlanningProgress.PLANNED),
        ("b", PlanningProgress.FAILED),
        ("c", PlanningProgress.PLANNED),
    ):
        ref = WorkspaceRef("11111111-aaaa-4bbb-8ccc-000000000001", "rg", name)
        one = FleetEntry(1, ref.id, ref.id, "w", None, 0, name)
        entries.append(one.became(state, {"reason": "No such workspace."} if name == "b" else {}))
    fleetfile.write(Path("moves"), Fleet("sha", tuple(entries), ()), created="now")
    planned(
        Path("moves/c"), **{side: {**SOURCE.header(), "id": entries[2].source} for side in ("source", "target")}
    )
    (tmp_path / "moves/other").mkdir()
    (tmp_path / "moves/other" / fleetfile.FILE).write_text("edited")
    done = CliRunner().invoke(app, ["status", "moves", "--all", "--json"])
    end = json.loads(done.stdout.splitlines()[-1])
    assert end["text"] == "1 plan below moves; 2 of fleets have none; 1 cannot be read"
    told = {one["folder"]: one for one in end["plans"]}
    assert "deleted" in told["moves/a"]["stands"] and "No such workspace." in told["moves/b"]["stands"]
    assert "stages" in told["moves/c"]
    assert "cut short" in told[f"moves/other/{fleetfile.FILE}"]["error"]
    assert done.exit_code == 3


def test_a_members_folder_with_a_plan_of_other_workspaces_is_no_plan_of_the_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    planned(Path("moves/a"))
    ours = FleetEntry(1, SOURCE.id, TARGET.id.upper(), "w", None, 0, "a").became(PlanningProgress.PLANNED, {})
    for entry, count in ((ours, 0), (replace(ours, source=f"{SOURCE.id}-other"), 1)):
        fleetfile.write(Path("moves"), Fleet("sha", (entry,), ()), created="now")
        done = CliRunner().invoke(app, ["status", "moves", "--all", "--json"])
        end = json.loads(done.stdout.splitlines()[-1])
        told = [one["stands"] for one in end["plans"] if "of other workspaces than" in one["stands"]]
        assert (len(told), end["text"]) == (count, "1 plan below moves" + "; 1 of fleets has none" * count)
