"""The key is disabled while a run is going: it stops at once, says why, and goes on when the key is back."""

from __future__ import annotations

from typing import Any

from tests.acceptance.underway import meanwhile
from tests.acceptance.world import World
from tests.builders import fault

from azsandbox.client import Client


def _enable(world: World, enabled: bool) -> None:
    key = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"]

    async def work(client: Client) -> Any:
        body = {"attributes": {"enabled": enabled}}
        return await client.send("PATCH", f"{key}?api-version=7.4", "https://vault.azure.net", json=body)

    world.azure(work)


def test_a_key_disabled_in_mid_run(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    slow = fault("PUT", "/environments/py", delay=4)
    result = meanwhile(world, slow, "environments/py", lambda: _enable(world, False))
    assert result.code == 6, result.out[-3000:]
    assert "can no longer be used" in result.event("run.end")["text"]
    error = result.event("error")
    assert "is disabled" in error["summary"] and "migrate doctor" in error["remedy"]
    # What had not begun is left alone, and nothing can be done while the key is away.
    assert result.event("run.end")["items"].get("remaining", 0) + result.event("run.end")["items"]["blocked"] >= 1
    assert world.migrate("run", "--resume").code == 6

    _enable(world, True)
    world.ok("run", "--resume")
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
