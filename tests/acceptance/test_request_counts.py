"""How many requests a move makes for each thing it moves: the count that grows with a workspace."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.acceptance import alone
from tests.acceptance.world import LEASE, World
from tests.bench.workload import Workload, seed

# A role that others' tests assigned to the whole subscription is one more that may use the key, and is read.
sandbox = alone.sandbox
LOAD = Workload(assets=200, blobs=250)
# Models and data have a folder of their own for each version.
PREFIXES = LOAD.assets * 75 // 100
ENVIRONMENTS = LOAD.assets * 15 // 100
# What a command asks however little there is: sign-in, workspaces, empty collections, the key, who may use it, what the vault
# lists, what the identities may do elsewhere.
FEW = 133
# Seconds that the run may take.
LONGEST = 120
NAMES = LOAD.assets // 10


def _counted(rows: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        if row["path"].endswith(LEASE):
            continue
        service = "blob" if ".blob." in row["host"] else "arm"
        what = "LIST" if "comp=list" in row.get("query", "") else row["method"]
        found[f"{service} {what}"] += 1
    return found


def _asked(world: World, *arguments: str) -> Counter[str]:
    begun = world.now()
    world.ok(*arguments)
    rows = world.log(begun)
    # A command reads each workspace itself once, by each api-version that it has to; and a run both once more, for
    # the step that is about the workspace, before that acts.
    names = tuple(f"/workspaces/{name}" for name in (world.source, world.target))
    own = Counter(
        (row["path"][-12:], row["query"]) for row in rows if row["method"] == "GET" and row["path"].endswith(names)
    )
    assert set(own.values()) == {2 if arguments == ("run",) else 1} and len(own) == 4, own
    return _counted(rows)


def test_a_move_asks_no_more_than_it_needs(world: World) -> None:
    seed(world, LOAD)
    plan = _asked(world, "plan", *world.names)
    # A page of each name's versions, a listing of each container; nothing for each version or blob.
    assert plan["arm GET"] <= NAMES + FEW
    assert plan["blob LIST"] <= 12
    # The stored access policies of the one container, on both sides.
    assert plan["blob GET"] == 2
    assert plan["blob HEAD"] + plan["blob PUT"] + plan["arm PUT"] == 0

    begun = world.now()
    run = _asked(world, "run")
    # Sought, its blob made, taken, its holder written down, given up; and a renewal every ten seconds.
    lease = [row for row in world.log(begun) if row["path"].endswith(LEASE)]
    assert len(lease) <= 5 + LONGEST // 10
    # Each version: its source read again, one change, its target read back; of an environment, whose PUT does
    # not tell a new one, the target is read before as well.
    assert run["arm PUT"] == LOAD.assets
    assert run["arm GET"] <= 2 * LOAD.assets + ENVIRONMENTS + NAMES + FEW
    # Each prefix: both sides listed, and the target's once more when it is there.
    assert run["blob PUT"] == LOAD.blobs
    assert run["blob LIST"] <= 3 * PREFIXES + 12
    assert run["blob GET"] + run["blob HEAD"] == 0

    verify = _asked(world, "verify")
    assert verify["arm GET"] <= 2 * NAMES + FEW
    assert verify["blob GET"] == 2 * LOAD.blobs + 2
    assert verify["blob LIST"] <= 12
    assert verify["arm PUT"] + verify["blob PUT"] == 0
