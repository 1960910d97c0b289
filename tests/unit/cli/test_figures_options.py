"""`migrate figures` as a command: what goes together, and what becomes of figures that cannot be kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.figures.test_figure_plans import GREEN, left, planned, tomb
from tests.unit.figures.test_figure_scans import kept
from tests.unit.scanning.workspaces import line
from typer.testing import CliRunner

from amlmigrate.cli.main import app
from amlmigrate.figures import record
from amlmigrate.ledger.files import FileError

LATER = "2026-04-01T00:00:00.000+00:00"


def run(*arguments: str) -> Any:
    """The command, without anybody signing in."""
    return CliRunner().invoke(app, ["figures", "--offline", *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--json", "--format", "html"), "exclude each other"),
        (("--actual",), "--offline asks nobody"),
        (("--out", "x"), "--out is a file"),
        (("--prices", "nowhere.json"), "nowhere.json"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept(tmp_path, line("a", "prod"))
    ran = run("--scans", str(tmp_path), *arguments)
    assert (ran.exit_code, told in ran.output) == (2, True), ran.output


def test_figures_that_cannot_be_kept_are_told_and_end_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path, *_: Any) -> Path:
        raise FileError(PermissionError(13, "Permission denied"), folder)

    kept(tmp_path, line("a", "prod"))
    monkeypatch.setattr(record, "add", refused)
    ran = run("--scans", str(tmp_path), "--plans", str(tmp_path), "--json")
    events = [json.loads(one) for one in ran.output.splitlines()]
    [told] = [one for one in events if one["event"] == "figures"]
    assert (ran.exit_code, told["production"]["total"], told["files"]) == (1, 1, {})
    assert "Permission denied" in ran.output


def test_a_scan_that_somebody_took_away_makes_no_figure_better_in_silence(tmp_path: Path) -> None:
    bad = kept(tmp_path, line("a", "prod"))
    kept(tmp_path, {**line("b", "prod"), "encryption": {"kind": "classic"}}, name="SCAN-2.jsonl", created=LATER)
    where = ("--scans", str(tmp_path), "--plans", str(tmp_path))
    before = run(*where)
    assert before.exit_code == 0 and "50.0 % of 2 production workspaces" in before.output
    bad.rename(tmp_path / "away")
    after = run(*where)
    assert after.exit_code == 3 and "SCAN-1.jsonl, which was counted before, is not there" in after.output
    (tmp_path / "away").rename(bad)
    assert run(*where).exit_code == 0


def test_a_plan_that_somebody_took_away_makes_no_figure_better_in_silence(tmp_path: Path) -> None:
    kept(tmp_path, line("a", "prod"))
    for name in ("one", "other"):
        planned(tmp_path / "plans" / name, GREEN, ("decommission", tomb(left("container", f"a/{name}", 1000))))
    where = ("--scans", str(tmp_path), "--plans", str(tmp_path / "plans"), "--format", "json")
    before = run(*where)
    assert (before.exit_code, json.loads(before.output)["residual"]["bound"]) == (0, "known"), before.output
    (tmp_path / "plans" / "one").rename(tmp_path / "away")
    after = run(*where)
    fair, unfair = json.loads(before.output), json.loads(after.output)
    assert after.exit_code == 3 and unfair["residual"] == {**fair["residual"], "bound": "at least"}
    [told] = [one for one in unfair["bounds"] if "it is not there any more" in one]
    assert str(tmp_path / "plans" / "one") in told
    for part in ("double", "remaining"):
        assert unfair["cost"][part]["not_known"] == fair["cost"][part]["not_known"] + 1
    # The same plan under another name is not missing, and one that is back neither.
    for name in ("plans/renamed", "plans/below/another"):
        (tmp_path / "plans" / "below").mkdir(exist_ok=True)
        (tmp_path / "away").rename(tmp_path / name)
        assert run(*where).exit_code == 0
        (tmp_path / name).rename(tmp_path / "away")
