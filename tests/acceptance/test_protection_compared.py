"""What protects the source's blobs and not the copies is told, decided, and looked for afresh; deleted blobs count."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.removing import decommission
from tests.acceptance.world import World

STORAGE = "2022-09-01"


TASKS = "2024-01-01"
_TASK = {
    "taskId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.StorageActions/storageTasks/tidy",
    "enabled": True,
    "description": "old ones go",
    "executionContext": {"trigger": {"type": "RunOnce", "parameters": {"startOn": "2030-01-01T00:00:00Z"}}},
    "report": {"prefix": "reports"},
}


def _put(world: World, which: str, path: str, properties: dict[str, Any], version: str = STORAGE) -> None:
    account = world.storage_id(which)
    world.arm("PUT", f"{account}/{path}", version, {"properties": properties})


def _hold(world: World, verb: str) -> None:
    path = f"{world.storage_id('target')}/blobServices/default/containers/{world.container('target')}"
    world.arm("POST", f"{path}/{verb}LegalHold", STORAGE, {"tags": ["case1"]})


def _rules(does: str) -> dict[str, Any]:
    actions = {"baseBlob": {does: {"daysAfterModificationGreaterThan": 30}}}
    filters = {"blobTypes": ["blockBlob"]}
    rule = {"name": "tidy", "type": "Lifecycle", "definition": {"actions": actions, "filters": filters}}
    return {"policy": {"rules": [rule]}}


def _found(result: Any) -> dict[str, str]:
    [end] = [event for event in map(json.loads, result.out.splitlines()) if event["event"] == "verify.end"]
    return {one["address"]: one["severity"] for one in end["found"]}


def test_what_is_weaker_in_the_target_is_told_decided_and_looked_at_afresh(small_world: World) -> None:
    world = small_world
    _put(world, "source", "blobServices/default", {"isVersioningEnabled": True})
    weaker = f"{world.storage_id('target')}!versions-not-kept"
    planned = world.ok("plan", *world.names)
    assert weaker in planned.out
    header, *_ = world.plan_lines()
    assert {one["severity"] for one in header["findings"] if one["address"] == weaker} == {"warning"}
    world.ok("run")
    assert _found(world.migrate("verify", "--json"))[weaker] == "blocks"
    # Set right, it is no longer found; that it was is in the plan alone.
    _put(world, "target", "blobServices/default", {"isVersioningEnabled": True})
    _put(world, "target", "storageTaskAssignments/nightly", _TASK, TASKS)
    verified = world.ok("verify", "--json")
    assert _found(verified) == {}
    assert (
        "whether storage tasks assigned to '" in verified.out
        and "delete or archive copies: nightly" in verified.out
    )
    # The service refuses tokens for access policies, and that they were not compared is told.
    assert "stored access policies of azureml-blobstore-" in verified.out

    # A rule that comes after the evidence, and would delete the copies, is no removal's.
    _put(world, "target", "managementPolicies/default", _rules("tierToArchive"))
    ends = f"{world.storage_id('target')}!lifecycle-ends-copies"
    refused = decommission(world)
    assert refused.code == 4 and ends in refused.out and "'tidy'" in refused.out
    # Under a hold no lease could be had: the gate is not open, though it is only asked.
    _hold(world, "set")
    refused = decommission(world, "--dry-run")
    assert refused.code == 4
    assert "is under a legal hold (case1), so that the lease cannot be written into it" in refused.out
    _hold(world, "clear")
    assert world.migrate("verify").code == 3
    world.ok("waive", ends, "--reason", "ours are younger")
    assert world.migrate("verify").code == 0
    # Another rule is another decision.
    _put(world, "target", "managementPolicies/default", _rules("delete"))
    assert world.migrate("verify").code == 3


def test_deleted_blobs_of_the_source_count_where_its_containers_would_go(moved_world: World) -> None:
    world = moved_world
    _put(world, "source", "blobServices/default", {"deleteRetentionPolicy": {"enabled": True, "days": 7}})
    with world.container_client("source") as client:
        client.upload_blob("scratch", b"x")
        client.delete_blob("scratch")
    planned = world.ok("plan", *world.names, "--out", "plans/anew")
    about = f"blobs/{world.container('source')}!deleted-blobs-left"
    assert about in planned.out and "1 deleted blob that its account still keeps" in planned.out
    # What is kept is no content: what was moved is as it was.
    assert world.migrate("verify", "plans/" + world.source).code in (0, 3)
    refused = decommission(world, "--storage", "delete")
    assert refused.code == 4
    assert "has 1 deleted blob that its account still keeps and that would go with it" in refused.out
