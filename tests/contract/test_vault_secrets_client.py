"""The way to the secrets of a workspace's vault, against the local Azure: lists, versions, restores, lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.world import World, make_world
from tests.builders import fault
from tests.builders.vaults import Vault

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.kinds import all_kinds

# What lies in a vault is what the kinds say to.
all_kinds()
LIST, TOKEN = "vaultSecrets", "vaultSecrets/token"


@pytest.fixture(scope="module")
def made(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for a module: the secrets of a source."""
    world = make_world(sandbox, tmp_path_factory.mktemp("secrets"))
    vault = Vault(world, "source")
    for number in range(3):
        vault.set("token", f"value {number}", tags={"n": str(number)})
    vault.set_through_workspace("other", "theirs")
    return world


@pytest.fixture
def world(made: World, azure_env: Any) -> Iterator[World]:
    """The target has none of what an earlier test made there."""
    yield made
    made.set_faults()


def _port(side: Side, world: World, which: str) -> WorkspaceClient:
    return side.workspace(WorkspaceRef.parse(world.documents[which]["id"]))


async def _all(port: WorkspaceClient) -> dict[str, dict[str, Any]]:
    return {item["name"]: item["properties"] async for item in port.pages(LIST)}


async def test_both_lists_are_told_together_and_have_no_values(side: Side, world: World) -> None:
    found = await _all(_port(side, world, "source"))
    assert {name: (one["inVault"], one["throughWorkspace"]) for name, one in found.items()} == {
        "token": (True, False),
        "other": (True, True),
    }
    assert await _all(_port(side, world, "target")) == {}
    assert "value" not in str(found)


async def test_one_has_its_versions_in_order_and_one_that_is_not_there_is_none(side: Side, world: World) -> None:
    port = _port(side, world, "source")
    found = await port.get(TOKEN)
    assert found is not None and found["tags"] == {"n": "2"} and len(found["properties"]["versions"]) == 3
    assert (await port.post(f"{TOKEN}/value"))["id"].endswith(found["properties"]["versions"][-1])
    assert await port.get("vaultSecrets/none") is None
    assert await _port(side, world, "target").get(TOKEN) is None


async def test_a_list_that_a_right_is_missing_for_tells_what_the_workspace_lists(side: Side, world: World) -> None:
    body = {"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByRbac"}}}
    world.set_faults(fault("GET", "^/secrets$", host=r"\.vault\.", status=403, body=body))
    seen = []
    with pytest.raises(ServiceError) as caught:
        async for item in _port(side, world, "source").pages(LIST):
            seen.append((item["name"], item["properties"].get("inVault")))
    assert seen == [("other", None)] and caught.value.codes[-1] == "ForbiddenByRbac"
    world.set_faults(
        fault("GET", "/credential/", status=404, body={"error": {"code": "NotFound", "message": "-"}})
    )
    assert "throughWorkspace" not in (await _all(_port(side, world, "source")))["other"]


@pytest.mark.parametrize("lost", [False, True])
async def test_it_is_restored_once_and_then_refused(side: Side, world: World, lost: bool) -> None:
    source, target = (_port(side, world, which) for which in ("source", "target"))
    name = "vaultSecrets/again" if lost else TOKEN
    if lost:
        Vault(world, "source").set("again", "value")
        world.set_faults(fault("POST", "/secrets/restore", drop="after", times=1))
    backup = (await source.post(f"{name}/backup"))["value"]
    done = await target.put(name, {"properties": {"backup": backup}})
    there, here = await target.get(name), await source.get(name)
    assert there is not None and here is not None and done.document == there
    assert there["properties"]["versions"] == here["properties"]["versions"]
    with pytest.raises(ServiceError) as caught:
        await target.put(name, {"properties": {"backup": backup}})
    assert caught.value.taken


@pytest.mark.parametrize("drop", ["", "before", "after"])
async def test_a_value_is_set_once_whatever_becomes_of_the_answer(side: Side, world: World, drop: str) -> None:
    name = f"set{drop}"
    target, vault = _port(side, world, "target"), Vault(world, "target")
    if drop:
        world.set_faults(fault("PUT", f"/secrets/{name}", drop=drop, times=1))
    attributes = {"enabled": True, "nbf": 1_700_000_000, "exp": 1_900_000_000, "created": 1}
    properties = {"value": "TOP SECRET", "contentType": "text/plain", "attributes": attributes}
    await target.put(f"vaultSecrets/{name}", {"tags": {"a": "b"}, "properties": properties})
    found = vault.secret(name)
    assert (found["value"], found["contentType"], found["tags"]) == ("TOP SECRET", "text/plain", {"a": "b"})
    assert (found["attributes"]["nbf"], found["attributes"]["exp"]) == (1_700_000_000, 1_900_000_000)
    assert len(vault.versions(name)) == 1


@pytest.mark.parametrize("way", ["value", "backup"])
async def test_a_deleted_one_keeps_its_name_and_what_to_do_is_said(side: Side, world: World, way: str) -> None:
    name, vault = f"gone{way}", Vault(world, "target")
    Vault(world, "source").set(name, "TOP SECRET")
    vault.set(name, "TOP SECRET")
    vault.send("DELETE", f"secrets/{name}")
    sent = (await _port(side, world, "source").post(f"vaultSecrets/{name}/{way}"))["value"]
    with pytest.raises(ConflictError) as caught:
        await _port(side, world, "target").put(f"vaultSecrets/{name}", {"properties": {way: sent}})
    assert f"secret recover --vault-name {vault.id.rpartition('/')[2]} --name {name}" in caught.value.remedy
    vault.send("POST", f"deletedsecrets/{name}/recover")
