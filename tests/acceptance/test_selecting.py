"""A part of a workspace: what it needs comes along, and the rest is said to be left."""

from __future__ import annotations

import socket
from typing import Any

from tests.acceptance.world import World


def _steps(world: World) -> dict[str, dict[str, Any]]:
    return {line["address"]: line for line in world.plan_lines() if line["record"] == "step"}


def test_what_is_selected_brings_what_it_needs(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names, "--select", "components/*", "--select", "models/m/2")
    header = world.plan_lines()[0]
    assert header["options"]["select"] == ["components/*", "models/m/2"]
    assert header["options"]["unreferenced"] == "list" and header["options"]["require_approval"] is False
    assert header["planned_by"]["identity"]["app_id"] == world.env["AZURE_CLIENT_ID"]
    assert header["planned_by"]["identity"]["tenant_id"] == world.env["AZURE_TENANT_ID"]
    assert header["planned_by"]["user"] and header["planned_by"]["host"] == socket.gethostname()
    actions = {address: (step["action"], step["reason"]) for address, step in _steps(world).items()}
    container = f"blobs/{world.container('source')}"
    assert actions["components/c/1"][0] == actions["models/m/2"][0] == "create"
    assert actions["environments/py/1"][0] == "create", "the component needs it"
    assert actions[f"{container}/m/2"][0] == "copy"
    for address in ("models/m/1", "data/d/1", f"{container}/m/1", f"{container}/d"):
        assert actions[address] == ("skip", "left by selection"), address
    assert container not in actions, "each blob belongs to an asset, though not to a selected one"
    run = world.ok("run", "--json").event("run.end")
    assert run["items"]["left by selection"] == 4 and run["left"] == []
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    assert set(world.blobs("target")) == {"m/2/a"}
