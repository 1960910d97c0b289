"""How a removal ends: cut off, with a workspace that takes its time, added to later; and what its tombstone says."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import (
    cut_off,
    cut_off_while_it_goes,
    decommission,
    default_container,
    gateways,
    moved,
    refused,
    removal,
    tombstones,
    waived_and_green,
    with_rules,
)
from tests.acceptance.underway import under_way
from tests.acceptance.world import VERSION, World
from tests.builders import fault

sandbox = alone.sandbox

DELETE = ("--storage", "delete")


def test_a_signal_ends_it_and_the_same_command_goes_on(small_world: World) -> None:
    world = small_world
    world.put(f"onlineEndpoints/ep-{world.source}", {"location": "eastus2", "properties": {"authMode": "Key"}})
    waived_and_green(world)
    rule = fault("DELETE", f"/workspaces/{world.source}$", hang="before")
    for number in (signal.SIGINT, signal.SIGTERM):
        with under_way(world, [rule], *removal(world)) as command:
            command.until("decommission.removing", world.documents["source"]["id"])
            time.sleep(1)
            command.signal(number)
            ended = command.end()
        assert ended.code == 130 and "Traceback" not in ended.err
        assert "same command again" in ended.events[-1]["remedy"]
        assert world.status("source") == 200
    assert decommission(world).code == 0
    assert world.status("source") == 404


def _in_state(world: World, state: str) -> dict[str, Any]:
    document = world.documents["source"]
    return {**document, "properties": {**document["properties"], "provisioningState": state}}


def _reads(world: World, state: str, times: int) -> dict[str, Any]:
    """A rule by which the source is shown in a state, whatever has become of it."""
    return fault("GET", f"/workspaces/{world.source}$", times=times, status=200, body=_in_state(world, state))


@pytest.mark.parametrize(("state", "times"), [("Deleting", 3), ("Succeeded", 1), ("Succeeded", 2)])
def test_a_workspace_that_goes_while_it_is_looked_at_is_gone(small_world: World, state: str, times: int) -> None:
    world = moved(small_world)
    cut_off_while_it_goes(world)
    assert world.status("source") in (200, 404)
    with_rules(world, [_reads(world, state, times)], code=0)
    assert len(tombstones(world)) == 1 and world.status("source") == 404


def test_a_404_once_the_gate_has_been_passed_does_not_show_that_it_is_gone(small_world: World) -> None:
    """A region that has not heard of it answers so for minutes; its group's list shows that it lives."""
    world = moved(small_world)
    workspace = rf"/workspaces/{world.source}$"
    roles = rf"/workspaces/{world.source}/providers/Microsoft.Authorization/roleAssignments$"
    cut_off(world, workspace, when="before")
    since = world.now()
    assert decommission(world, "--dry-run").code == 0
    reads = [call["path"] for call in world.log(since) if call["method"] == "GET"]

    def goes_after(path: str) -> dict[str, Any]:
        passed = sum(bool(re.search(path, one)) for one in reads)
        match = {"method": "GET", "path": path, "nth": passed + 1, "times": 0}
        return {"match": match, **gateways(world)}

    # What is asked for the tombstone comes after what the gate asks for.
    since = world.now()
    with_rules(world, [goes_after(workspace), goes_after(roles)], code=2)
    assert not tombstones(world) and world.status("source") == 200
    assert not [call for call in world.log(since) if call["method"] == "DELETE" and "Learning" in call["path"]]
    assert decommission(world).code == 0 and len(tombstones(world)) == 1


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


def test_what_a_removal_had_asked_for_may_end_while_the_next_one_looks(small_world: World) -> None:
    world, name = small_world, f"ep-{small_world.source}"
    world.put(f"onlineEndpoints/{name}", {"location": "eastus2", "properties": {"authMode": "Key"}})
    waived_and_green(world)
    shown = {"value": world.items("onlineEndpoints", of="source")}
    # A 404 of what is below an endpoint that stands is not taken for "there is nothing".
    unsaid = fault("GET", f"/{name}/deployments$", status=404)
    [reason] = with_rules(world, [unsaid], "--dry-run", code=4).event("error")["reasons"]
    assert "onlineEndpoints was added" in reason
    cut_off(world, f"/onlineEndpoints/{name}")
    while world.items("onlineEndpoints", of="source"):
        time.sleep(0.2)
    first_look = fault("GET", f"/workspaces/{world.source}/onlineEndpoints$", times=1, status=200, body=shown)
    with_rules(world, [first_look], "--dry-run", code=0)
    world.put("environments/late/versions/1", {"properties": {"image": "x"}})
    [reason] = refused(world)
    assert "environments/late/1 was added" in reason and name not in reason
    for path in ("environments/late/versions/1", "environments/late"):
        world.arm("DELETE", f"{world.documents['source']['id']}/{path}", VERSION)
    with_rules(world, [first_look], code=0)
    [tombstone] = tombstones(world)
    assert tombstone["removed_first"] == [f"onlineEndpoints/{name}"]


def test_the_tombstone_says_what_is_so(small_world: World) -> None:
    world = small_world
    group = world.documents["source"]["id"].partition("/providers/")[0]
    role = f"/subscriptions/{world.env['AZURE_SUBSCRIPTION_ID']}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"

    def assigned(scope: str, principal: str) -> str:
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        properties = {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}
        world.arm("PUT", path, "2022-04-01", {"properties": properties})
        return path

    principal = str(uuid.uuid4())
    at_it = assigned(world.documents["source"]["id"], principal)
    outside = assigned(group, world.documents["source"]["identity"]["principalId"])
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


def test_a_removal_that_was_cut_off_is_purged_when_asked_for(small_world: World) -> None:
    world = moved(small_world)
    cut_off_while_it_goes(world, "--purge")
    assert decommission(world, "--purge").code == 0
    [tombstone] = tombstones(world)
    assert tombstone["purged"] and tombstone["recoverable_until"] is None
    purge = (
        f"https://management.azure.com{world.documents['source']['id']}?api-version=2024-04-01&forceToPurge=true"
    )
    again = world.azure(lambda c: c.send("DELETE", purge, "https://management.azure.com"))
    assert again[0] == 204, "nothing is left to be purged"


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


def test_what_in_the_target_names_the_source_keeps_it(small_world: World) -> None:
    world, document = small_world, small_world.documents["source"]
    for path, body in LEFT.values():
        text = json.dumps(body).replace("OLD", document["id"]).replace("ID", document["properties"]["workspaceId"])
        world.put(path, json.loads(text), into="target")
    moved(world)
    told = sorted(refused(world))
    for (path, _), reason in zip(sorted(LEFT.values(), key=lambda one: one[0]), told, strict=True):
        assert path.removesuffix("/versions/1") in reason and "in the target refers to the source: " in reason


def test_a_removal_whose_plan_was_taken_over_deletes_nothing(small_world: World) -> None:
    world = moved(small_world)

    def take_over() -> None:
        db = sqlite3.connect(world.folder / "plans" / world.source / "ledger.db")
        while not db.execute("UPDATE lock SET host = 'elsewhere'").rowcount:
            db.commit()
            time.sleep(0.1)
        db.commit()
        db.close()

    slow = fault("GET", f"/workspaces/{world.source}$", delay=2)
    with ThreadPoolExecutor(1) as other:
        taken = other.submit(take_over)
        with_rules(world, [slow], code=5)
        taken.result()
    assert world.status("source") == 200 and not tombstones(world)


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
