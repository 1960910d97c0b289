"""What the service makes of a document that it is sent (AZ-ASSET-2 to AZ-ASSET-14), member by member.

A member that is not named here is stored and answered as it was sent.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document

# Answered and never taken: what a client would send of these is computed, or belongs to the workspace.
READ_ONLY = frozenset(
    {
        "provisioningState",
        "latestVersion",
        "nextVersion",
        "autoDeleteSetting",
        "intellectualProperty",
        "environmentType",
        "isDefault",
        "createdByWorkspaceArmId",
        "createdOn",
        "group",
        "isAttachedCompute",
        "modifiedOn",
        *("createdBy", "scope", "updatedBy", "updatedOn"),
    }
)
# What it counts of the nodes of a cluster.
COUNTED = frozenset(
    {"allocationState", "currentNodeCount", "targetNodeCount", "nodeStateCounts", "errors"},
)
_FILLED: Document = {"description": None, "tags": {}, "properties": {}, "isArchived": False, "isAnonymous": False}
_ENVIRONMENT = {"osType": "Linux", "autoRebuild": "Disabled", "environmentType": "UserCreated", "condaFile": ""}
_CONNECTION = {"group": "ServicesAndApps", "expiryTime": None, "isSharedToAll": False, "sharedUserList": []}
_ASSIGNED = {
    **dict.fromkeys(("condition", "conditionVersion", "description", "delegatedManagedIdentityResourceId")),
    **{"createdOn": "2026-04-01", "createdBy": "me", "updatedOn": "2026-04-01", "updatedBy": "me"},
}
_JOB = {"componentId": None, "identity": None, "isArchived": False, "services": None, "status": "NotStarted"}
_STORE = {
    "isDefault": False,
    "subscriptionId": None,
    "resourceGroup": None,
    "serviceDataAccessAuthIdentity": "None",
}


def answered(workspace_id: str, address: Address, body: Document) -> Document:
    """The service's answer to a PUT of a body that is new to it."""
    sent: Document = copy.deepcopy(body["properties"])
    if "datastoreType" in sent:
        properties = {"description": None, "tags": None, "properties": None, **_STORE, **sent}
        credentials = sent.get("credentials") or {"credentialsType": "None"}
        properties["credentials"] = {key: value for key, value in credentials.items() if key != "secrets"}
    elif "authType" in sent:
        properties = {**_CONNECTION, "createdByWorkspaceArmId": workspace_id, **sent, "credentials": None}
    elif "trigger" in sent:
        properties = _scheduled(sent)
    elif "versions" in sent:
        shown = {name: value for name, value in sent.items() if name not in ("backup", "value")}
        kept = sent["attributes"] | {"created": 1774552498, "updated": 1774552498, "recoveryLevel": "Recoverable"}
        properties = {**shown, "attributes": kept}
    elif "computeType" in sent:
        properties = _computed(sent)
    elif "roleDefinitionId" in sent:
        properties = {**_ASSIGNED, "scope": workspace_id, **sent}
    elif "logs" in sent:
        properties = {"storageAccountId": None, "marketplacePartnerId": None, **_logged(sent)}
    elif "level" in sent:
        properties = {"owners": None, **sent}
    else:
        properties = {**_FILLED, "provisioningState": "Succeeded", **sent}
        _version(properties, address) if address.version else properties.update(
            latestVersion=None, nextVersion="1"
        )
    around = {key: value for key, value in copy.deepcopy(body).items() if key != "properties"}
    if "identity" in around:
        around["identity"] |= {"principalId": "2-2", "tenantId": "1-1"}
    document = {
        **around,
        "id": f"{workspace_id}/{address}",
        "name": address.version or address.name,
        "properties": properties,
    }
    return document | {"systemData": {"createdAt": "2026-04-01T00:00:00.5+00:00", "createdBy": "Somebody Else"}}


def _scheduled(sent: Document) -> Document:
    """Padded with nulls, and enabled where nothing says otherwise (AZ-LIVE-5, AZ-LIVE-11)."""
    found = {"description": None, "tags": {}, "properties": {}, "displayName": None, "isEnabled": True, **sent}
    found["trigger"] = {"endTime": None, "startTime": "2026-04-01T00:00:00", "timeZone": "UTC", **sent["trigger"]}
    if job := sent["action"].get("jobDefinition"):
        found["action"] = {**sent["action"], "jobDefinition": {**_JOB, **job}}
    return found | {"provisioningState": "Succeeded"}


def _computed(sent: Document) -> Document:
    """With what the service counts, and in the spelling of its own (AZ-COMPUTE-8)."""
    found = {"createdOn": "2026-04-01", "modifiedOn": "2026-04-01", "provisioningErrors": None, **sent}
    inner = {"allocationState": "Steady", "currentNodeCount": 0, "errors": None, **(sent.get("properties") or {})}
    if "vmSize" in inner:
        inner["vmSize"] = inner["vmSize"].upper()
    found |= {"description": sent.get("description"), "resourceId": sent.get("resourceId"), "properties": inner}
    return found | {"isAttachedCompute": False, "provisioningState": "Succeeded"}


def _logged(sent: Document) -> Document:
    """Each with how long it is kept, and with a category that is off."""
    kept = {"enabled": False, "days": 0}
    logs = [{"category": None, "categoryGroup": None, "retentionPolicy": kept, **one} for one in sent["logs"]]
    off = {"category": "Off", "categoryGroup": None, "enabled": False, "retentionPolicy": kept}
    return {**sent, "logs": [*logs, off]}


def _version(properties: Document, address: Address) -> None:
    if "dataUri" in properties:
        properties |= {"stage": properties.get("stage")}
        properties["dataUri"] = properties["dataUri"].replace("/resourceGroups/", "/resourcegroups/")
        del properties["provisioningState"]
        return
    if "codeUri" in properties:
        properties["isAnonymous"] = False
        return
    properties["stage"] = "Archived" if properties["isArchived"] else properties.get("stage", "Development")
    properties |= {"autoDeleteSetting": None, "intellectualProperty": None}
    if "modelUri" in properties:
        properties |= {"jobName": None, "flavors": properties.get("flavors", {})}
        properties["modelUri"] = properties["modelUri"].replace("/resourcegroups/", "/resourceGroups/")
    elif "componentSpec" in properties:
        properties |= {"description": None, "componentSpec": spec(properties["componentSpec"], address)}
    else:
        properties |= {key: value for key, value in _ENVIRONMENT.items() if key not in properties}
        properties["properties"] = {**properties["properties"], "azureml.labels": "latest"}
        properties["condaFile"] = conda(properties["condaFile"])


def conda(text: str) -> str:
    """Conda packages go in as YAML text and come back as JSON text."""
    return json.dumps(yaml.load(text, Loader=yaml.BaseLoader), indent=2) if text else ""


def spec(sent: Document, address: Address) -> Document:
    """A component's spec: name and version by the URL, scalars as texts, defaults added, two members dropped."""
    kept = {key: value for key, value in sent.items() if key not in ("_source", "id")}
    found: Document = _texts(kept) | {"name": address.name, "version": address.version}
    for one in (found.get("inputs") or {}).values():
        if isinstance(one, dict):
            one.setdefault("optional", "False")
    if found.get("type") == "command":
        found["resources"] = {"instance_count": "1", **found.get("resources", {})}
    return found


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_texts(child) for child in value]
    return value if value is None or isinstance(value, str) else str(value)
