"""A workspace without one of the datastores that the service makes loses nothing of what lies behind it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.acceptance.world import World
from tests.builders import fault

from azsandbox.seed import CODE_SHARE, Seeder


def _without(world: World, which: str, *names: str) -> dict[str, Any]:
    """A rule by which a workspace shows no such datastores; the service lets nobody delete them."""
    left = [item for item in world.items("datastores", of=which) if item["name"] not in names]
    name = world.source if which == "source" else world.target
    return fault("GET", f"/workspaces/{name}/datastores$", times=0, status=200, body={"value": left})


@pytest.fixture
def full(small_world: World) -> World:
    """With a job's artifacts, and a notebook."""
    world = small_world
    rows = [{"share": CODE_SHARE, "path": "Users/ann/a.ipynb", "bytes": 12}]

    async def work(client: Any) -> None:
        await (await Seeder.of(client, world.documents["source"]["id"])).files(rows)

    world.azure(work)
    world.seed([], [{"container": "azureml", "path": "ExperimentRun/dcid.j/model", "bytes": 7}])
    return world


def _manual(world: World) -> dict[str, str]:
    return {line["address"]: line["reason"] for line in world.plan_lines() if line.get("action") == "manual"}


def test_in_the_source(full: World) -> None:
    world = full
    rule = _without(world, "source", "workspaceworkingdirectory", "workspacefilestore", "workspaceartifactstore")
    assert world.with_faults([rule], "plan", *world.names, "--unreferenced", "copy").code == 0
    found = _manual(world)
    # The list of connections has the datastore that its own list hides: nothing says that it is the same.
    assert set(found) == {f"shares/{CODE_SHARE}", "blobs/azureml", "connections/workspaceartifactstore"}
    assert "1 blob with 7 bytes in a container that no datastore points to on both sides" in found["blobs/azureml"]
    # What comes there later is found as in any other.
    world.seed([], [{"container": "azureml", "path": "late", "bytes": 7}])
    refused = world.with_faults([rule], "run")
    assert refused.code == 4 and "blobs/azureml" in refused.err
