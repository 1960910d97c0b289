"""The installed command while it is under way: what it has told so far, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.acceptance.world import MIGRATE, Result, World


class UnderWay:
    """One command with `--json`; `program` is Python that runs it in another way than its console script."""

    def __init__(self, world: World, *arguments: str, program: str = "") -> None:
        command = [sys.executable, "-c", program] if program else [str(MIGRATE)]
        self.process = subprocess.Popen(
            [*command, *arguments, "--json"],
            cwd=world.folder,
            env={**os.environ, **world.env, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []

    def until(self, name: str, address: str = "") -> dict[str, Any]:
        """Waits for an event of that name, about that address where one is named."""
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.append(line)
            event: dict[str, Any] = json.loads(line)
            if event["event"] == name and event.get("address", "").startswith(address):
                return event
        raise AssertionError(f"no {name}: {self._lines[-3:]} {self.end().err[-1000:]}")

    def signal(self, *numbers: int) -> float:
        """Sends signals, and returns when that was."""
        for number in numbers:
            self.process.send_signal(number)
        return time.monotonic()

    def end(self, timeout: float = 30) -> Result:
        """Waits for its end."""
        out, err = self.process.communicate(timeout=timeout)
        return Result(self.process.returncode, "".join(self._lines) + out, err)


@contextmanager
def under_way(world: World, rules: list[dict[str, Any]], *arguments: str, program: str = "") -> Iterator[UnderWay]:
    """A command while these rules of the sandbox are in force."""
    world.set_faults(*rules)
    command = UnderWay(world, *arguments, program=program)
    try:
        yield command
    finally:
        world.sandbox("faults", "clear")
        command.process.kill()
        command.process.communicate()


def meanwhile(world: World, rule: dict[str, Any], step: str, work: Callable[[], Any], *more: str) -> Result:
    """A run under a rule that slows a call down, and `work` done once a step of that start has begun."""
    with under_way(world, [rule], "run", *more) as command:
        command.until("step.doing", step)
        # The calls that come before the slow one are made in the meantime.
        time.sleep(1.5)
        work()
        return command.end(60)
