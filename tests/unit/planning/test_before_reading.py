"""What is refused before both sides are read, or right after their own documents: a place that is taken, and no pair."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import NEW, OLD, SOURCE, TARGET, header, step
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError
from amlmigrate.core.workspace import Workspace
from amlmigrate.ledger import Ledger, files
from amlmigrate.planning import pair, planfile
from amlmigrate.planning.stage import PlanChoices, PlanRequest, create_plan

KEY = {"encryption": {"status": "Enabled"}}


class _Untouched:
    """Fails whoever asks it for anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"'{name}' was asked for before the folder was looked at")


def _file_in_the_way(at: Path) -> Path:
    (at / "file").write_text("")
    return at / "file" / "plan"


def _is_a_file(at: Path) -> Path:
    (at / "plan").write_text("")
    return at / "plan"


def _has_a_plan(at: Path) -> Path:
    planfile.write(at / "plan", header(), [])
    return at / "plan"


def _has_a_ledger(at: Path) -> Path:
    _has_a_plan(at)
    with Ledger(at / "plan"):
        pass
    (at / "plan" / planfile.FILE).unlink()
    return at / "plan"


def _has_evidence(at: Path) -> Path:
    (at / "plan" / "evidence").mkdir(parents=True)
    return at / "plan"


TAKEN: list[tuple[Callable[[Path], Path], str]] = [
    (_file_in_the_way, "cannot be written: Not a directory"),
    (_is_a_file, "cannot be written: File exists"),
    (_has_a_plan, "There is a plan in this folder already"),
    (_has_a_ledger, r"written with another plan \(ledger.db\)"),
    (_has_evidence, r"written with another plan \(evidence\)"),
]


@pytest.mark.parametrize(("made", "told"), TAKEN, ids=lambda one: getattr(one, "__name__", "")[1:])
def test_a_place_that_is_taken_is_refused_before_anything_is_read(
    tmp_path: Path, made: Callable[[Path], Path], told: str
) -> None:
    clouds: Any = _Untouched()
    request = PlanRequest(OLD, NEW, made(tmp_path), PlanChoices(), By("ann", "host", "1"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInputError, match=told) as refused:
        asyncio.run(create_plan(clouds, request))
    assert "--out" in refused.value.remedy and sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["plan", "fleet", "scan"])
def test_no_command_signs_in_for_a_place_that_it_cannot_write_to(tmp_path: Path, command: str) -> None:
    out = _file_in_the_way(tmp_path)
    arguments = {
        "plan": ["plan", "--source", OLD.id, "--target", NEW.id, "--out", str(out)],
        "fleet": [
            "plan",
            "--fleet",
            str(tmp_path / "s.jsonl"),
            "--targets",
            str(tmp_path / "t.csv"),
            "--out",
            str(out),
        ],
        "scan": ["scan", "--out", str(out)],
    }[command]
    nobody = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "AZURE_CLIENT_ID": "",
        "AZURE_SUBSCRIPTION_ID": OLD.subscription,
    }
    done = CliRunner().invoke(app, arguments, env=nobody)
    assert done.exit_code == ExitCode.BAD_INPUT, done.output
    assert "cannot be written" in done.stderr


def test_a_folder_that_can_be_written_to_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "there", tmp_path / "a" / "b" / "c"):
        files.probe(folder)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "there"]


def _workspaces(source: dict[str, Any], target: dict[str, Any]) -> tuple[Workspace, Workspace]:
    def changed(of: Any, properties: dict[str, Any]) -> Any:
        return replace(of, document={**of.document, "properties": {**of.properties, **properties}})

    return changed(SOURCE, source), changed(TARGET, target)


@pytest.mark.parametrize(
    ("source", "target", "refused"), [(KEY, {}, True), ({}, KEY, False), (KEY, KEY, False), ({}, {}, False)]
)
def test_only_a_source_under_a_customers_key_with_a_target_that_is_not_is_exchanged(
    tmp_path: Path, source: dict[str, Any], target: dict[str, Any], refused: bool
) -> None:
    both = _workspaces(source, target)
    if not refused:
        pair.refuse_exchanged(*both, tmp_path)
        return
    with pytest.raises(RefusedError, match="exchanged") as told:
        pair.refuse_exchanged(*both, tmp_path)
    assert told.value.exit_code is ExitCode.REFUSED
    assert f"--source {NEW.short} --target {OLD.short}" in told.value.remedy


@pytest.mark.parametrize(
    ("begun", "reversed_", "refused"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_plan_beside_that_moves_the_other_way_shows_it_too(
    tmp_path: Path, begun: bool, reversed_: bool, refused: bool
) -> None:
    ends = (TARGET.header(), SOURCE.header()) if reversed_ else (SOURCE.header(), TARGET.header())
    folder = tmp_path / "there"
    planfile.write(folder, header(source=ends[0], target=ends[1]), [step("models/m/1")])
    with Ledger(folder) as ledger:
        ledger.bind(planfile.read(folder))
        if begun:
            ledger.note("begun", "yes")
    planfile.write(tmp_path / "broken", header(source=ends[0], target=ends[1]), [])
    (tmp_path / "broken" / "ledger.db").write_text("no database")
    both = _workspaces(KEY, KEY)
    if not refused:
        pair.refuse_exchanged(*both, tmp_path)
        return
    with pytest.raises(RefusedError, match="moves from this target to this source") as told:
        pair.refuse_exchanged(*both, tmp_path)
    assert "--out" in told.value.remedy
    pair.refuse_exchanged(*both, tmp_path / "elsewhere")
