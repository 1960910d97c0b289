"""Fifty kills at random moments of one run on real input, each resumed from: the end is as if there had been none."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from typing import Any

import pytest

from tests.acceptance.test_real_input import check_target
from tests.acceptance.world import MIGRATE, World, make_world

KILLS = 50


def _killed_after(world: World, steps: int, *arguments: str) -> int:
    """Runs, and kills it once so many steps are done; its exit code, 0 if it was done before."""
    process = subprocess.Popen(
        [str(MIGRATE), *arguments, "--json"],
        cwd=world.folder,
        env={**os.environ, **world.env},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    done = 0
    for line in process.stdout:
        done += json.loads(line)["event"] == "step.done"
        if done == steps:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    return process.wait()


@pytest.mark.crash
@pytest.mark.timeout(3600)
def test_fifty_kills(sandbox: Any, tmp_path_factory: pytest.TempPathFactory, real_input: Any) -> None:
    seed = int(os.environ.get("KILL_SEED", random.randrange(10_000)))
    print("seed", seed)
    chance = random.Random(seed)
    killed = 0
    while killed < KILLS:
        world = make_world(sandbox, tmp_path_factory.mktemp("fifty"))
        world.seed(*real_input)
        world.ok("plan", *world.names)
        code = _killed_after(world, chance.randrange(1, 25), "run")
        while code == -signal.SIGKILL:
            killed += 1
            code = _killed_after(world, chance.randrange(1, 25), "run", "--resume")
        assert code == 0
        assert world.ok("verify", "--json").event("verify.end")["green"] is True
        check_target(world, real_input)
