"""What becomes of a compute: the nodes of a cluster, the state of an instance, what the service fills in later."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.locking import is_locked
from azsandbox.arm.providers.ml.computecores import nodes_within
from azsandbox.arm.providers.ml.quotas import Region
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

QUOTA = "ClusterCoreQuotaReached"
_NO_NODES = dict.fromkeys(
    (f"{state}NodeCount" for state in ("preparing", "running", "idle", "unusable", "leaving", "preempted")), 0
)
_CLUSTER: dict[str, Any] = {
    "osType": "Linux",
    "vmPriority": "Dedicated",
    "isolatedNetwork": False,
    "remoteLoginPortPublicAccess": "Enabled",
    "enableNodePublicIp": True,
    "propertyBag": {},
}
_INSTANCE: dict[str, Any] = {
    "applicationSharingPolicy": "Shared",
    "computeInstanceAuthorizationType": "personal",
    "enableNodePublicIp": True,
    "applications": [],
}
_ENDS = {"start": "Running", "restart": "Running", "stop": "Stopped", "write": "Running"}
# What an instance may be in for each of its actions, what it is in meanwhile, and what the operation is called.
_ACTIONS = {
    "start": (("Stopped",), "Starting", "Start"),
    "stop": (("Running",), "Stopping", "Stop"),
    "restart": (("Running",), "Restarting", "Restart"),
}


def of_new_instance(call: Call, inner: dict[str, Any], old: Record | None) -> dict[str, Any]:
    """An instance with its creator and state. One for somebody else has no single sign-on.

    ai-docs how-to-create-compute-instance: only the assigned user can enable that. Inferred (AZ-COMPUTE-7): who
    `createdBy` is, and that an instance which is stopped stays so with a second PUT.
    """
    before = old.properties["properties"] if old else {}
    user = object_of(object_of(inner, "personalComputeInstanceSettings"), "assignedUser")
    caller = call.principal
    made = {"userName": caller.app_id, "userOrgId": caller.tenant_id, "userId": caller.object_id}
    mine = str(user.get("objectId") or caller.object_id).lower() == caller.object_id.lower()
    return {
        **inner,
        "enableSSO": inner.get("enableSSO", True) if mine else False,
        "createdBy": before.get("createdBy", made),
        "state": before["state"] if before.get("state") in ("Running", "Stopped") else "Creating",
        "lastOperation": operation("Create" if old is None else "Reimage", asset_time(call.tick()), "InProgress"),
    }


def operation(name: str, time: str, status: str) -> dict[str, Any]:
    """The last thing that was done with an instance."""
    return {
        "operationName": name,
        "operationTime": time,
        "operationStatus": status,
        "operationTrigger": "User",
    }


def begun(record: Record, verb: str, time: str) -> str:
    """Puts an instance into the state that an action goes through; else why it cannot. Texts are ours."""
    inner = record.properties["properties"]
    if record.properties["computeType"] != "ComputeInstance":
        return f"Compute {record.name} is no compute instance."
    allowed, meanwhile, name = _ACTIONS[verb]
    if inner["state"] not in allowed:
        return f"Compute instance {record.name} is {inner['state']}."
    inner = {**inner, "state": meanwhile, "lastOperation": operation(name, time, "InProgress")}
    record.document = {**record.document, "properties": {**record.properties, "properties": inner}}
    return ""


def ended(region: Region, record: Record, verb: str) -> dict[str, Any] | None:
    """Fills what the service fills; the error with which the operation ends, where it does."""
    properties = {**record.properties, "provisioningState": "Succeeded", "resourceId": None}
    record.document = {**record.document, "properties": properties}
    if properties["computeType"] == "AmlCompute":
        properties["properties"] = _cluster(region, record)
        return None
    return _instance(region, record, verb)


def _cluster(region: Region, record: Record) -> dict[str, Any]:
    """At its minimum of nodes, or at as many as the quota has; then with an error, and made all the same.

    Inferred (AZ-COMPUTE-5): that it is made.
    """
    inner = {**_CLUSTER, **record.properties["properties"]}
    if inner.get("remoteLoginPortPublicAccess") == "NotSpecified":
        inner["remoteLoginPortPublicAccess"] = "Enabled"
    scale = dict(inner.get("scaleSettings") or {"minNodeCount": 0, "maxNodeCount": 1})
    scale["nodeIdleTimeBeforeScaleDown"] = scale.get("nodeIdleTimeBeforeScaleDown") or "PT2M"
    wanted = int(scale.get("minNodeCount") or 0)
    got, told = nodes_within(region, record, wanted)
    if is_locked(region.context.store, record.key):
        # learn azure-resource-manager/management/lock-resources: unused nodes are not removed (AZ-LOCK-2).
        got = max(got, int(inner.get("currentNodeCount") or 0))
    return {
        **inner,
        "scaleSettings": {**scale, "minNodeCount": wanted},
        "allocationState": "Steady",
        "currentNodeCount": got,
        "targetNodeCount": wanted,
        "nodeStateCounts": {**_NO_NODES, "idleNodeCount": got},
        "errors": [{"error": {"code": QUOTA, "message": told}}] if told else None,
    }


def _instance(region: Region, record: Record, verb: str) -> dict[str, Any] | None:
    inner = {**_INSTANCE, **record.properties["properties"]}
    new = inner["state"] == "Creating"
    got, told = nodes_within(region, record, 1) if new else (1, "")
    if verb != "write" or new:
        inner["state"] = _ENDS[verb] if got else "CreateFailed"
    inner["lastOperation"] = {**inner["lastOperation"], "operationStatus": "Succeeded" if got else "CreateFailed"}
    error = None if got else {"code": QUOTA, "message": told}
    properties = {**record.properties, "properties": {**inner, "errors": [{"error": error}] if error else []}}
    if error:
        properties |= {"provisioningState": "Failed", "provisioningErrors": [{"error": error}]}
    record.document = {**record.document, "properties": properties}
    return error
