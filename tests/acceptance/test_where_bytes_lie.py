"""Nothing is called protected that is not so: what counts is the key under which Azure reports the bytes themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from azure.storage.blob import ContainerEncryptionScope
from tests.acceptance.removing import removal
from tests.acceptance.world import VERSION, World

from azsandbox import provision
from azsandbox.provision import Key
from azsandbox.state import StateFolder
from azsandbox.timeahead import move

MICROSOFTS, CUSTOMERS = "microsofts", "customers"


def scope(world: World, name: str, *, customers: bool) -> None:
    """An encryption scope of the target's account: Azure lets its owner change whose key it has at any time."""
    key = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]
    own = Key(key["keyVaultArmId"], key["keyIdentifier"]) if customers else None
    world.azure(provision.encryption_scope, world.storage_id("target"), name, key=own)


def container_anew(world: World, default: str) -> None:
    """The target's default container deleted and made anew, which is how its default scope changes."""
    with world.container_client("target") as client:
        client.delete_container()
        move(StateFolder(Path(world.env["AZSANDBOX_STATE"])), 31)  # for so long its name is taken
        policy = ContainerEncryptionScope(default, prevent_encryption_scope_override=False)
        client.create_container(container_encryption_scope=policy)


def point(world: World, account: str, container: str) -> dict[str, Any]:
    """The target's default datastore over another container, as its owner may have it."""
    found: dict[str, Any] = world.get("datastores/workspaceblobstore")["properties"]
    place = {"accountName": account, "containerName": container, "credentials": {"credentialsType": "None"}}
    body = {"properties": {**found, **place, "subscriptionId": None, "resourceGroup": None}}
    path = f"{world.documents['target']['id']}/datastores/workspaceblobstore?skipValidation=true"
    world.arm("PUT", path, VERSION, body)
    return found


def codes(findings: list[dict[str, Any]]) -> set[str]:
    return {one["code"] for one in findings if one["severity"] == "error"}


def evidence(world: World) -> dict[str, Any]:
    folder = world.folder / "plans" / world.source / "evidence"
    newest: Path = sorted(folder.glob("*-verify.json"))[-1]
    found: dict[str, Any] = json.loads(newest.read_text())
    return found


def test_bytes_that_a_default_datastore_leads_out_of_the_key_are_not_green(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    # To the source's account, which is under Microsoft's key, and in a subscription where it has to be looked for.
    before = point(world, world.account("source"), world.container("source"))
    moved = world.migrate("verify", "--json")
    assert moved.code == 3 and not evidence(world)["green"]
    assert {"storage.encryption", "storage.container", "storage.place"} <= codes(evidence(world)["posture"])
    refused = world.migrate(*removal(world))
    assert refused.code == 4 and world.status("source") == 200
    assert f"'{world.account('source')}', which receives bytes, not under a customer's key" in refused.err
    point(world, before["accountName"], before["containerName"])
    world.ok("verify", f"plans/{world.source}")


def test_a_scope_of_microsofts_is_found_at_the_container_and_at_a_single_blob(small_world: World) -> None:
    world = small_world
    scope(world, MICROSOFTS, customers=False)
    scope(world, CUSTOMERS, customers=True)
    world.ok("plan", *world.names)
    container_anew(world, MICROSOFTS)
    refused = world.migrate("run")
    assert refused.code == 4 and f"'{MICROSOFTS}'" in refused.err and not world.blobs("target")
    container_anew(world, CUSTOMERS)
    world.ok("run")
    # The copies name no scope: what lands is what the container says.
    assert {blob.encryption_scope for blob in world.blobs("target").values()} == {CUSTOMERS}
    world.ok("verify")
    held = {claim["name"]: claim for claim in evidence(world)["claims"]}
    assert held["storage.container"]["evidence"]["defaultEncryptionScope"] == CUSTOMERS
    assert held["storage.blobs"]["evidence"]["blobs"] == 6 and held["storage.blobs"]["key"]

    with world.container_client("target") as client:
        blob = client.get_blob_client("d/1")
        data, settings = blob.download_blob().readall(), blob.get_blob_properties().content_settings
        blob.upload_blob(data, overwrite=True, content_settings=settings, encryption_scope=MICROSOFTS)
        assert world.migrate("verify").code == 4
        assert codes(evidence(world)["posture"]) == {"storage.blobs"}
        assert not evidence(world)["differences"], "its bytes are the same, and only its key is not"
        blob.upload_blob(data, overwrite=True, content_settings=settings)
    world.ok("verify")

    scope(world, CUSTOMERS, customers=False)
    refused = world.migrate(*removal(world))
    assert refused.code == 4 and f"'{CUSTOMERS}'" in refused.err and world.status("source") == 200
    scope(world, CUSTOMERS, customers=True)
    world.ok(*removal(world), "--dry-run")
