"""Fifty kills at random moments of runs on real input, each resumed from: the end is as if there had been none."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from typing import Any

import pytest

from tests.acceptance.test_real_input import check_target
from tests.acceptance.world import MIGRATE, World, make_world
from tests.invariants.everything import changes

KILLS = int(os.environ.get("KILLS", "50"))


def _killed_after(world: World, seconds: float, *arguments: str) -> int:
    """Runs, and kills it after so long; its exit code, 0 if it was done before."""
    command = [str(MIGRATE), *arguments, "--json"]
    process = subprocess.Popen(
        command, cwd=world.folder, env={**os.environ, **world.env}, stdout=subprocess.DEVNULL
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


def _planned(sandbox: Any, folders: pytest.TempPathFactory, real_input: Any) -> World:
    world = make_world(sandbox, folders.mktemp("fifty"))
    world.seed(*real_input)
    world.ok("plan", *world.names)
    return world


def _report(world: World) -> dict[str, Any]:
    status = world.ok("status", "--json").event("status")
    return {"items": status["items"], "left": len(status["left"])}


def _undisturbed(world: World) -> tuple[dict[str, Any], Counter[tuple[str, str]], float]:
    since, begun = world.now(), time.monotonic()
    world.ok("run")
    return _report(world), changes(world, since), time.monotonic() - begun


@pytest.mark.crash
@pytest.mark.timeout(3600)
def test_fifty_kills(sandbox: Any, tmp_path_factory: pytest.TempPathFactory, real_input: Any) -> None:
    seed = int(os.environ.get("KILL_SEED", random.randrange(10_000)))
    print("seed", seed)
    chance = random.Random(seed)
    report, usual, seconds = _undisturbed(_planned(sandbox, tmp_path_factory, real_input))
    killed = 0
    while killed < KILLS:
        world = _planned(sandbox, tmp_path_factory, real_input)
        since, kills = world.now(), 0
        code = _killed_after(world, chance.uniform(0, seconds), "run")
        while code == -signal.SIGKILL:
            kills += 1
            code = _killed_after(world, chance.uniform(0, seconds), "run", "--resume")
        assert code == 0
        killed += kills
        found = changes(world, since)
        assert found.keys() == usual.keys()
        assert {key: n for key, n in found.items() if not 0 <= n - usual[key] <= kills} == {}
        assert _report(world) == report
        assert world.ok("verify", "--json").event("verify.end")["green"] is True
        check_target(world, real_input)
