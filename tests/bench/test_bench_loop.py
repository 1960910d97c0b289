"""Against a plain loop over MLClient, on real input, with 20 ms on every call."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.measuring import Figures, spent

from azsandbox.seed import read_lines
from azsandbox.settings import Options

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
LATENCY_MS = 20.0
TIMES = 10.0


def test_ten_times_faster_than_a_loop(
    fresh: Callable[..., World], shared: Path, figures: Figures, tmp_path: Path
) -> None:
    folder = shared / "real" / "azureml-examples"
    real_input = (read_lines(folder / "resources.jsonl"), read_lines(folder / "blobs.jsonl"))
    slow = Options(arm_limits="off", latency_ms=LATENCY_MS)
    world = fresh(slow, "loop")
    world.seed(*real_input)
    names = (world.env["AZURE_SUBSCRIPTION_ID"], world.group, world.source, world.target)
    script = Path(__file__).with_name("sdk_loop.py")
    loop = spent([sys.executable, script, *names, tmp_path / "bytes"], world.folder, world.env)
    end = json.loads(loop.out.splitlines()[-1])
    for address, reason in end["skipped"].items():
        print(f"the loop could not carry {address}: {reason}")

    world = fresh(slow, "ours")
    world.seed(*real_input)
    plan = spent([MIGRATE, "plan", *world.names, "--json"], world.folder, world.env)
    run = spent([MIGRATE, "run", "--json"], world.folder, world.env)
    ours = plan.wall + run.wall
    ratio = loop.wall / ours
    figures.add(
        f"real input, {LATENCY_MS:.0f} ms a call: a loop over MLClient",
        f"{loop.wall:.1f} s for {end['made']} assets; {len(end['skipped'])} it could not carry",
    )
    assert figures.add(
        "the same: `migrate plan` and `migrate run`",
        f"{plan.wall:.1f} s + {run.wall:.1f} s for {len(real_input[0])} assets: {ratio:.1f} times faster",
        f"at least {TIMES:.0f} times",
        holds=ratio >= TIMES,
    )
