"""Which unit tests reach which line, and how long each takes: measured by one run of the unit tests under coverage.

A test that fails without any mutant shows nothing of one: it is named and left out.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

# A mutant's tests take no longer than this by what they took before, and the nearest come first.
SECONDS = 30.0


@dataclass(slots=True)
class Reach:
    """Tests by module and line, and the seconds of each. Line 0: of the module at all."""

    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def tests(self, module: str, line: int) -> list[str]:
        """The tests to run for a change of a line; of one that runs at import, all that use the module."""
        by_line = self.lines.get(module, {})
        found = by_line.get(line) or by_line.get(0, set())
        chosen, left = [], SECONDS
        for test in sorted(
            found, key=lambda test: (self._distance(module, test), self.seconds.get(test, 0.0), test)
        ):
            left -= self.seconds.get(test, 0.0)
            if left < 0:
                break
            chosen.append(test)
        return chosen

    @staticmethod
    def _distance(module: str, test: str) -> int:
        package, name = module.split(".")[-2:]
        folder, _, file = test.split("::")[0].removeprefix("tests/unit/").rpartition("/")
        return 0 if name in file else 1 if package in folder.split("/") else 2

    def save(self, path: Path) -> None:
        """Writes it, each test once and by its number after that: a line may be reached by thousands."""
        tests = {test: number for number, test in enumerate(sorted({*self.seconds, *self._all()}))}
        lines = {
            module: {line: sorted(tests[test] for test in found) for line, found in by_line.items()}
            for module, by_line in self.lines.items()
        }
        path.write_text(json.dumps({"tests": list(tests), "lines": lines, "seconds": self.seconds}))

    @classmethod
    def load(cls, path: Path) -> Reach:
        read = json.loads(path.read_text())
        tests = read["tests"]
        lines = {
            module: {int(line): {tests[number] for number in found} for line, found in by_line.items()}
            for module, by_line in read["lines"].items()
        }
        return cls(lines, read["seconds"])

    def _all(self) -> Iterator[str]:
        return (test for by_line in self.lines.values() for found in by_line.values() for test in found)


class Watch:
    """Pytest's plugin that tells coverage which test runs, and times it."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured, self.seconds, self.failed = measured, dict[str, float](), set[str]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.measured.switch_context(item.nodeid)
        begun = time.perf_counter()
        done = yield
        self.seconds[item.nodeid] = time.perf_counter() - begun
        self.measured.switch_context("")
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def measure(tests: Path, source: Path, jobs: int, folder: Path) -> Reach:
    """Runs the tests once, in `jobs` processes of their own: the trials need one that never imported the product."""
    files = sorted(tests.rglob("test_*.py"), key=lambda path: (-path.stat().st_size, path))
    parts = [folder / f"reach-{job}.json" for job in range(jobs)]
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=_measure, args=([str(path) for path in files[job::jobs]], source, parts[job]))
        for job in range(jobs)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit("The unit tests could not be run: see above.")
    return _merged(map(Reach.load, parts))


def _merged(parts: Iterable[Reach]) -> Reach:
    whole = Reach()
    for part in parts:
        whole.seconds |= part.seconds
        for module, by_line in part.lines.items():
            of_module = whole.lines.setdefault(module, {})
            for line, tests in by_line.items():
                of_module[line] = of_module.get(line, set()) | tests
    return whole


def _measure(files: list[str], source: Path, into: Path) -> None:
    measured = coverage.Coverage(data_file=None, source=[str(source)], config_file=False)
    watch = Watch(measured)
    measured.start()
    code = pytest.main([*files, "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"], plugins=[watch])
    measured.stop()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.exit(int(code))
    for test in watch.failed:
        print(f"{test} fails without any mutant and is left out.")
    Reach(_lines(measured.get_data(), source.resolve().parent, watch.failed), watch.seconds).save(into)


def _lines(data: Any, root: Path, failed: set[str]) -> dict[str, dict[int, set[str]]]:
    found: dict[str, dict[int, set[str]]] = {}
    for file in data.measured_files():
        module = ".".join(Path(file).relative_to(root).with_suffix("").parts)
        lines = defaultdict(set)
        for line, contexts in data.contexts_by_lineno(file).items():
            lines[line] = {context for context in contexts if context} - failed
            lines[0] |= lines[line]
        found[module] = dict(lines)
    return found
