"""The gate: each reason alone keeps the source, and with none of them it goes as it was asked for."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.acceptance.removing import (
    cut_off,
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
    before = world.get("environments/py/versions/1")["properties"]
    world.put("models/m/versions/1", {"properties": _tagged(world, "fraud")}, into="target")
    assert before
    return lambda: world.put("models/m/versions/1", {"properties": _tagged(world, "risk")}, into="target")


def _tagged(world: World, team: str) -> dict[str, Any]:
    return {**world.get("models/m/versions/1")["properties"], "tags": {"team": team}}


def _target_blob(world: World) -> Callable[[], Any]:
    with world.container_client("target") as client:
        client.upload_blob("elsewhere/x", b"1")

    def undo() -> None:
        with world.container_client("target") as client:
            client.delete_blob("elsewhere/x")

    return undo


def _source_blob(world: World) -> Callable[[], Any]:
    with world.container_client("source") as client:
        client.upload_blob("elsewhere/x", b"1")

    def undo() -> None:
        with world.container_client("source") as client:
            client.delete_blob("elsewhere/x")

    return undo


def _lock(world: World) -> Callable[[], Any]:
    path = f"{world.documents['source']['id']}/providers/Microsoft.Authorization/locks/keep"
    world.arm("PUT", path, LOCKS, {"properties": {"level": "CanNotDelete"}})
    return lambda: world.arm("DELETE", path, LOCKS)


def _failed_step(world: World) -> Callable[[], Any]:
    return _in_ledger(world, "UPDATE steps SET state = 'failed' WHERE address = 'models/m/2'",
                      "UPDATE steps SET state = 'done' WHERE address = 'models/m/2'")  # fmt: skip


def _in_ledger(world: World, do: str, undo: str) -> Callable[[], Any]:
    def execute(statement: str) -> None:
        with sqlite3.connect(world.folder / "plans" / world.source / "ledger.db") as db:
            db.execute(statement)

    execute(do)
    return lambda: execute(undo)


WAYS: dict[str, tuple[Way, str]] = {
    "evidence below depth checksum": (_metadata_only, "depth 'metadata'"),
    "a document of the target changed since": (_target_changed, "documents of the target"),
    "a blob came into the target since": (_target_blob, "blobs of the target"),
    "a blob came into the source since": (_source_blob, "blobs of the source"),
    "a lock": (_lock, "A lock is in the way"),
    "a failed item": (_failed_step, "models/m/2 is failed and not waived"),
}


@pytest.mark.parametrize("what", WAYS)
def test_each_reason_alone_keeps_the_source(proven_world: World, what: str) -> None:
    way, words = WAYS[what]
    undo = way(proven_world)
    try:
        [reason] = refused(proven_world)
    finally:
        if undo:
            undo()
    assert words in reason
    assert proven_world.status("source") == 200
    told = decommission(proven_world, "--dry-run")
    assert told.code == 0 and "does not move the workspace by itself" in told.out


def test_the_target_not_under_a_customers_key(proven_world: World) -> None:
    account = proven_world.storage_id("target")

    def patch(encryption: dict[str, Any]) -> None:
        body = {"properties": {"encryption": encryption}}
        proven_world.arm("PATCH", account, "2023-05-01", body)

    before = proven_world.arm("GET", account, "2023-05-01")["properties"]["encryption"]
    patch({"keySource": "Microsoft.Storage"})
    try:
        # The account, and its two containers that the default datastores lead to.
        reasons = refused(proven_world)
        assert len(reasons) == 3
        for reason in reasons:
            assert "not under a customer's key" in reason and account.lower() in reason.lower()
    finally:
        patch(before)


def test_the_target_without_encryption_status(proven_world: World) -> None:
    document = proven_world.documents["target"]
    properties = {name: value for name, value in document["properties"].items() if name != "encryption"}
    rule = fault(
        "GET",
        f"/workspaces/{proven_world.target}$",
        query="api-version=2025-12-01",
        times=0,
        status=200,
        body={**document, "properties": properties},
    )
    [reason] = with_rules(proven_world, [rule], code=4).event("error")["reasons"]
    assert document["id"] in reason and "not under a customer's key" in reason
    assert proven_world.status("source") == 200


LIVE: dict[str, tuple[list[tuple[str, dict[str, Any]]], str]] = {
    "a running job": (
        [("jobs/going", {"properties": {"jobType": "Command", "command": "sleep infinity", "environmentId": "e",
                                        "computeId": ""}})],
        "1 jobs are running",
    ),
    "an enabled schedule": (
        [("schedules/nightly", {"properties": {"displayName": "n", "isEnabled": True,
            "trigger": {"triggerType": "Cron", "expression": "0 0 * * *"},
            "action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Command", "command": "x",
                                                                    "environmentId": "e"}}}})],
        "schedules/nightly is an enabled schedule",
    ),
    "a live deployment": (
        [("onlineEndpoints/NAME", {"location": "eastus2", "properties": {"authMode": "Key"}}),
         ("onlineEndpoints/NAME/deployments/blue", {"location": "eastus2", "properties": {
             "endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2"}, "sku": {"name": "Default", "capacity": 1}})],
        "onlineEndpoints/NAME/deployments/blue is a live deployment",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LIVE)
def test_what_is_alive_in_the_source_keeps_it(small_world: World, what: str) -> None:
    world, name = small_world, f"ep-{small_world.source}"
    puts, words = LIVE[what]
    for path, body in puts:
        world.put(path.replace("NAME", name), body)
    # A plan made while it starts is not that of a source in which it runs.
    while any(one["properties"]["status"] == "Starting" for one in world.items("jobs", of="source")):
        time.sleep(0.1)
    waived_and_green(world)
    [reason] = refused(world)
    assert words.replace("NAME", name) in reason


def test_what_blocks_the_deletion_goes_first(small_world: World) -> None:
    world, name = small_world, f"ep-{small_world.source}"
    world.put(f"onlineEndpoints/{name}", {"location": "eastus2", "properties": {"authMode": "Key"}})
    world.put(f"computes/c{world.group}", {"location": "eastus2", "properties": {"computeType": "AmlCompute",
              "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 1}}}})  # fmt: skip
    waived_and_green(world)
    result = decommission(world)
    assert result.code == 0, result.out
    removed = [event["address"] for event in result.events if event["event"] == "decommission.removing"]
    assert removed == [f"onlineEndpoints/{name}", f"computes/c{world.group}", world.documents["source"]["id"]]
    assert world.status("source") == 404


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


def test_every_reason_is_told_at_once(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names, "--exclude", "components/*")
    world.ok("run")
    soaking = world.migrate(
        "decommission", f"plans/{world.source}", "--confirm", f"{world.group}/{world.source}", "--json"
    )
    reasons = soaking.event("error")["reasons"]
    assert any("no evidence" in reason for reason in reasons)
    assert any("components/c/1 is left by selection" in reason for reason in reasons)
    world.ok("verify")
    [reason] = refused(world)
    assert "left by selection" in reason
    world.ok("waive", "components/c/1", "--reason", "not needed")
    assert decommission(world, "--dry-run").code == 0


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
        slow = fault("GET", host=rf"^{world.account('source')}\.blob\.", query="comp=list", delay=8)
        [reason] = with_rules(world, [slow], "--dry-run", code=4).event("error")["reasons"][:1]
        making.result()
    try:
        assert reason == "While the blobs were listed, environments/late/1 was added."
    finally:
        world.arm("DELETE", f"{world.documents['source']['id']}/environments/late/versions/1",
                                    "2025-12-01")  # fmt: skip
        world.arm("DELETE", f"{world.documents['source']['id']}/environments/late", "2025-12-01")


@pytest.fixture
def gone(small_world: World, request: pytest.FixtureRequest) -> Iterator[World]:
    """Decommissioned with the options that the test names."""
    world = small_world
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    assert decommission(world, *request.param).code == 0
    yield world


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


@pytest.mark.parametrize("gone", [()], indirect=True)
def test_soft_deleted_the_name_lingers(gone: World) -> None:
    assert gone.status("source") == 404
    assert _create_again(gone) == 400
    # The plan is over: no command takes it up by itself, and its source is not there to be asked.
    assert gone.migrate("verify").code == 2


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


def test_a_dry_run_after_a_cut_removes_nothing_and_what_is_done_is_done_once(small_world: World) -> None:
    world = small_world
    moved(world)
    cut_off_while_it_goes(world, "--storage", "delete")
    assert "would be deleted" in decommission(world, "--storage", "delete", "--dry-run").out
    evidence = world.folder / "plans" / world.source / "evidence"
    assert len(world.blobs("source")) == 6 and not list(evidence.glob("*-decommission.json"))

    assert decommission(world).code == 0
    assert len(world.blobs("source")) == 6, "asked for without --storage delete"
    [tombstone] = evidence.glob("*-decommission.json")
    remains = [item["id"] for item in json.loads(tombstone.read_text())["remains"] if item["what"] == "container"]
    assert f"{world.account('source')}/{world.container('source')}" in remains
    again = decommission(world)
    assert again.code == 0
    told = again.event("decommission.end")["recoverable_until"]
    assert told == json.loads(tombstone.read_text())["recoverable_until"]
    assert list(evidence.glob("*-decommission.json")) == [tombstone]


def test_cut_off_before_the_workspace_goes_it_goes_on(small_world: World) -> None:
    world, name = small_world, f"ep-{small_world.source}"
    for number in (1, 2):
        world.put(f"onlineEndpoints/{name}{number}", {"location": "eastus2", "properties": {"authMode": "Key"}})
    waived_and_green(world)
    cut_off(world, f"/onlineEndpoints/{name}1")
    # What it did not remove itself still counts.
    world.put("schedules/late", {"properties": {"displayName": "n", "isEnabled": False,
              "trigger": {"triggerType": "Cron", "expression": "0 0 * * *"},
              "action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Command", "command": "x",
                                                                      "environmentId": "e"}}}})  # fmt: skip
    [reason] = refused(world)
    assert "schedules/late was added" in reason
    world.arm("DELETE", f"{world.documents['source']['id']}/schedules/late", "2025-12-01")
    assert decommission(world).code == 0
    assert world.status("source") == 404
