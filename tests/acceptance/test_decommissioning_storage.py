"""`--storage delete`: each thing that needs a container keeps it, when the gate is passed and right before it goes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import (
    cut_off_while_it_goes,
    decommission,
    default_container,
    moved,
    refused,
    tombstones,
    with_rules,
)
from tests.acceptance.world import World
from tests.builders import fault

from azsandbox import provision

sandbox = alone.sandbox

DELETE = ("--storage", "delete")
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
FILES = "69566ab7-960f-475b-8e7c-b3118f30c6bd"
VAULTS = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
Undo = Callable[[], Any]


@pytest.fixture(scope="module")
def proven_world(moved_world: World) -> World:
    """One for a module: moved and verified. A test takes its obstacle away again."""
    moved_world.ok("verify")
    return moved_world


def _container(world: World, name: str) -> Undo:
    with world.container_client("source", name) as client:
        client.create_container()

    def undo() -> None:
        with world.container_client("source", name) as client:
            client.delete_container()

    return undo


def _foreign_store(world: World) -> Undo:
    return _container(world, f"azureml-blobstore-{uuid.uuid4()}")


def _snapshot(world: World) -> Undo:
    with world.container_client("source") as client:
        snapshot = client.get_blob_client("m/1/a").create_snapshot()["snapshot"]

    def undo() -> None:
        with world.container_client("source") as client:
            client.get_blob_client("m/1/a", snapshot=snapshot).delete_blob()

    return undo


def _connection(world: World) -> Undo:
    target = f"https://{world.account('source')}.blob.core.windows.net/{world.container('source')}"
    return _in_target(world, "connections/back", {"authType": "None", "category": "AzureBlob", "target": target})


def _datastore(world: World) -> Undo:
    store = {"datastoreType": "AzureBlob", "accountName": world.account("source"),
             "containerName": world.container("source"), "credentials": {"credentialsType": "None"}}  # fmt: skip
    undo = _in_target(world, "datastores/back", store)
    world.ok("verify")
    return undo


def _in_target(world: World, path: str, properties: dict[str, Any]) -> Undo:
    world.put(
        f"{path}?skipValidation=true" if path.startswith("datastores") else path,
        {"properties": properties},
        into="target",
    )
    return lambda: world.arm("DELETE", f"{world.documents['target']['id']}/{path}", "2025-12-01")


def _lock(world: World) -> Undo:
    path = f"{world.storage_id('source')}/providers/Microsoft.Authorization/locks/keep"
    world.arm("PUT", path, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    return lambda: world.arm("DELETE", path, "2020-05-01")


def _held(world: World) -> Undo:
    path = f"{world.storage_id('source')}/blobServices/default/containers/{world.container('source')}"

    def call(verb: str) -> Any:
        return world.arm("POST", f"{path}/{verb}LegalHold", "2023-05-01", {"tags": ["case42"]})

    call("set")
    return lambda: call("clear")


# What is in the target comes first: it is verified with that.
WAYS: dict[str, tuple[Callable[[World], Undo], str]] = {
    "a connection of the target": (
        _connection,
        "connections/back in the target points into the source's containers",
    ),
    "a datastore of the target": (_datastore, "datastores/back in the target points into the source's containers"),
    "a container of another workspace": (_foreign_store, "has 'azureml-blobstore-"),
    "a lock on the account": (_lock, "A lock is in the way"),
    "a snapshot": (_snapshot, "holds what no copy has: 1 snapshot"),
    "a legal hold": (_held, "is under a legal hold"),
}


def test_each_reason_keeps_the_containers_and_none_the_workspace(proven_world: World) -> None:
    """That each does so alone: tests/unit/decommissioning/test_containers.py and test_guards.py."""
    undone = [way(proven_world) for way, _ in WAYS.values()]
    try:
        reasons = refused(proven_world, *DELETE, "--dry-run")
        assert decommission(proven_world, "--dry-run").code == 0
    finally:
        for undo in reversed(undone):
            undo()
    for what, (_, words) in WAYS.items():
        assert sum(words in reason for reason in reasons) == 1, (what, reasons)
    assert len(reasons) == len(WAYS), reasons
    proven_world.ok("verify")
    assert decommission(proven_world, *DELETE, "--dry-run").code == 0


def test_who_may_not_read_every_workspace_does_not_know_who_shares_the_account(proven_world: World) -> None:
    world = proven_world
    made, env = world.principal("group")
    group = world.documents["source"]["id"].partition("/providers/")[0]
    for role in (OWNER, BLOB_OWNER, FILES, VAULTS):
        world.azure(provision.assign, group, role, made.object_id)
    [reason] = refused(world, *DELETE, "--dry-run", **env)
    assert "is not known" in reason and "Microsoft.MachineLearningServices/workspaces/read" in reason
    subscription = world.env["AZURE_SUBSCRIPTION_ID"]
    assert f"--accept-unseen {subscription}" in reason
    assert refused(world, *DELETE, "--accept-unseen", str(uuid.uuid4()), "--dry-run", **env) == [reason]
    assert decommission(world, *DELETE, "--accept-unseen", subscription, "--dry-run", **env).code == 0
    assert decommission(world, *DELETE, "--accept-unseen", "everything", "--dry-run").code == 2


def test_another_workspace_of_the_account_keeps_them_and_one_of_the_vault_does_not(small_world: World) -> None:
    world = small_world
    group = world.documents["source"]["id"].partition("/providers/")[0]
    vault = world.documents["source"]["properties"]["keyVault"]

    def other(name: str, storage: str) -> Any:
        number = f"{name}{world.group.removeprefix('rg')}"
        return world.azure(provision.workspace, group, number, storage_id=storage, vault_id=vault)

    neighbour = other("vault", world.storage_id("target"))
    moved(world)
    assert decommission(world, *DELETE, "--dry-run").code == 0
    store = f"{neighbour['id']}/datastores/lake"
    lake = {"datastoreType": "AzureDataLakeGen2", "accountName": world.account("source").upper(),
            "filesystem": world.container("source"), "endpoint": "core.usgovcloudapi.net",
            "credentials": {"credentialsType": "None"}}  # fmt: skip
    world.arm("PUT", f"{store}?skipValidation=true", "2025-12-01", {"properties": lake})
    assert refused(world, *DELETE, "--dry-run") == [f"The datastore {store} points into them."]
    shut = fault("GET", f"{neighbour['name']}/datastores$", status=403, code="AuthorizationFailed")
    [reason] = with_rules(world, [shut], *DELETE, "--dry-run", code=4).event("error")["reasons"]
    assert f"--accept-unseen {neighbour['id'].lower()}" in reason
    world.arm("DELETE", store, "2025-12-01")
    shared = other("other", world.storage_id("source"))
    reasons = refused(world, *DELETE)
    assert f"serves another workspace: {shared['id']}" in reasons[0]
    assert shared["properties"]["workspaceId"] in reasons[1]
    # The one that every workspace of an account has in common.
    assert reasons[2:] == [f"The datastore {shared['id']}/datastores/workspaceartifactstore points into them."]
    assert world.blobs("source") and world.status("source") == 200


def test_they_are_deleted_when_asked_for_and_what_the_customer_made_stays(small_world: World) -> None:
    world = small_world
    with world.container_client("source", "team") as client:
        client.create_container()
        client.upload_blob("src/run.py", b"print(1)")
        client.upload_blob("src/other", b"2")
    uri = f"https://{world.account('source')}.blob.core.windows.net/team/src"
    world.put("codes/c/versions/1", {"properties": {"codeUri": uri}})
    kept = {"containerDeleteRetentionPolicy": {"enabled": True, "days": 7}}
    for which in ("target", "source"):
        service = f"{world.storage_id(which)}/blobServices/default"
        world.arm("PUT", service, "2024-01-01", {"properties": kept})
    gone = f"{world.documents['source']['properties']['workspaceId']}-{'x' * 26}"
    _container(world, gone)()
    moved(world)
    assert decommission(world, *DELETE).code == 0
    [tombstone] = tombstones(world)
    assert default_container(world) in tombstone["containers_deleted"]
    assert tombstone["protection"]["container_days"] == 7
    residuals = {one["address"]: one["why"] for one in tombstone["residuals"]}
    assert "was deleted" in residuals[f"residual/{default_container(world)}"]
    assert "7 days more" in residuals[f"residual/{world.account('source')}/{gone}"]
    shown = world.arm("GET", f"{service}/containers?$include=deleted", "2024-01-01")["value"]
    assert {gone, world.container("source")} <= {one["name"] for one in shown if one["properties"].get("deleted")}
    with world.container_client("source") as client:
        assert not client.exists()
    assert set(world.blobs("source", "team")) == {"src/run.py", "src/other"}
    remains = {item["id"]: item for item in tombstone["remains"]}
    assert remains[f"{world.account('source')}/team"]["encryption"]["keySource"] == "Microsoft.Storage"
    assert remains[world.storage_id("source")]["encryption"]["keySource"] == "Microsoft.Storage"
    assert {"m/1/a", "m/1/b", "m/2/a", "d/1", "d/2", "d/x/3"} < set(world.blobs("target"))


def test_what_changed_since_the_gate_is_kept_and_told(small_world: World) -> None:
    """The workspace takes its time to go; what is written meanwhile is nowhere else."""
    world = moved(small_world)
    cut_off_while_it_goes(world, *DELETE)
    with world.container_client("source") as client:
        client.upload_blob("m/1/late", b"1")
    result = decommission(world, *DELETE)
    assert result.code == 3
    [tombstone] = tombstones(world)
    [kept] = tombstone["containers_kept"]
    assert kept["id"] == default_container(world)
    assert kept["reasons"] == [
        f"The blobs in '{world.container('source')}' are not what they were when they were verified."
    ]
    assert default_container(world) in {item["id"] for item in tombstone["remains"]}
    assert "m/1/late" in world.blobs("source")
    assert any(line.startswith("not deleted: ") for line in result.event("decommission.end")["lines"])

    [reason] = refused(world, *DELETE)
    assert "not what they were" in reason and len(tombstones(world)) == 1
    with world.container_client("source") as client:
        client.delete_blob("m/1/late")
    assert decommission(world, *DELETE).code == 0
    assert tombstones(world)[1]["containers_deleted"] == [default_container(world)]
    with world.container_client("source") as client:
        assert not client.exists()


def test_blobs_whose_copy_failed_and_was_waived_keep_them(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    forbidden = fault(
        "PUT", "/d/", host=r"\.blob\.", times=0, status=403, headers={"x-ms-error-code": "AuthorizationFailure"}
    )
    run = world.with_faults([forbidden], "run", "--json")
    for item in run.event("run.end")["left"]:
        world.ok("waive", item["address"], "--reason", "not needed")
    world.ok("verify")
    [reason] = refused(world, *DELETE)
    assert f"3 blobs in '{world.container('source')}' are in no manifest" in reason
    assert decommission(world).code == 0
    result = decommission(world, *DELETE)
    assert result.code == 3 and reason in result.event("decommission.end")["kept"][0]["reasons"]
    # Taken up again, it was no more copied than before; and while it is open nothing is purged.
    world.ok("reopen", f"blobs/{world.container('source')}/d", f"plans/{world.source}")
    again = refused(world, *DELETE)
    assert reason in again and any("/d is failed and not waived" in one for one in again)
    assert any("/d is failed and not waived" in one for one in refused(world, "--purge"))
    assert {"d/1", "d/2", "d/x/3"} < set(world.blobs("source"))
