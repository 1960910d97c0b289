"""The command while it is under way: what it has told so far, and how it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.acceptance import ready
from tests.acceptance.world import MIGRATE, Result, World


class UnderWay:
    """One command with `--json`, as `World.migrate` runs it.

    `installed`: as a user starts it. `program`: Python that runs it in another way than its console script.
    """

    def __init__(self, world: World, *arguments: str, program: str = "", installed: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._out, self._err = (Path(self._folder.name) / name for name in ("out", "err"))
        env = {**os.environ, **world.env}
        self._lines: list[str] = []
        with self._out.open("wb") as out, self._err.open("wb") as err:
            if program or installed:
                command = [sys.executable, "-c", program] if program else [str(MIGRATE)]
                env |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
                self._process = subprocess.Popen(
                    [*command, *arguments, "--json"], cwd=world.folder, env=env, stdout=out, stderr=err
                )
                self._pid, self._ended = self._process.pid, None
            else:
                files = out.fileno(), err.fileno()
                self._pid, self._ended = ready.start(
                    (*arguments, "--json"), world.folder, env, files, world.program
                )
        self._told = self._out.open(encoding="utf-8")
        self._code: int | None = None

    def until(self, name: str, address: str = "") -> dict[str, Any]:
        """Waits for an event of that name, about that address where one is named."""
        while line := self._line():
            event: dict[str, Any] = json.loads(line)
            if event["event"] == name and event.get("address", "").startswith(address):
                return event
        raise AssertionError(f"no {name}: {self._lines[-3:]} {self.end().err[-1000:]}")

    def _line(self) -> str:
        """The next whole line; empty once it has ended and told all."""
        # What is there already is not waited for: who reads must not fall behind the command.
        line = self._told.readline()
        while not line.endswith("\n"):
            over = self._over(0.01)
            line += self._told.readline()
            if over and not line.endswith("\n"):
                return ""
        self._lines.append(line)
        return line

    def _over(self, seconds: float) -> bool:
        """Whether it ends within that time."""
        if self._code is not None:
            return True
        if self._ended is None:
            with suppress(subprocess.TimeoutExpired):
                self._code = self._process.wait(seconds)
        elif select.select([self._ended], [], [], seconds)[0]:
            self._code = int(self._ended.recv(20))
        return self._code is not None

    def signal(self, *numbers: int) -> float:
        """Sends signals, and returns when that was."""
        for number in numbers:
            os.kill(self._pid, number)
        return time.monotonic()

    def end(self, timeout: float = 30) -> Result:
        """Waits for its end."""
        if not self._over(timeout):
            raise TimeoutError(f"it goes on after {timeout} seconds: {self._out.read_text()[-1000:]}")
        assert self._code is not None
        return Result(self._code, self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    def close(self) -> None:
        """Kills it where it goes on."""
        if not self._over(0):
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._over(30)
        self._told.close()
        self._folder.cleanup()
        if self._ended:
            self._ended.close()


@contextmanager
def under_way(
    world: World, rules: list[dict[str, Any]], *arguments: str, program: str = "", installed: bool = False
) -> Iterator[UnderWay]:
    """A command while these rules of the sandbox are in force."""
    world.set_faults(*rules)
    command = UnderWay(world, *arguments, program=program, installed=installed)
    try:
        yield command
    finally:
        world.sandbox("faults", "clear")
        command.close()


def meanwhile(world: World, rule: dict[str, Any], step: str, work: Callable[[], Any], *more: str) -> Result:
    """A run under a rule that slows a call down, and `work` done once a step of that start has begun."""
    with under_way(world, [rule], "run", *more) as command:
        command.until("step.doing", step)
        # The calls that come before the slow one are made in the meantime.
        time.sleep(1.5)
        work()
        return command.end(60)
