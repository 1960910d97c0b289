"""A workspace's properties: what was sent, filled up to what the service answers, in the recorded order."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import GROUPS, object_of

_ORDER = (
    "friendlyName",
    "description",
    "storageAccount",
    "keyVault",
    "applicationInsights",
    "hbiWorkspace",
    "tenantId",
    "imageBuildCompute",
    "provisioningState",
    "managedNetwork",
    "allowRoleAssignmentOnRG",
    "v1LegacyMode",
    "softDeleteEnabled",
    "containerRegistry",
    "creationTime",
    "notebookInfo",
    "storageHnsEnabled",
    "workspaceId",
    "linkedModelInventoryArmId",
    "privateLinkCount",
    "publicNetworkAccess",
    "ipAllowlist",
    "networkAcls",
    "discoveryUrl",
    "mlFlowTrackingUri",
    "serverlessComputeSettings",
    "EnableSoftwareBillOfMaterials",
    "sdkTelemetryAppInsightsKey",
    "associatedWorkspaces",
    "workspaceHubConfig",
    "hubResourceId",
    "enableDataIsolation",
    "systemDatastoresAuthMode",
    "enableServiceSideCMKEncryption",
)
# Sent, but no property of a workspace.
_INSTRUCTIONS = ("allowRecoverSoftDeletedWorkspace", "provisionNetworkNow", "encryption")
# From this api-version on `allowRoleAssignmentOnRG` is no member any more (AZ-WS-3).
WITHOUT_GROUP_FLAG = "2025-12-01"
_READ_ONLY = ("serviceProvisionedResourceGroup", "privateEndpointConnections")
_ID = re.compile(r"^/subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/[^/]+/[^/]+/([^/]+)$", re.IGNORECASE)
_NETWORK = {
    "changeableIsolationModes": ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
    "isolationMode": "Disabled",
    "enableNetworkMonitor": False,
    "enableFirewallLog": False,  # AZ-WS-15
}


def respelled(id_: Any, type_: str) -> Any:
    """An ARM id with group and type in the casing that the service answers (AZ-ARM-7)."""
    match = _ID.match(id_) if isinstance(id_, str) else None
    return f"/subscriptions/{match[1]}/resourceGroups/{match[2]}/providers/{type_}/{match[3]}" if match else id_


def sent_properties(call: Call) -> dict[str, Any]:
    """The properties of a body. A member that the api-version does not have is taken for not sent.

    Inferred (AZ-WS-13): azure-ai-ml 1.35 sends it with 2025-12-01 all the same.
    """
    sent = object_of(call.body(), "properties")
    gone = {"allowRoleAssignmentOnRG"} if call.api_version >= WITHOUT_GROUP_FLAG else set()
    return {name: value for name, value in sent.items() if name not in gone}


def filled_properties(call: Call, sent: dict[str, Any], old: Record | None, kind: str) -> dict[str, Any]:
    """The properties of a new or changed workspace; `sent` holds all that clients have said so far.

    `encryption` is not among them.
    """
    location = old.document["location"] if old else call.body()["location"].replace(" ", "").lower()
    known = _given(sent, kind) | _made(call, old, location, kind) | {"storageHnsEnabled": _hns(call, sent)}
    properties = {name: known[name] for name in _ORDER if name in known}
    omitted = (*properties, *_INSTRUCTIONS, *_READ_ONLY, "associatedWorkspaces", "containerRegistry")
    return properties | {name: value for name, value in sent.items() if name not in omitted}


def _given(sent: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a client decides, with the service's defaults."""
    # Recorded: `Microsoft.Keyvault` for ordinary workspaces, `Microsoft.KeyVault` for hubs and projects.
    vaults = "Microsoft.Keyvault/vaults" if kind == "Default" else "Microsoft.KeyVault/vaults"
    properties: dict[str, Any] = {
        "friendlyName": sent.get("friendlyName") or "",
        "description": sent.get("description") or "",
        "storageAccount": respelled(sent.get("storageAccount"), "Microsoft.Storage/storageAccounts"),
        "keyVault": respelled(sent.get("keyVault"), vaults),
        "applicationInsights": respelled(sent.get("applicationInsights"), "Microsoft.insights/components"),
        "hbiWorkspace": bool(sent.get("hbiWorkspace", False)),
        "imageBuildCompute": sent.get("imageBuildCompute"),
        "managedNetwork": {**_NETWORK, **object_of(sent, "managedNetwork")},
        "allowRoleAssignmentOnRG": bool(sent.get("allowRoleAssignmentOnRG", kind != "Project")),
        "v1LegacyMode": bool(sent.get("v1LegacyMode", False)),
        "publicNetworkAccess": sent.get("publicNetworkAccess") or "Enabled",
        "ipAllowlist": sent.get("ipAllowlist") or [],
        "serverlessComputeSettings": sent.get("serverlessComputeSettings"),
        "enableDataIsolation": bool(sent.get("enableDataIsolation", kind != "Default")),
        # In lower case, though sent as AccessKey: recorded so.
        "systemDatastoresAuthMode": str(sent.get("systemDatastoresAuthMode") or "accesskey").lower(),
        "enableServiceSideCMKEncryption": bool(sent.get("enableServiceSideCMKEncryption", False)),
    }
    if sent.get("containerRegistry"):
        registries = "Microsoft.ContainerRegistry/registries"
        properties["containerRegistry"] = respelled(sent["containerRegistry"], registries)
    return properties | {name: sent[name] for name in ("workspaceHubConfig", "hubResourceId") if sent.get(name)}


def _made(call: Call, old: Record | None, location: str, kind: str) -> dict[str, Any]:
    """What the service makes, once for all where it is an id or a time."""
    before = old.properties if old else {}
    workspace_id = before.get("workspaceId") or str(uuid.uuid4())
    name, group = old.name if old else call.name, call.ancestor(GROUPS).name
    id_ = f"/subscriptions/{call.subscription}/resourceGroups/{group}/providers/{NAMESPACE}/workspaces/{name}"
    notebook = {
        "resourceId": secrets.token_hex(16),
        # Name and region together have 22 characters at most in the recordings.
        "fqdn": f"ml-{name[: 22 - len(location)]}-{location}-{workspace_id}.{location}.notebooks.azure.net",
        "isPrivateLinkEnabled": False,
        "notebookPreparationError": None,
    }
    kept = {"associatedWorkspaces": before.get("associatedWorkspaces", [])} if kind == "Hub" else {}
    return kept | {
        "tenantId": call.principal.tenant_id,
        "provisioningState": "Updating" if old else "Creating",
        "softDeleteEnabled": False,  # recorded so, although deletion is soft
        "creationTime": before.get("creationTime") or tracked_time(call.tick()),
        "notebookInfo": before.get("notebookInfo") or notebook,
        "workspaceId": workspace_id,
        "linkedModelInventoryArmId": None,
        "privateLinkCount": 0,
        "networkAcls": {"defaultAction": "Allow", "bypass": "", "ipRules": [], "resourceAccessRules": []},
        "discoveryUrl": f"https://{location}.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{id_}",
        "EnableSoftwareBillOfMaterials": False,
        "sdkTelemetryAppInsightsKey": "00000000-0000-0000-0000-000000000000",
    }


def _hns(call: Call, sent: dict[str, Any]) -> bool:
    account = call.context.store.get(str(sent.get("storageAccount")).lower())
    return bool(account and account.properties.get("isHnsEnabled"))


def shown_properties(properties: dict[str, Any], api_version: str) -> dict[str, Any]:
    """The properties as one api-version has them (AZ-WS-3, AZ-WS-16)."""
    hidden: set[str] = set()
    if api_version >= WITHOUT_GROUP_FLAG:
        hidden |= {"allowRoleAssignmentOnRG", "networkAcls"}
    if api_version < "2024-10-01":
        hidden |= {"managedNetwork", "systemDatastoresAuthMode", "enableServiceSideCMKEncryption"}
    return {name: value for name, value in properties.items() if name not in hidden}
