"""The gate: each reason alone keeps the source, and with none of them it goes as it was asked for."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.acceptance.removing import (
    cut_off_while_it_goes,
    decommission,
    moved,
    refused,
    removal,
    tombstones,
    waived_and_green,
    with_rules,
)
from tests.acceptance.world import World
from tests.builders import fault

Way = Callable[[World], Callable[[], Any] | None]
LOCKS = "2020-05-01"


@pytest.fixture(scope="module")
def proven_world(moved_world: World) -> World:
    """One for a module: moved and verified. A test takes its obstacle away again."""
    moved_world.ok("verify")
    decommission(moved_world, "--dry-run")
    return moved_world


def _metadata_only(world: World) -> Callable[[], Any]:
    world.ok("verify", "--depth", "metadata")
    return lambda: world.ok("verify")


def _target_changed(world: World) -> Callable[[], Any]:
    world.put("models/m/versions/1", {"properties": _tagged(world, "fraud")}, into="target")
    return lambda: world.put("models/m/versions/1", {"properties": _tagged(world, "risk")}, into="target")


def _tagged(world: World, team: str) -> dict[str, Any]:
    return {**world.get("models/m/versions/1")["properties"], "tags": {"team": team}}


def _blob(side: str) -> Way:
    def put(world: World) -> Callable[[], Any]:
        with world.container_client(side) as client:
            client.upload_blob("elsewhere/x", b"1")
        return lambda: take(world)

    def take(world: World) -> None:
        with world.container_client(side) as client:
            client.delete_blob("elsewhere/x")

    return put


def _lock(world: World) -> Callable[[], Any]:
    path = f"{world.documents['source']['id']}/providers/Microsoft.Authorization/locks/keep"
    world.arm("PUT", path, LOCKS, {"properties": {"level": "CanNotDelete"}})
    return lambda: world.arm("DELETE", path, LOCKS)


def _failed_step(world: World) -> Callable[[], Any]:
    def becomes(state: str) -> None:
        with sqlite3.connect(world.folder / "plans" / world.source / "ledger.db") as db:
            db.execute("UPDATE steps SET state = ? WHERE address = 'models/m/2'", (state,))

    becomes("failed")
    return lambda: becomes("done")


# What is verified comes first: all others change what was.
WAYS: dict[str, tuple[Way, str]] = {
    "evidence below depth checksum": (_metadata_only, "depth 'metadata'"),
    "a document of the target changed since": (_target_changed, "documents of the target"),
    "a blob came into the target since": (_blob("target"), "blobs of the target"),
    "a blob came into the source since": (_blob("source"), "blobs of the source"),
    "a lock": (_lock, "A lock is in the way"),
    "a failed item": (_failed_step, "models/m/2 is failed and not waived"),
}


def test_each_reason_is_told_and_without_them_it_may_go(proven_world: World) -> None:
    """That each alone keeps the source: tests/unit/decommissioning/test_gate.py."""
    undone = [way(proven_world) for way, _ in WAYS.values()]
    try:
        reasons = refused(proven_world)
    finally:
        for undo in reversed(undone):
            undo()
    for what, (_, words) in WAYS.items():
        assert sum(words in reason for reason in reasons) == 1, (what, reasons)
    assert len(reasons) == len(WAYS)
    assert proven_world.status("source") == 200
    told = decommission(proven_world, "--dry-run")
    assert told.code == 0 and "does not move the workspace by itself" in told.out


CRON = {"triggerType": "Cron", "expression": "0 0 * * *"}
NIGHTLY = {
    "actionType": "CreateJob",
    "jobDefinition": {"jobType": "Command", "command": "x", "environmentId": "e"},
}
BLUE = {"endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2"}
LIVE: dict[str, dict[str, Any]] = {
    "jobs/going": {"properties": {"jobType": "Command", "command": "sleep infinity", "environmentId": "e", "computeId": ""}},
    "schedules/nightly": {"properties": {"displayName": "n", "isEnabled": True, "trigger": CRON, "action": NIGHTLY}},
    "onlineEndpoints/NAME": {"location": "eastus2", "properties": {"authMode": "Key"}},
    "onlineEndpoints/NAME/deployments/blue": {"location": "eastus2", "properties": BLUE, "sku": {"name": "Default", "capacity": 1}},
}  # fmt: skip


def test_what_is_alive_in_the_source_keeps_it(small_world: World) -> None:
    world, name = small_world, f"ep-{small_world.source}"
    for path, body in LIVE.items():
        world.put(path.replace("NAME", name), body)
    # A plan made while it starts is not that of a source in which it runs.
    while any(one["properties"]["status"] == "Starting" for one in world.items("jobs", of="source")):
        time.sleep(0.1)
    waived_and_green(world)
    told = sorted(refused(world))
    words = (
        "1 job is running",
        f"{name}/deployments/blue is a live deployment",
        "schedules/nightly is an enabled schedule",
        "schedules/nightly#enable is left for the cutover",
    )
    assert len(told) == len(words) and all(says in reason for says, reason in zip(words, told, strict=True)), told


def test_what_blocks_the_deletion_goes_first_and_what_is_behind_anothers_compute_stays(small_world: World) -> None:
    """Whether a compute was attached is not always said; a cluster of the customer's is never the workspace's."""
    world, name = small_world, f"ep-{small_world.source}"
    own, theirs = f"own{world.group}", f"theirs{world.group}"
    world.put(f"onlineEndpoints/{name}", {"location": "eastus2", "properties": {"authMode": "Key"}})
    world.put(f"computes/{own}", {"location": "eastus2", "properties": {"computeType": "AmlCompute",
              "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 1}}}})  # fmt: skip
    group = world.documents["source"]["id"].partition("/providers/")[0]
    cluster = f"{group}/providers/Microsoft.ContainerService/managedClusters/theirs"
    world.arm("PUT", cluster, "2024-01-01", {"location": "eastus2", "properties": {}})
    attached = {"computeType": "AKS", "resourceId": cluster, "properties": {}}
    world.put(f"computes/{theirs}", {"location": "eastus2", "properties": attached})
    waived_and_green(world)
    since = world.now()
    result = decommission(world)
    assert result.code == 0, result.out
    first, *computes, last = [
        event["address"] for event in result.events if event["event"] == "decommission.removing"
    ]
    assert (first, last) == (f"onlineEndpoints/{name}", world.documents["source"]["id"])
    assert sorted(computes) == [f"computes/{own}", f"computes/{theirs}"]
    assert world.status("source") == 404
    deleted = [row for row in world.log(since) if row["method"] == "DELETE" and "/computes/" in row["path"]]
    asked = {row["path"].rpartition("/")[2]: row["query"] for row in deleted}
    assert "underlyingResourceAction=Delete" in asked[own]
    assert "underlyingResourceAction=Detach" in asked[theirs]
    assert world.arm("GET", cluster, "2024-01-01")["name"] == "theirs"


def test_killed_while_the_source_goes_it_still_gets_its_tombstone(small_world: World) -> None:
    """The operation's address is recorded as soon as the deletion is answered; the same command polls it."""
    world = moved(small_world)
    cut_off_while_it_goes(world)
    since = world.now()
    assert decommission(world).code == 0
    assert world.status("source") == 404
    calls = [call for call in world.log(since) if "Learning" in call["path"]]
    assert any("workspaceOperationsStatus" in call["path"] for call in calls)
    assert not [call for call in calls if call["method"] == "DELETE"]
    [tombstone] = tombstones(world)
    assert tombstone["remains"] and tombstone["recoverable_until"] and tombstone["by_us"] and tombstone["gone"]
    # Who passed the gate with which soak stays visible, and what the verification showed that it rests on.
    for by in (tombstone["begun_by"], tombstone["by"]):
        assert by["options"]["soak"] == 0.0 and by["identity"]["app_id"] == world.env["AZURE_CLIENT_ID"]
    assert tombstone["verified"]["says"].startswith("6 blobs and 9 documents are the same")
    # What is signed is the ledger's alone.
    assert "operation" not in tombstone and "workspaceOperationsStatus" not in json.dumps(tombstone)
    # Deleted softly, it keeps its name.
    assert _create_again(world) == 400
    # The plan is over: no command takes it up by itself, and its source is not there to be asked.
    assert world.migrate("verify").code == 2


def test_what_is_made_while_the_blobs_are_listed_is_seen(proven_world: World) -> None:
    world = proven_world

    since = world.now()

    def made() -> None:
        # The target is listed at the same time as the source: by then every document has been read.
        listed = {"host": f"{world.account('target')}.blob.core.windows.net", "method": "GET"}
        while not any(
            listed.items() <= call.items() and "comp=list" in call["query"] for call in world.log(since)
        ):
            time.sleep(0.1)
        world.put("environments/late/versions/1", {"properties": {"image": "x"}})

    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(made)
        # The containers of the account are listed while documents are read, what is in them after that.
        slow = fault("GET", host=rf"^{world.account('source')}\.blob\.", query="restype=container", delay=4)
        [reason] = with_rules(world, [slow], "--dry-run", code=4).event("error")["reasons"][:1]
        making.result()
    try:
        assert reason == "While the blobs were listed, environments/late/1 was added."
    finally:
        world.arm("DELETE", f"{world.documents['source']['id']}/environments/late/versions/1",
                                    "2025-12-01")  # fmt: skip
        world.arm("DELETE", f"{world.documents['source']['id']}/environments/late", "2025-12-01")


def _create_again(world: World) -> int:
    async def work(client: Any) -> int:
        properties = world.documents["source"]["properties"]
        body = {"location": "eastus2", "identity": {"type": "SystemAssigned"},
                "properties": {key: properties[key] for key in ("storageAccount", "keyVault")}}  # fmt: skip
        url = f"https://management.azure.com{world.documents['source']['id']}?api-version=2025-12-01"
        return int(
            (await client.send("PUT", url, "https://management.azure.com", json=body, accept=(400, 409)))[0]
        )

    found: int = world.azure(work)
    return found


def test_purged_the_name_is_free_and_its_containers_are_gone(small_world: World) -> None:
    """The one removal that waits its two minutes out, as a user's does; all others pass a clock."""
    world = moved(small_world)
    began = time.monotonic()
    assert world.migrate(*removal(world), "--purge", "--storage", "delete", timeout=300).code == 0
    assert time.monotonic() - began > 120
    assert world.status("source") == 404
    with world.container_client("source") as client:
        assert not client.exists()
    assert _create_again(world) in (200, 201, 202)
