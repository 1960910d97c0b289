"""The workspace's own document is an item: what the target lacks of it is told, decided, and looked for afresh."""

from __future__ import annotations

import time
from typing import Any

from tests.acceptance.world import VERSION, World

OPENED, LOST = "workspace!setting-opened", "workspace!setting-lost"


def _patch(world: World, which: str, **body: Any) -> None:
    """Changes one of the workspaces, and waits until that is done."""
    path = world.documents[which]["id"]
    world.arm("PATCH", path, VERSION, body)
    while _document(world, which)["properties"]["provisioningState"] != "Succeeded":
        time.sleep(0.1)


def _document(world: World, which: str) -> Any:
    return world.arm("GET", world.documents[which]["id"], VERSION)


def test_a_target_less_strict_than_its_source_is_told_and_looked_at_afresh(small_world: World) -> None:
    world = small_world
    before = _document(world, "target")["properties"]
    _patch(world, "source", tags={"team": "fraud"}, properties={"publicNetworkAccess": "Disabled"})
    planned = world.ok("plan", *world.names)
    assert OPENED in planned.out and LOST in planned.out and "publicNetworkAccess" in planned.out
    [step] = [line for line in world.plan_lines() if line.get("address") == "workspace"]
    assert step["action"] == "adopt" and step["target_id"] == world.documents["target"]["id"]
    severities = {
        one["address"]: one["severity"] for one in world.asset_findings() if "workspace!" in one["address"]
    }
    assert severities == {OPENED: "error", LOST: "blocks"}
    assert "workspace" in world.ok("show", "workspace").out

    refused = world.migrate("run")
    assert refused.code == 4 and OPENED in refused.err
    world.ok("waive", OPENED, "--reason", "the target is closed next week")
    ran = world.migrate("run")
    assert ran.code == 3, "a finding that blocks green is not waived"
    assert "1 adopted" in ran.out

    # It is not taken on trust that the tag is there.
    still = world.migrate("done", LOST, "--json")
    assert still.code == 3 and LOST in still.event("error")["summary"]
    _patch(world, "target", tags={"team": "fraud", "cost": "1"})
    [done] = world.ok("done", LOST, "--json").event("done")["decisions"]
    assert done["seen"] is True
    verified = world.ok("verify", "--json").event("verify.end")
    assert verified["green"] and verified["items"]["adopted"] == 1

    # Closed is stricter; what is weakened later is a difference, whatever was let go before.
    _patch(world, "target", properties={"publicNetworkAccess": "Disabled"})
    world.ok("verify", "--depth", "metadata")
    _patch(world, "target", tags={"cost": "1"}, properties={"publicNetworkAccess": "Disabled"})
    weaker = world.migrate("verify", "--depth", "metadata", "--json")
    [difference] = weaker.event("verify.end")["differences"]
    assert weaker.code == 3 and (difference["address"], difference["field"]) == ("workspace", "setting-lost")
    # Nothing was written: it is still what its owner made it.
    after = _document(world, "target")["properties"]
    assert {name for name in after if after[name] != before.get(name)} <= {
        "publicNetworkAccess",
        "provisioningState",
    }
