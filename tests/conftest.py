"""Fixtures for every test; those of the local Azure come from its own plugin, `azsandbox.testing`."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from amlmigrate.core import held_secrets

# xdist tells its workers how wide the terminal is, which is not that of what a test starts.
os.environ.pop("COLUMNS", None)

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material beside the repository; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED.name} beside the repository")
    return SHARED


@pytest.fixture(autouse=True)
def _no_secret_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each test begin as a process does, which has read no secret."""
    monkeypatch.setattr(held_secrets, "_held", {})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escapes half characters in what a test has logged: the report goes to another process, which takes none."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
