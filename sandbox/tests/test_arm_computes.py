"""Computes: what is refused, in whose words, what fails while it is made, and what becomes of cores and secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, TENANT, WORKSPACE, ArmClient, principal, with_workspace

PATH = f"{WORKSPACE}/computes/cluster"
REGION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus2"
FAMILY = "standardDSv2Family"
SOMEBODY = "12345678-1234-1234-1234-123456789012"
STOP = {"action": "Stop", "triggerType": "Cron", "cron": {"expression": "0 18 * * *"}, "status": "Enabled"}


def cluster(low: int = 0, high: int = 2, **inner: Any) -> dict[str, Any]:
    scale = {"minNodeCount": low, "maxNodeCount": high}
    return made("AmlCompute", {"vmSize": "Standard_DS3_v2", "scaleSettings": scale, **inner})


def made(kind: str, inner: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    properties = {"computeType": kind, **more} | ({} if inner is None else {"properties": inner})
    return {"location": "eastus2", "properties": properties}


def instance(**inner: Any) -> dict[str, Any]:
    return made("ComputeInstance", {"vmSize": "Standard_DS3_v2", **inner})


arm = with_workspace  # the fixture


async def limited(arm: ArmClient, limit: int, place: str = REGION, family: str = FAMILY) -> str:
    body = {"value": [{"id": f"{place}/quotas/{family}", "limit": limit}]}
    [answered] = (await arm.ok("POST", f"{REGION}/updateQuotas", body))["value"]
    return str(answered["status"])


async def used(arm: ArmClient, family: str = FAMILY, of: str = "vmFamily") -> int:
    [found] = [
        each["currentValue"]
        for each in await arm.every(f"{REGION}/usages")
        if each["name"]["value"] == family and of in each["type"]
    ]
    return int(found)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (cluster(vmSize="Standard_Z99"), "VM size 'Standard_Z99' is not supported"),
        (cluster(vmSize=None), "VM size 'None' is not supported"),
        (cluster(3, 2), "minNodeCount 3 has to be from 0 to maxNodeCount"),
        (cluster(-1, 2), "minNodeCount -1"),
        (cluster() | {"identity": {"type": "SystemAssigned,UserAssigned"}}, "either a system-assigned identity"),
        (instance(idleTimeBeforeShutdown="PT5M"), "idleTimeBeforeShutdown 'PT5M'"),
        (instance(schedules={"computeStartStop": [STOP] * 5}), "at most 4 schedules"),
        (instance(schedules={"computeStartStop": [{**STOP, "cron": {"expression": "0 25 * * *"}}]}), "cron"),
        (
            instance(personalComputeInstanceSettings={"assignedUser": {"objectId": "me", "tenantId": TENANT}}),
            "objectId 'me' of the assigned user is no GUID",
        ),
        (
            instance(
                personalComputeInstanceSettings={"assignedUser": {"objectId": SOMEBODY, "tenantId": TENANT}},
                sshSettings={"sshPublicAccess": "Enabled", "adminPublicKey": "ssh-rsa AAAA"},
            ),
            "Setting SSH key at creation time is not allowed",
        ),
        (made("VirtualMachine", {"sshPort": 22}), "administratorAccount of a compute of type VirtualMachine"),
        (made("Databricks", {"workspaceUrl": "u"}), "databricksAccessToken of a compute of type Databricks"),
        (
            made(
                "Kubernetes", {}, resourceId=f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/gone"
            ),
            "/managedClusters/gone' was not found",
        ),
    ],
)
async def test_bodies_that_are_refused(arm: ArmClient, body: Any, says: str) -> None:
    await arm.error(400, "PUT", PATH, body, says=says)
    await arm.error(404, "GET", PATH)


@pytest.mark.parametrize(
    ("name", "good"),
    [("abc", True), ("cpu-cluster", True), ("a1-b2", True), ("x" * 24, True), ("ab", False), ("1abc", False),
     ("cpu-cluster-1", False), ("cpu-", False), ("x" * 25, False), ("a_bc", False)],
)  # fmt: skip
async def test_names(arm: ArmClient, name: str, good: bool) -> None:
    if good:
        await arm.done("PUT", f"{WORKSPACE}/computes/{name}", cluster())
    else:
        error = await arm.error(400, "PUT", f"{WORKSPACE}/computes/{name}", cluster())
        assert name in error["message"]


async def test_a_name_is_taken_in_its_region(arm: ArmClient) -> None:
    other = WORKSPACE.replace("/source", "/target")
    await arm.done("PUT", other, arm.workspace_body())
    await arm.done("PUT", PATH, cluster())
    error = await arm.error(400, "PUT", f"{other}/computes/CLUSTER", cluster())
    assert error["message"].startswith("Compute name 'CLUSTER' is not available. Reason: AlreadyExists.")
    await arm.done("DELETE", f"{PATH}?underlyingResourceAction=Delete")
    await arm.done("PUT", f"{other}/computes/CLUSTER", cluster())


async def test_a_name_is_taken_where_the_compute_lies_wherever_its_workspace_does(arm: ArmClient) -> None:
    other = WORKSPACE.replace("/source", "/target")
    await arm.done("PUT", other, arm.workspace_body())
    afar = made("AmlCompute", cluster()["properties"]["properties"], computeLocation="West Europe")
    await arm.done("PUT", PATH, afar)
    await arm.done("PUT", f"{other}/computes/cluster", cluster())
    await arm.done("DELETE", f"{other}/computes/cluster?underlyingResourceAction=Delete")
    await arm.error(400, "PUT", f"{other}/computes/cluster", afar, says="Reason: AlreadyExists")


async def test_what_a_change_may_change(arm: ArmClient) -> None:
    await arm.done("PUT", PATH, cluster())
    for body in (cluster(vmSize="Standard_DS4_v2"), cluster(vmPriority="LowPriority")):
        await arm.error(400, "PUT", PATH, body, says="cannot be changed")
    await arm.error(400, "PUT", PATH, made("AmlCompute", {}, disableLocalAuth=True), says="disableLocalAuth")
    await arm.error(400, "PUT", PATH, instance(), says="The type of a compute")
    scale = {"minNodeCount": 1, "maxNodeCount": 4}
    await arm.done("PUT", PATH, made("AmlCompute", {"scaleSettings": scale}))
    assert (await arm.ok("GET", PATH))["properties"]["properties"]["vmSize"] == "STANDARD_DS3_V2"
    change = {"properties": {"properties": {"scaleSettings": {"minNodeCount": 5, "maxNodeCount": 4}}}}
    await arm.error(400, "PATCH", PATH, change, says="minNodeCount 5")
    change["properties"]["properties"]["scaleSettings"]["minNodeCount"] = 0
    await arm.done("PATCH", PATH, change)
    found = (await arm.ok("GET", PATH))["properties"]["properties"]
    assert (found["currentNodeCount"], found["scaleSettings"]["minNodeCount"]) == (0, 0)


async def test_the_sizes_are_listed(arm: ArmClient) -> None:
    sizes = {each["name"]: each for each in (await arm.ok("GET", f"{REGION}/vmSizes"))["value"]}
    assert sizes["Standard_DS3_v2"]["vCPUs"] == 4 and sizes["Standard_DS3_v2"]["family"] == FAMILY
    assert (sizes["Standard_NC24ads_A100_v4"]["gpus"], sizes["Standard_NC6"]["gpus"]) == (1, 1)
    for name in sizes:
        body = cluster(vmSize=name, vmPriority="LowPriority")
        await arm.ok("PUT", f"{WORKSPACE}/computes/{name.replace('Standard_', 'z').replace('_', '-')[:24]}", body)


async def test_a_size_that_the_quota_never_has_is_refused_in_its_words(arm: ArmClient) -> None:
    assert await limited(arm, 3) == "Success"
    error = await arm.error(400, "PUT", PATH, cluster(), code="BadRequest")
    assert error["message"].startswith(
        "The specified subscription has a Standard DSv2 Family vCPU quota of 3 and cannot accomodate for at least 1 "
        "requested managed compute node which maps to 4 vCPUs."
    )
    await limited(arm, 100)
    await limited(arm, 2, family="totalDedicatedCores")
    await arm.error(400, "PUT", PATH, cluster(), says="a total vCPU quota of 2")
    await arm.done("PUT", PATH, cluster(vmPriority="LowPriority"))


async def test_a_cluster_holds_its_minimum_as_far_as_the_quota_goes(arm: ArmClient) -> None:
    await limited(arm, 8)
    await arm.done("PUT", PATH, cluster(1, 2))
    assert await used(arm) == await used(arm, "totalDedicatedCores", "") == 4
    other = f"{WORKSPACE}/computes/other"
    await arm.done("PUT", other, cluster(3, 3))
    found = (await arm.ok("GET", other))["properties"]
    inner = found["properties"]
    assert (found["provisioningState"], inner["currentNodeCount"], inner["targetNodeCount"]) == ("Succeeded", 1, 3)
    [error] = inner["errors"]
    assert error["error"]["code"] == "ClusterCoreQuotaReached"
    assert "Maximum allowed: 8, Current in use: 4, Additional requested: 12." in error["error"]["message"]
    assert len((await arm.ok("POST", f"{other}/listNodes"))["nodes"]) == 1
    await arm.done("DELETE", f"{PATH}?underlyingResourceAction=Delete")
    assert await used(arm) == 4


async def test_an_instance_without_cores_fails_while_it_is_made(arm: ArmClient) -> None:
    await limited(arm, 4)
    first, second = f"{WORKSPACE}/computes/one", f"{WORKSPACE}/computes/two"
    await arm.done("PUT", first, instance())
    await arm.done("POST", f"{first}/stop")
    assert await used(arm) == 4  # a stopped one keeps its cores
    state = await arm.done("PUT", second, instance())
    assert (state["status"], state["error"]["code"]) == ("Failed", "ClusterCoreQuotaReached")
    found = (await arm.ok("GET", second))["properties"]
    assert (found["provisioningState"], found["properties"]["state"]) == ("Failed", "CreateFailed")
    assert "Maximum allowed: 4" in found["provisioningErrors"][0]["error"]["message"]
    assert await used(arm) == 4
    await arm.done("DELETE", f"{first}?underlyingResourceAction=Delete")
    await arm.done("PUT", second, instance())
    found = (await arm.ok("GET", second))["properties"]
    assert (found["provisioningState"], found["properties"]["state"]) == ("Succeeded", "Running")
    assert found["provisioningErrors"] is None


async def test_a_workspace_has_a_quota_of_its_own(arm: ArmClient) -> None:
    await arm.done("PUT", PATH, cluster(1, 2))
    assert await limited(arm, 101, WORKSPACE) == "InvalidQuotaExceedsSubscriptionLimit"
    assert await limited(arm, 3, WORKSPACE) == "InvalidQuotaBelowClusterMinimum"
    assert await limited(arm, 4, WORKSPACE) == "Success"
    assert await used(arm, FAMILY, "workspaces") == 4
    body = cluster(1, 1)
    await arm.done("PUT", f"{WORKSPACE}/computes/more", body)
    assert (await arm.ok("GET", f"{WORKSPACE}/computes/more"))["properties"]["properties"]["currentNodeCount"] == 0
    other = WORKSPACE.replace("/source", "/target")
    await arm.done("PUT", other, arm.workspace_body())
    await arm.done("PUT", f"{other}/computes/free", body)
    assert (await arm.ok("GET", f"{other}/computes/free"))["properties"]["properties"]["currentNodeCount"] == 1
    quotas = [each for each in await arm.every(f"{REGION}/quotas") if each["id"].startswith(WORKSPACE)]
    assert [(each["limit"], each["type"].rpartition("/")[0].rpartition("/")[2]) for each in quotas] == [
        (4, "workspaces")
    ]


async def test_an_instance_for_somebody_else(arm: ArmClient) -> None:
    user = {"assignedUser": {"objectId": SOMEBODY, "tenantId": TENANT}}
    await arm.done("PUT", PATH, instance(personalComputeInstanceSettings=user, enableSSO=True))
    inner = (await arm.ok("GET", PATH))["properties"]["properties"]
    assert inner["personalComputeInstanceSettings"] == user and inner["enableSSO"] is False
    assert (inner["createdBy"]["userId"], inner["state"]) == (principal().object_id, "Running")
    await arm.error(400, "POST", f"{PATH}/start", says="is Running")
    stopping = await arm.send("POST", f"{PATH}/stop")
    assert (await arm.ok("GET", PATH))["properties"]["properties"]["state"] == "Stopping"
    await arm.finish(stopping)
    await arm.error(400, "POST", f"{PATH}/restart", says="is Stopped")
    await arm.done("PUT", PATH, instance(personalComputeInstanceSettings=user))
    inner = (await arm.ok("GET", PATH))["properties"]["properties"]
    assert (inner["state"], inner["lastOperation"]["operationStatus"]) == ("Stopped", "Succeeded")
    await arm.done("POST", f"{PATH}/start")
    await arm.done("POST", f"{PATH}/restart")
    assert (await arm.ok("GET", PATH))["properties"]["properties"]["state"] == "Running"


async def test_a_cluster_is_neither_started_nor_stopped(arm: ArmClient) -> None:
    await arm.done("PUT", PATH, cluster())
    await arm.error(400, "POST", f"{PATH}/stop", says="no compute instance")


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("VirtualMachine", {"sshPort": 22, "administratorAccount": {"username": "u", "password": "secret-1"}}),
        ("VirtualMachine", {"administratorAccount": {"username": "u", "privateKeyData": "secret-1"}}),
        ("HDInsight", {"address": "a", "administratorAccount": {"username": "u", "password": "secret-1"}}),
        ("Databricks", {"workspaceUrl": "u", "databricksAccessToken": "secret-1"}),
    ],
)
async def test_credentials_of_what_is_attached_are_shown_by_list_keys_alone(
    arm: ArmClient, kind: str, inner: dict[str, Any]
) -> None:
    sent = await arm.send("PUT", PATH, made(kind, inner))
    await arm.finish(sent)
    shown = [
        sent.body.decode(),
        json.dumps(await arm.ok("GET", PATH)),
        json.dumps(await arm.every(f"{WORKSPACE}/computes")),
    ]
    assert not any("secret-1" in text for text in shown)
    keys = await arm.ok("POST", f"{PATH}/listKeys")
    [name] = set(keys) - {"computeType"}
    assert (keys["computeType"], keys[name]) == (kind, inner[name])
    # A second PUT without them leaves them as they are.
    await arm.done("PUT", PATH, made(kind, {each: value for each, value in inner.items() if each != name}))
    assert await arm.ok("POST", f"{PATH}/listKeys") == keys


async def test_the_password_of_a_cluster_is_not_shown(arm: ArmClient) -> None:
    account = {"adminUserName": "me", "adminUserPassword": "secret-1", "adminUserSshPublicKey": "ssh-rsa A"}
    sent = await arm.send("PUT", PATH, cluster(userAccountCredentials=account))
    await arm.finish(sent)
    found = (await arm.ok("GET", PATH))["properties"]["properties"]["userAccountCredentials"]
    assert found == {**account, "adminUserPassword": None} and b"secret-1" not in sent.body


async def test_an_account_for_ssh_is_gone_with_a_put_that_cannot_have_its_password(arm: ArmClient) -> None:
    """And stays with a PATCH."""
    login = {"adminUserName": "me", "adminUserPassword": "secret-1"}
    scale = {"minNodeCount": 1, "maxNodeCount": 2}

    async def shown() -> Any:
        return (await arm.ok("GET", PATH))["properties"]["properties"]["userAccountCredentials"]

    await arm.done("PUT", PATH, cluster(userAccountCredentials=login))
    await arm.done("PATCH", PATH, {"properties": {"properties": {"scaleSettings": scale}}})
    assert await shown() == login | {"adminUserPassword": None}
    await arm.done("PUT", PATH, cluster(userAccountCredentials=await shown()))
    assert await shown() is None
