"""Several sandboxes at once have nothing in common, and what one holds survives its restart."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from live import azure

from azsandbox import lifetime, provision
from azsandbox.client import Client, Refused
from azsandbox.seed import DEFAULT_CONTAINER, Seeder
from azsandbox.settings import Options, environment
from azsandbox.state import StateFolder

ARM, STORAGE, VAULT = "https://management.azure.com", "https://storage.azure.com", "https://vault.azure.net"
ML = "2025-12-01"


@contextmanager
def _up(folder: Path) -> Iterator[tuple[dict[str, str], subprocess.Popen[bytes]]]:
    state = StateFolder(folder)
    process = lifetime.detach(state, Options(arm_limits="off"))
    try:
        yield environment(state, state.announced()["port"]), process
    finally:
        if process.poll() is None:
            lifetime.stop(state)
        process.wait()


async def _written(client: Client, text: str) -> None:
    group = await provision.group(client, "same")
    await provision.storage_account(client, group, "sameaccount")
    await client.create_container("sameaccount", "con")
    await client.upload("sameaccount", "con/b", text.encode())
    await client.arm("PUT", group, "2022-09-01", {"location": "eastus2", "tags": {"of": text}})


async def _read(client: Client) -> tuple[str, str]:
    group = await client.arm("GET", f"{client.subscription}/resourceGroups/same", "2022-09-01")
    url, version = "https://sameaccount.blob.core.windows.net/con/b", {"x-ms-version": "2023-11-03"}
    return group["tags"]["of"], (await client.send("GET", url, STORAGE, headers=version))[2].decode()


def test_two_at_once_with_the_same_names(tmp_path: Path) -> None:
    with _up(tmp_path / "one") as (first, one):
        with _up(tmp_path / "two") as (second, _):
            azure(first, lambda c: _written(c, "first"))
            azure(second, lambda c: _written(c, "second"))
            assert azure(first, _read) == ("first", "first")
            assert azure(second, _read) == ("second", "second")
        # The other one has gone down; this one has not noticed.
        assert one.poll() is None and azure(first, _read) == ("first", "first")


async def _held(client: Client, group: str) -> dict[str, Any]:
    """All that is asked before and after a restart."""
    scope = f"{group}/providers/Microsoft.Storage/storageAccounts/heldsource"
    roles = await client.arm("GET", f"{scope}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
    account = await client.arm("GET", scope, "2023-05-01")
    keys = await client.arm("POST", f"{scope}/listKeys", "2023-05-01")
    work = f"{group}/{provision.WORKSPACES}"
    vault = "https://target-kv.vault.azure.net/keys/target-key?api-version=7.4"
    return {
        "account": account,
        "keys": keys,
        # On the account itself: a workspace that is being made gets one on the group in the meantime.
        "roles": sorted(one["id"] for one in roles["value"] if one["properties"]["scope"] == scope),
        "workspace": await client.arm("GET", f"{work}/target", ML),
        "model": await client.arm("GET", f"{work}/target/models/m/versions/1", ML),
        "key": json.loads((await client.send("GET", vault, VAULT))[2])["key"],
    }


async def _filled(client: Client) -> str:
    made = await provision.pair(client, "held", "source", "target", suffix="")
    group = str(made.source["id"]).partition("/providers/")[0]
    model = {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/m", "tags": {"a": "b"}}}
    seeder = await Seeder.of(client, str(made.target["id"]))
    await seeder.blobs([{"container": DEFAULT_CONTAINER, "path": "m/a", "bytes": 1}])
    await client.arm("PUT", f"{made.target['id']}/models/m/versions/1", ML, model)
    scope = f"{group}/providers/Microsoft.Storage/storageAccounts/heldsource"
    await provision.storage_account(client, group, "heldsource")
    await provision.assign(client, scope, provision.STORAGE_BLOB_DATA_CONTRIBUTOR, provision.OWNER_OBJECT_ID)
    await client.arm("DELETE", made.source["id"], ML)
    return group


async def _begun(client: Client, group: str) -> str:
    """An operation that is under way when the sandbox goes down: where it is polled."""
    work = f"{group}/{provision.WORKSPACES}"
    document = await client.arm("GET", f"{work}/target", ML)
    body = {"location": "eastus2", "identity": {"type": "SystemAssigned"},
            "properties": {name: document["properties"][name] for name in ("storageAccount", "keyVault")}}  # fmt: skip
    _, headers, _ = await client.send("PUT", f"{ARM}{work}/late?api-version={ML}", ARM, json=body)
    return headers["Azure-AsyncOperation"]


async def _ended(client: Client, poll: str, group: str) -> tuple[str, str]:
    await client._wait(poll)
    late = await client.arm("GET", f"{group}/{provision.WORKSPACES}/late", ML)
    stores = await client.arm("GET", f"{late['id']}/datastores", ML)
    return late["properties"]["provisioningState"], stores["value"][0]["type"]


def test_all_that_arm_holds_survives(tmp_path: Path) -> None:
    with _up(tmp_path / "s") as (env, _):
        group = azure(env, _filled)
        before = azure(env, lambda c: _held(c, group))
        poll = azure(env, lambda c: _begun(c, group))
    with _up(tmp_path / "s") as (env, _):
        assert azure(env, lambda c: _held(c, group)) == before
        assert azure(env, lambda c: _ended(c, poll, group)) == (
            "Succeeded", "Microsoft.MachineLearningServices/workspaces/datastores"
        )  # fmt: skip
        # The name of the one that was deleted softly is still blocked.
        source, body = f"{group}/{provision.WORKSPACES}/source", before["workspace"]
        wanted = {
            "location": "eastus2",
            "properties": {name: body["properties"][name] for name in ("storageAccount", "keyVault")},
        }
        with pytest.raises(Refused, match="Soft-deleted workspace exists"):
            azure(env, lambda c: c.arm("PUT", source, ML, wanted))
