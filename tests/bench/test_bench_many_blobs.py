"""Three hundred thousand blobs, in lists that the local Azure makes up: the memory of each command, beside a few."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.measuring import Figures, Spent, spent

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
MANY, FEW = 300_000, 3_000
# So many are copied by the run; all others are in the target already.
MISSING = 20_000
MOST_MIB = 300
FOLDER = "tree"


def _made_up(world: World, blobs: int, missing: int) -> None:
    """Has both containers list so many blobs, the target's all but those missing."""
    sides = {"source": 0, "target": missing}
    made = {
        f"{world.account(side)}/{world.container(side)}": {"folder": FOLDER, "blobs": blobs, "missing": left}
        for side, left in sides.items()
    }
    Path(world.env["AZSANDBOX_STATE"], "made-up.json").write_text(json.dumps(made))


def _way(world: World, blobs: int, missing: int) -> dict[str, Spent]:
    """Plan, run and verify of a folder of so many blobs."""
    uri = f"azureml://datastores/workspaceblobstore/paths/{FOLDER}"
    data = {"kind": "data", "name": "d", "version": "1", "properties": {"dataType": "uri_folder", "dataUri": uri}}
    world.seed([data], [])
    _made_up(world, blobs, missing)
    found = {
        "plan": spent([MIGRATE, "plan", *world.names, "--json"], world.folder, world.env),
        "run": spent([MIGRATE, "run", "--json"], world.folder, world.env),
        "verify": spent([MIGRATE, "verify", "--json"], world.folder, world.env),
    }
    end = json.loads(found["verify"].out.splitlines()[-1])
    assert end["green"] is True and end["same"]["blobs"] == blobs
    return found


def test_memory_does_not_grow_with_the_number_of_blobs(fresh: Callable[..., World], figures: Figures) -> None:
    few = _way(fresh(name="few"), FEW, FEW // 10)
    many = _way(fresh(name="many"), MANY, MISSING)
    held = [
        figures.add(
            f"`migrate {name}` of {MANY:,} blobs below one prefix"
            + (f", {MISSING:,} of them not in the target" if name == "run" else ""),
            f"{one.mib:.0f} MiB at its peak ({few[name].mib:.0f} at {FEW:,} blobs), {one.wall:.0f} s,"
            f" {one.cpu:.0f} s of processor",
            f"below {MOST_MIB} MiB",
            holds=one.mib < MOST_MIB,
        )
        for name, one in many.items()
    ]
    assert all(held)
