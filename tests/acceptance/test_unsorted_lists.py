"""A service that lists its blobs in no order that Azure has: all moves, and each command that compares tells it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance import alone
from tests.acceptance.world import World
from tests.builders.rows import data

sandbox = alone.sandbox
# More than a page.
BLOBS, MISSING = 5_003, 3


def _made_up(world: World, order: str) -> None:
    made = {
        f"{world.account(side)}/{world.container(side)}": {
            "folder": "tree",
            "blobs": BLOBS,
            "missing": missing,
            "order": order,
        }
        for side, missing in (("source", 0), ("target", MISSING))
    }
    Path(world.env["AZSANDBOX_STATE"], "made-up.json").write_text(json.dumps(made))


def test_what_comes_in_no_order_is_sorted_compared_and_told(world: World) -> None:
    world.seed([data("d", "tree")], [])
    _made_up(world, "falling")
    planned = world.ok("plan", *world.names)
    said = [one["summary"] for one in world.asset_findings() if one["address"].endswith("!list-not-sorted")]
    assert len(said) == 2
    for side in ("source", "target"):
        assert any(f"'{world.container(side)}' in '{world.account(side)}'" in one for one in said)
    assert "did not come in the order" in planned.err
    [copy] = [line for line in world.plan_lines() if str(line.get("address", "")).endswith("/tree")]
    assert (copy["blobs"], copy["reason"]) == (BLOBS, f"{MISSING} not in the target")
    world.ok("run")
    verified = world.ok("verify", "--json")
    end = verified.event("verify.end")
    assert end["green"] is True and end["same"]["blobs"] == BLOBS
    assert "did not come in the order" in verified.err
    evidence = world.folder / "plans" / world.source / "evidence"
    [report] = sorted(evidence.glob("*-verify.json"))
    told = [one for one in json.loads(report.read_text())["found"] if one["code"] == "list-not-sorted"]
    assert len(told) == 2
    [manifest] = evidence.glob("*-manifest-source.jsonl")
    paths = [json.loads(line)["path"] for line in manifest.read_text().splitlines()]
    assert paths == sorted(paths) and len(paths) == BLOBS
