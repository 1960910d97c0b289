"""Sandboxes of their own for each measurement, and the page that the figures go to."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.acceptance.world import World, make_world
from tests.bench.measuring import Figures

from azsandbox import Options, Sandbox, nodepackages

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
_BLOCK = re.compile(r"(<!-- measured -->\n).*?(\n<!-- end of measured -->)", re.DOTALL)
_figures = Figures()

Start = Callable[[Options], Sandbox]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a sandbox with options of the test's own; its blobs are removed when the test ends."""
    with ExitStack() as begun:
        numbers = itertools.count()

        def one(options: Options) -> Sandbox:
            folder = tmp_path / f"sandbox-{next(numbers)}"
            begun.callback(shutil.rmtree, folder, ignore_errors=True)
            return begun.enter_context(Sandbox(folder, options))

        yield one


@pytest.fixture
def fresh(start: Start, tmp_path: Path) -> Callable[..., World]:
    """Makes two workspaces in a sandbox of their own."""

    def one(options: Options | None = None, name: str = "work") -> World:
        folder = tmp_path / name
        folder.mkdir()
        return make_world(start(options or Options(arm_limits="off")), folder)

    return one


@pytest.fixture
def azcopy(tmp_path: Path) -> Path:
    """AzCopy from npm, made executable; skips where it does not start, as without the library libsecret-1-0."""
    found = [*(nodepackages.node_modules() / "@azure-tools").glob("azcopy-linux/dist/bin/azcopy_linux_amd64")]
    if not found:
        pytest.skip("the optional npm package @azure-tools/azcopy-linux is not installed")
    program = tmp_path / "azcopy"
    shutil.copy(found[0], program)
    program.chmod(0o700)
    if subprocess.run([program, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("AzCopy does not start; it needs the library libsecret-1-0")
    return program


@pytest.fixture
def figures() -> Figures:
    """The figures of the session."""
    return _figures


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes what was left out or did not hold: a table in which rows are missing must not replace a whole one."""
    if not report.passed:
        _figures.whole = False


def pytest_sessionfinish() -> None:
    """Prints the table; `make bench` has it written to the page as well, if it is whole."""
    if not _figures.rows:
        return
    print(f"\n\n{_figures.table()}\n")
    if not os.environ.get("MIGRATE_BENCH_PAGE"):
        return
    if not _figures.whole:
        print("Something was left out or did not hold: the page stays as it is.\n")
        return
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_BLOCK.sub(lambda match: f"{match[1]}{_figures.table()}{match[2]}", text), encoding="utf-8")
