"""What the body of a compute has to be beyond its description: names, sizes, nodes, schedules, credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml import triggers
from azsandbox.arm.providers.ml.machines import MACHINES
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,23}$", re.ASCII)
_IDLE = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$", re.ASCII)
_MOST_SCHEDULES = 4
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
OWN = ("AmlCompute", "ComputeInstance")  # what the service makes itself; the rest is attached
# The secrets of what is attached: member and members of it, all of which GET hides.
SECRETS = {
    "VirtualMachine": "administratorAccount",
    "HDInsight": "administratorAccount",
    "Databricks": "databricksAccessToken",
}
_HIDDEN = {"Kubernetes": ("relayConnectionString", "serviceBusConnectionString")}
# What is attached by the id of a resource, and its type; the sandbox has only some of these.
_BEHIND = {
    "AKS": "microsoft.containerservice/managedclusters",
    "Kubernetes": "microsoft.containerservice/managedclusters",
    "VirtualMachine": "microsoft.compute/virtualmachines",
}
# Create-only, the former two by the description of the API. Inferred (AZ-COMPUTE-2): the latter.
_FIXED = ("computeLocation", "disableLocalAuth")
_FIXED_INSIDE = ("vmSize", "vmPriority")


def wrong_name(name: str) -> str:
    """What the service says to a name that no compute may have; nothing to others.

    Its words: MicrosoftDocs/pipelines-azureml#19. Inferred (AZ-COMPUTE-1): attached ones have the same rule.
    """
    if _NAME.match(name) and ("-" not in name or re.search("[A-Za-z]", name.rpartition("-")[2])):
        return ""
    return (
        f"Compute name '{name}' is not available. Reason: Invalid. Message: A name for an Azure ML Compute "
        "Instance must be between 3 and 24 characters in length and must use only numbers, letters and minus "
        "symbol (-), must start with letters. Numbers cannot be the ending of the name if the previous "
        "character is a minus symbol (-). Please specify a different Azure ML Instance name"
    )


def taken(name: str) -> str:
    """What it says to a name that another compute of the region has.

    microsoft/Templates-For-Dynamics-365-Supply-Chain-Management-Demand-Forecasting-With-Azure-Machine-Learning#4
    """
    return (
        f"Compute name '{name}' is not available. Reason: AlreadyExists. Message: The specified name {name} is "
        "already in use and is therefore unavailable"
    )


def problems(
    context: Context, kind: str, sent: dict[str, Any], body: Mapping[str, Any], old: Record | None
) -> Iterator[str]:
    """What is wrong with a body whose description holds. Texts of ours (AZ-LOCAL-1)."""
    inner = object_of(sent, "properties")
    if old is not None:
        yield from _changes(sent, inner, old)
    if kind in OWN:
        size = inner.get("vmSize") or (old.properties["properties"].get("vmSize") if old else None)
        if str(size).upper() not in MACHINES:
            yield f"The VM size '{size}' is not supported."
    if kind == "AmlCompute":
        yield from _of_cluster(inner, body)
    elif kind == "ComputeInstance":
        yield from _of_instance(inner)
    else:
        yield from _of_attached(context, kind, sent, inner, old)


def _changes(sent: dict[str, Any], inner: dict[str, Any], old: Record) -> Iterator[str]:
    if str(sent.get("computeType")).lower() != str(old.properties["computeType"]).lower():
        yield "The type of a compute cannot be changed."
    before = old.properties["properties"]
    for members, there, names in ((sent, old.properties, _FIXED), (inner, before, _FIXED_INSIDE)):
        for name in names:
            if members.get(name) is not None and _plain(members[name]) != _plain(there.get(name, members[name])):
                yield f"{name} of a compute cannot be changed."


def _plain(value: Any) -> str:
    return str(value).replace(" ", "").lower()


def _of_cluster(inner: dict[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    scale = object_of(inner, "scaleSettings")
    low, high = scale.get("minNodeCount") or 0, scale.get("maxNodeCount") or 0
    if not 0 <= low <= high:
        yield f"minNodeCount {low} has to be from 0 to maxNodeCount, which is {high}."
    kinds = str((body.get("identity") or {}).get("type", "")).replace(" ", "").lower()
    if "systemassigned" in kinds and "userassigned" in kinds:
        # ai-docs how-to-create-attach-compute-cluster: one of the system, or several of users.
        yield "A cluster has either a system-assigned identity or user-assigned ones."


def _of_instance(inner: dict[str, Any]) -> Iterator[str]:
    user = object_of(object_of(inner, "personalComputeInstanceSettings"), "assignedUser")
    for name in ("objectId", "tenantId") if user else ():
        if not _GUID.match(str(user.get(name))):
            yield f"{name} '{user.get(name)}' of the assigned user is no GUID."
    if user and object_of(inner, "sshSettings").get("adminPublicKey"):
        # As quoted (AZ-COMPUTE-16); whoever it is assigned to counts as somebody else.
        yield (
            "Setting SSH key at creation time is not allowed when compute instance is provisioned on behalf of"
            " another user."
        )
    idle = inner.get("idleTimeBeforeShutdown")
    if idle is not None and not 15 <= _minutes(str(idle)) <= 3 * 24 * 60:
        yield f"idleTimeBeforeShutdown '{idle}' has to be from PT15M to P3D."
    given = object_of(inner, "schedules").get("computeStartStop") or []
    if len(given) > _MOST_SCHEDULES:
        yield f"A compute instance has at most {_MOST_SCHEDULES} schedules."
    for each in given:
        for name in ("cron", "recurrence"):
            if isinstance(each.get(name), dict):
                yield from triggers.problems({"triggerType": name, **each[name]})


def _minutes(text: str) -> int:
    match = _IDLE.match(text)
    days, hours, minutes = (int(each or 0) for each in match.groups()) if match else (0, 0, 0)
    return (days * 24 + hours) * 60 + minutes


def _of_attached(
    context: Context, kind: str, sent: dict[str, Any], inner: dict[str, Any], old: Record | None
) -> Iterator[str]:
    """Inferred (AZ-COMPUTE-3): what is attached has to be there, and new credentials have to be sent with it."""
    id_ = str(sent.get("resourceId") or "")
    if kind in _BEHIND and f"/providers/{_BEHIND[kind]}/" in id_.lower() and not context.store.get(id_.lower()):
        yield f"The resource '{id_}' was not found."
    if kind in SECRETS and not inner.get(SECRETS[kind]) and not (old and old.hidden.get(SECRETS[kind])):
        yield f"{SECRETS[kind]} of a compute of type {kind} is required."


def without_secrets(kind: str, inner: dict[str, Any]) -> dict[str, Any]:
    """The inner properties as they are kept to be shown. Inferred (AZ-COMPUTE-4): which members GET hides.

    Inferred (AZ-COMPUTE-14): what is put has all of a cluster's account for SSH; one that nothing opens is none.
    """
    shown = dict(inner)
    for name in (SECRETS.get(kind), *_HIDDEN.get(kind, ())):
        if name in shown:
            shown[name] = None
    if isinstance(login := shown.get("userAccountCredentials"), dict):
        opens = login.get("adminUserPassword") or login.get("adminUserSshPublicKey")
        shown["userAccountCredentials"] = {**login, "adminUserPassword": None} if opens else None
    return shown
