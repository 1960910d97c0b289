"""One mutant held to its tests, in a process of its own that has all libraries loaded already."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import pkgutil
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import CodeType, ModuleType

import pytest

from tests.mutation.mutants import Mutant

OWN = ("amlmigrate", "azsandbox", "tests")
MEMORY = 4 << 30
# The libraries are loaded before pytest would look at them.
_LOADED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
ARGUMENTS = [
    "-W",
    _LOADED,
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--tb=no",
    "--no-header",
    "--timeout=60",
]


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant, the tests to hold it to, and the seconds that they may take. A `control` changes nothing."""

    mutant: Mutant
    tests: list[str]
    allowed: float
    control: bool = False

    def source(self) -> str:
        """The text of the module to import instead of its own."""
        return self.mutant.path.read_text() if self.control else self.mutant.source()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended; a mutant that no test reaches survives."""

    trial: Trial
    seconds: float
    killed: bool
    how: str


class Changed(importlib.abc.MetaPathFinder):
    """Finds one module with another text."""

    def __init__(self, mutant: Mutant, source: str) -> None:
        self.mutant, self.source = mutant, source

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.mutant.module:
            return None
        loader = _Text(name, str(self.mutant.path.resolve()), self.source)
        return importlib.util.spec_from_loader(name, loader)


class _Text(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self.source, self.path, "exec", dont_inherit=True)
        return code


def load_libraries() -> None:
    """Imports the product once for the libraries that it uses, and forgets the product itself."""
    package = importlib.import_module("amlmigrate")
    for module in pkgutil.walk_packages(package.__path__, "amlmigrate."):
        importlib.import_module(module.name)
    importlib.import_module("hypothesis")
    for name in [name for name in sys.modules if name.split(".")[0] == "amlmigrate"]:
        del sys.modules[name]


def hold(trials: Iterable[Trial], jobs: int) -> Iterator[Ended]:
    """Makes the trials, `jobs` at a time; none outlives an interruption."""
    running: dict[BaseProcess, tuple[Trial, float]] = {}
    try:
        for trial in trials:
            if not trial.tests:
                yield Ended(trial, 0.0, killed=False, how="no test reaches it")
                continue
            while len(running) >= jobs:
                yield from _reap(running)
            process = multiprocessing.get_context("fork").Process(target=_try, args=(trial,))
            process.start()
            running[process] = (trial, time.monotonic())
        while running:
            yield from _reap(running)
    finally:
        for process in running:
            _kill(process)


def _reap(running: dict[BaseProcess, tuple[Trial, float]]) -> Iterator[Ended]:
    wait([process.sentinel for process in running], timeout=0.5)
    for process, (trial, begun) in list(running.items()):
        took, late = time.monotonic() - begun, process.is_alive()
        if late and took < trial.allowed:
            continue
        if late:
            _kill(process)
        process.join()
        del running[process]
        how = "out of time" if late else "passed" if process.exitcode == 0 else f"exit {process.exitcode}"
        yield Ended(trial, took, late or process.exitcode != 0, how)


def _kill(process: BaseProcess) -> None:
    """Ends it with all that it started: its group is its own, once it has come so far."""
    process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)


def _try(trial: Trial) -> None:
    """Ends the process with pytest's exit code: 0 where no test saw the change."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, Changed(trial.mutant, trial.source()))
    sys.exit(int(pytest.main([*ARGUMENTS, *trial.tests])))
