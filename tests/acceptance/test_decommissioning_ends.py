"""How a removal ends: cut off, with a workspace that takes its time, added to later; and what its tombstone says."""

from __future__ import annotations

import json
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from tests.acceptance import alone
from tests.acceptance.removing import (
    cut_off,
    cut_off_while_it_goes,
    decommission,
    default_container,
    moved,
    refused,
    tombstones,
    waived_and_green,
    with_rules,
)
from tests.acceptance.world import VERSION, World
from tests.builders import fault

sandbox = alone.sandbox

DELETE = ("--storage", "delete")
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def test_a_deletion_that_failed_meets_the_gate_again(small_world: World) -> None:
    world = moved(small_world)
    body = {"status": "Failed", "error": {"code": "InternalServerError", "message": "no"}}
    poll = f"https://management.azure.com/subscriptions/{world.env['AZURE_SUBSCRIPTION_ID']}/providers/Microsoft.MachineLearningServices/locations/eastus2/workspaceOperationsStatus/x?api-version=2025-12-01"
    taken = fault(
        "DELETE", f"/workspaces/{world.source}$", status=202, body="", headers={"Azure-AsyncOperation": poll}
    )
    result = with_rules(world, [taken, fault("GET", "workspaceOperationsStatus", status=200, body=body)], code=1)
    assert "InternalServerError" in result.event("error")["summary"]
    assert not tombstones(world) and world.status("source") == 200
    with world.container_client("source") as client:
        client.upload_blob("elsewhere/x", b"1")
    [reason] = refused(world)
    assert "blobs of the source" in reason
    with world.container_client("source") as client:
        client.delete_blob("elsewhere/x")
    assert decommission(world).code == 0


def test_a_removal_cut_off_twice_can_be_ended(small_world: World) -> None:
    world, name = small_world, f"ep-{small_world.source}"
    for number in (1, 2, 3):
        world.put(f"onlineEndpoints/{name}{number}", {"location": "eastus2", "properties": {"authMode": "Key"}})
    waived_and_green(world)
    cut_off(world, f"/onlineEndpoints/{name}1")
    # What it did not remove itself still counts.
    path, nightly = LEFT["a schedule"]
    world.put(path, nightly)
    [reason] = refused(world)
    assert f"{path} was added" in reason
    world.arm("DELETE", f"{world.documents['source']['id']}/{path}")
    cut_off(world, f"/onlineEndpoints/{name}2")
    assert decommission(world).code == 0
    assert world.status("source") == 404
    [tombstone] = tombstones(world)
    assert tombstone["removed_first"] == [f"onlineEndpoints/{name}{number}" for number in (1, 2, 3)]
    assert tombstone["begun"] <= tombstone["deleted"] <= tombstone["time"]


def test_the_tombstone_says_what_is_so(small_world: World) -> None:
    world = small_world
    group = world.documents["source"]["id"].partition("/providers/")[0]
    principal = str(uuid.uuid4())
    at_it = world.assign(world.documents["source"]["id"], READER, principal, principalType="ServicePrincipal")
    own = world.documents["source"]["identity"]["principalId"]
    outside = world.assign(group, READER, own, principalType="ServicePrincipal")
    secret = f"{world.documents['source']['properties']['keyVault']}/secrets/token"
    world.arm("PUT", secret, "2023-02-01", {"properties": {"value": "hush-hush"}})
    instance = f"ci{world.group}"
    world.put(f"computes/{instance}", {"location": "eastus2", "properties": {"computeType": "ComputeInstance",
              "properties": {"vmSize": "Standard_DS3_v2"}}})  # fmt: skip
    waived_and_green(world)
    dry = decommission(world, "--dry-run").event("decommission.dry")
    assert dry["recovery"]["documented"].startswith(
        "Microsoft documents that a deleted workspace can be recovered"
    )
    assert f"is lost for good, with its disk: computes/{instance} (ComputeInstance)" in dry["lines"]
    assert any(outside in line for line in dry["lines"])
    cut_off_while_it_goes(world)
    # The tombstone is written later, in seconds.
    time.sleep(1.1)
    assert decommission(world).code == 0
    [tombstone] = tombstones(world)
    until = datetime.fromisoformat(tombstone["recoverable_until"])
    assert until == datetime.fromisoformat(tombstone["deleted"]) + timedelta(days=14)
    assert tombstone["deleted"] < tombstone["time"]
    [assignment] = tombstone["role_assignments"]
    assert assignment["id"] == at_it and assignment["principalId"] == principal
    remains = {item["what"]: item for item in tombstone["remains"]}
    assert remains["storage account"]["encryption"]["keySource"] == "Microsoft.Storage"
    assert remains["container"]["encryption"]["keySource"] == "Microsoft.Storage"
    assert remains["key vault"]["encryption"] is None
    # The computes went before the workspace was asked for: the second look did not see them.
    assert [one["address"] for one in tombstone["dying"]["computes"]] == [f"computes/{instance}"]
    assert (tombstone["secrets"]["count"], tombstone["secrets"]["names"]) == (1, ["token"])
    assert {"residual/" + world.account("source"), "residual/" + default_container(world)} <= {
        one["address"] for one in tombstone["residuals"]
    }
    assert dry["residuals"] == tombstone["residuals"]
    held = {one["id"]: one for one in tombstone["rights"]["held"]}
    assert held[outside]["command"] == f"az role assignment delete --ids {outside}" and at_it not in held
    assert "hush-hush" not in json.dumps(tombstone)


def test_what_could_not_be_read_is_told_and_what_cannot_come_back_has_to_be_accepted(small_world: World) -> None:
    world = small_world
    [identity] = world.documents["target"]["identity"]["userAssignedIdentities"]
    users = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    world.arm("PATCH", world.documents["source"]["id"], VERSION, {"identity": users})
    moved(world)
    [reason] = refused(world, "--dry-run")
    assert "Microsoft documents" in reason and "--accept-unrecoverable" in reason
    shut = [
        fault("GET", path, times=0, status=403, code="AuthorizationFailed")
        for path in ("/vaults/[^/]+/secrets$", "/blobServices/default$")
    ]
    result = with_rules(world, shut, "--accept-unrecoverable", *DELETE, code=0)
    assert "without them nothing of it can be called recoverable" in result.event("decommission.end")["text"]
    [tombstone] = tombstones(world)
    assert tombstone["recoverable_until"] is None and tombstone["recovery"]["accepted"] and not tombstone["purged"]
    assert tombstone["secrets"]["count"] is None and "not known" in tombstone["protection"]["documented"]
    # Whether they are kept for a while is not known.
    assert f"residual/{default_container(world)}" in {one["address"] for one in tombstone["residuals"]}
    assert default_container(world) in tombstone["containers_deleted"]
    # The target goes on with the same identity.
    assert tombstone["rights"]["held"]
    assert all(one["also_used_by"] == [world.documents["target"]["id"]] for one in tombstone["rights"]["held"])


def test_taken_is_not_gone_and_what_is_gone_is_purged_and_emptied_later(small_world: World) -> None:
    world = moved(small_world)

    def answered(status: int) -> list[dict[str, Any]]:
        return [fault("DELETE", f"/workspaces/{world.source}$", status=status, body="")]

    # 202 without anything to poll says that the deletion was taken, and no more.
    result = with_rules(world, answered(202), code=1)
    assert "not shown to have come about: the workspace answers" in result.event("error")["summary"]
    assert not tombstones(world)
    assert decommission(world).code == 0
    result = with_rules(world, answered(204), "--purge", code=4)
    assert "does not purge" in result.event("error")["summary"]
    assert len(tombstones(world)) == 1
    assert "the workspace purged" in decommission(world, "--purge", "--dry-run").out
    since = world.now()
    assert decommission(world, "--purge", *DELETE).code == 0
    first, second = tombstones(world)
    assert not first["purged"] and first["recoverable_until"] and not first["containers_deleted"]
    assert second["purged"] and second["recoverable_until"] is None
    assert default_container(world) in second["containers_deleted"]
    assert default_container(world) not in {item["id"] for item in second["remains"]}
    [purge] = [row for row in world.log(since) if row["method"] == "DELETE" and "Learning" in row["path"]]
    assert "forceToPurge=true" in purge["query"] and purge["status"] == 202
    # All that can be asked for is done.
    assert decommission(world, "--purge", *DELETE).code == 0
    assert len(tombstones(world)) == 2


LEFT: dict[str, tuple[str, dict[str, Any]]] = {
    "a schedule": ("schedules/nightly", {"properties": {"displayName": "n", "isEnabled": False,
        "trigger": {"triggerType": "Cron", "expression": "0 0 * * *"},
        "action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Command", "command": "x",
            "environmentId": "OLD/environments/py/versions/1"}}}}),
    "an asset": ("data/back/versions/1", {"properties": {"dataType": "uri_folder",
        "dataUri": "azureml:/OLD/datastores/workspaceblobstore/paths/d"}}),
    "an asset by the workspace's id": ("data/by-id/versions/1", {"properties": {"dataType": "uri_folder",
        "dataUri": "azureml://locations/eastus2/workspaces/ID/data/d/versions/1"}}),
}  # fmt: skip


def test_a_waiver_settles_what_names_the_source_in_an_item_of_the_plan(small_world: World) -> None:
    world = small_world
    old = f"azureml:/{world.documents['source']['id']}/datastores/workspaceblobstore/paths/d"
    for uri, into in ((old, "target"), ("https://example.com/d", "source")):
        properties = {"dataType": "uri_folder", "dataUri": uri}
        world.put("data/back/versions/1", {"properties": properties}, into=into)
    world.ok("plan", *world.names)
    # It is told before anybody waives it, and long before the removal.
    told = [
        one["summary"] for one in world.plan_lines()[0]["findings"] if one["address"] == "data/back/1!names-source"
    ]
    assert f"In the target it names the source, and will break with it: '{old}'." in told
    # The target's own is another one, and may stay; that it names the source is decided by itself.
    world.ok("waive", "data/back/1", "--reason", "nobody uses it")
    assert world.migrate("run").code == 3
    red = world.migrate("verify", "--json")
    assert red.code == 3
    assert [one["address"] for one in red.event("verify.end")["open_findings"]] == ["data/back/1!names-source"]
    early = world.migrate("waive", "models/m/1", "--reason", "x", "--json")
    assert early.code == 4 and "is moved already" in early.event("error")["summary"]
    world.ok("waive", "data/back/1!names-source", "--reason", "nobody uses it any more")
    world.ok("verify")
    assert decommission(world, "--dry-run").code == 0
