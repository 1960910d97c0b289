"""The shipped example is what the demo's plan is now, and can be shown but not carried out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.example import BIN, EXAMPLE, made_anew, normalised

from azsandbox import Sandbox


@pytest.fixture
def empty_sandbox(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sandbox of its own: the demo's names are the same in each."""
    with Sandbox(tmp_path / "state") as azure:
        yield azure.env


def test_the_example_is_the_demos_plan(empty_sandbox: dict[str, str], tmp_path: Path) -> None:
    normalised(made_anew(empty_sandbox, tmp_path), tmp_path / "anew")
    assert _files(tmp_path / "anew") == _files(EXAMPLE), "run `make example`"


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


def test_it_is_shown_and_never_carried_out(tmp_path: Path) -> None:
    def migrate(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "migrate", *arguments], cwd=EXAMPLE.parents[1], capture_output=True, text=True, check=False
        )

    shown = migrate("show", "plans/example")
    assert shown.returncode == 0 and "demo-rg/demo-source" in shown.stdout
    refused = migrate("run", "plans/example")
    assert refused.returncode == 2 and "never carried out" in refused.stderr
    assert not (EXAMPLE / "ledger.db").exists()
