"""Measures a child process, and keeps the figures of a session for the page on performance."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

MIB = 2**20
# Python keeps its modules compiled, as pip installs them, also where the environment of a developer forbids it.
_AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class Spent:
    """What a process came to: exit code, seconds of the clock and of the processor, peak memory in MiB, output."""

    code: int
    wall: float
    cpu: float
    mib: float
    out: str


def spent(argv: Sequence[str | Path], cwd: Path, env: dict[str, str], *, expect: int | None = 0) -> Spent:
    """Runs a program to its end; of its children those that it waited for are counted in."""
    log = cwd / f"{Path(argv[0]).name}-{time.monotonic_ns()}.out"
    report = log.with_suffix(".json")
    small = [sys.executable, "-S", "-E", Path(__file__).with_name("measured.py"), report]
    with log.open("w") as output:
        subprocess.run(
            [*small, *argv],
            cwd=cwd,
            env={**os.environ, **_AS_INSTALLED, **env},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
    code, wall, cpu, mib = json.loads(report.read_text(encoding="utf-8"))
    text = log.read_text(errors="replace")
    assert expect is None or code == expect, f"{argv}: {code}\n{text[-3000:]}"
    return Spent(code, wall, cpu, mib, text)


def _commit() -> str:
    """What is measured: figures tell of no other commit."""
    said = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(
        said, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    ).stdout.strip()


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, what it came to, what it must come to."""

    what: str
    measured: str
    bound: str
    holds: bool


@dataclass
class Figures:
    """The figures of a session, in the order in which they were measured."""

    rows: list[Figure] = field(default_factory=list)
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    whole: bool = True

    def add(self, what: str, measured: str, bound: str = "", *, holds: bool = True) -> bool:
        """Keeps a figure and says whether its bound holds."""
        self.rows.append(Figure(what, measured, bound, holds))
        print(
            f"{what}: {measured}" + (f" (bound: {bound}{'' if holds else ', NOT HELD'})" if bound else ""),
            flush=True,
        )
        return holds

    def table(self) -> str:
        """The generated block of the page."""
        lines = [
            f"Measured at commit {_commit()} on {os.cpu_count()} cores, which the local Azure shares with the clients;"
            f" load of the machine before: {self.load:.1f}.",
            "",
            "| what | measured | bound |",
            "| --- | --- | --- |",
        ]
        for row in self.rows:
            bound = f"{row.bound}{'' if row.holds else ' (not held)'}"
            lines.append(f"| {row.what} | {row.measured} | {bound} |")
        return "\n".join(lines)
