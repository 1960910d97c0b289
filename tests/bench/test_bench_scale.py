"""Twenty thousand versions and fifty thousand blobs: memory, time for each, and a resume."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.measuring import Figures, Spent, spent
from tests.bench.workload import Workload, seed

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]
LARGE = Workload(20_000, 50_000)
SMALL = Workload(2_000, 5_000)
MOST_MIB = 400
RESUME_SECONDS = 5
# Time for each asset at LARGE against that at SMALL.
GROWTH = 1.2


def _way(world: World, load: Workload) -> dict[str, Spent]:
    """Plan, run and verify of a workload, and the resume of what is finished."""
    seed(world, load)
    found = {
        "plan": spent([MIGRATE, "plan", *world.names, "--json"], world.folder, world.env),
        "run": spent([MIGRATE, "run", "--json"], world.folder, world.env),
        "verify": spent([MIGRATE, "verify", "--json"], world.folder, world.env),
        "resume": spent([MIGRATE, "run", "--resume", "--json"], world.folder, world.env),
    }
    end = json.loads(found["verify"].out.splitlines()[-1])
    assert end["green"] is True
    assert end["items"]["migrated"] >= load.assets
    return found


def test_memory_and_time_for_each_asset(fresh: Callable[..., World], figures: Figures) -> None:
    small = _way(fresh(name="small"), SMALL)
    large = _way(fresh(name="large"), LARGE)
    held = []
    for name in ("plan", "run", "verify"):
        each = [1000 * found[name].wall / load.assets for found, load in ((small, SMALL), (large, LARGE))]
        held.append(
            figures.add(
                f"`migrate {name}` of {LARGE.assets} versions and {LARGE.blobs} blobs",
                f"{large[name].wall:.0f} s, {large[name].cpu:.0f} s of processor, {large[name].mib:.0f} MiB at its peak",
                f"below {MOST_MIB} MiB",
                holds=large[name].mib < MOST_MIB,
            )
        )
        held.append(
            figures.add(
                f"the same: time for each version, against {SMALL.assets} versions",
                f"{each[1]:.1f} ms against {each[0]:.1f} ms: {each[1] / each[0]:.2f}",
                f"at most {GROWTH}",
                holds=each[1] <= each[0] * GROWTH,
            )
        )
    held.append(
        figures.add(
            "`migrate run --resume` of that run, finished",
            f"{large['resume'].wall:.1f} s, {large['resume'].mib:.0f} MiB",
            f"below {RESUME_SECONDS} s",
            holds=large["resume"].wall < RESUME_SECONDS,
        )
    )
    assert all(held)


# Copies under way when a run is killed: the connections of one side.
IN_FLIGHT = 32


def _puts(world: World) -> list[dict[str, Any]]:
    account = world.account("target")
    return [row for row in world.log("") if row["method"] == "PUT" and row["host"].startswith(f"{account}.blob.")]


def _killed(world: World, after: int) -> None:
    """Starts a run and kills it once it has written so many blobs."""
    log = world.folder / "killed.out"
    with log.open("w") as output:
        process = subprocess.Popen(
            [MIGRATE, "run", "--json"], cwd=world.folder, env={**os.environ, **world.env}, stdout=output
        )
    with Path(world.env["AZSANDBOX_STATE"], "log.jsonl").open() as lines:
        lines.seek(0, os.SEEK_END)
        written = 0
        while written < after:
            assert process.poll() is None, log.read_text()[-2000:]
            found = lines.readlines()
            written += sum('"PUT"' in line and ".blob." in line for line in found)
            time.sleep(0.2)
    process.kill()
    process.wait()
    time.sleep(2)  # what was under way ends in the service


def test_a_copy_killed_half_way_goes_on_where_it_was(fresh: Callable[..., World], figures: Figures) -> None:
    world = fresh()
    uri = "azureml://datastores/workspaceblobstore/paths/tree"
    rows = [{"container": "azureml-blobstore", "path": f"tree/{n % 100}/part-{n:05d}", "bytes": 50 + n % 50}
            for n in range(LARGE.blobs)]  # fmt: skip
    for start in range(0, len(rows), 5000):
        world.seed([], rows[start : start + 5000])
    world.seed(
        [{"kind": "data", "name": "d", "version": "1", "properties": {"dataType": "uri_folder", "dataUri": uri}}],
        [],
    )
    world.ok("plan", *world.names)
    _killed(world, LARGE.blobs // 2)
    first = _puts(world)
    resumed = spent([MIGRATE, "run", "--resume", "--json"], world.folder, world.env)
    second = len(_puts(world)) - len(first)
    rest = LARGE.blobs - sum(row["status"] == 201 for row in first)
    assert len(world.blobs("target")) == LARGE.blobs
    held = figures.add(
        f"a copy of {LARGE.blobs} blobs below one prefix, killed half-way and resumed",
        f"{second} PUTs for the {rest} that were left, {resumed.mib:.0f} MiB at its peak",
        f"no more than the rest and {IN_FLIGHT} under way",
        holds=second <= rest + IN_FLIGHT,
    )
    assert held
