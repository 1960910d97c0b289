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
from azsandbox.arm.tracked import object_of

# What a client may set, besides `encryption`; the service's own values win over anything else.
_OWN = (
    "tenantId",
    "provisioningState",
    "creationTime",
    "notebookInfo",
    "storageHnsEnabled",
    "workspaceId",
    "linkedModelInventoryArmId",
    "privateLinkCount",
    "mlFlowTrackingUri",
    "discoveryUrl",
    "sdkTelemetryAppInsightsKey",
    "serviceProvisionedResourceGroup",
    "privateEndpointConnections",
    "softDeleteEnabled",
    "allowRecoverSoftDeletedWorkspace",
    "provisionNetworkNow",
    "associatedWorkspaces",
)
_ID = re.compile(
    r"^/subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/([^/]+)/([^/]+)/([^/]+)$", re.IGNORECASE
)
_NETWORK = {
    "changeableIsolationModes": ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
    "isolationMode": "Disabled",
    "enableNetworkMonitor": False,
    "enableFirewallLog": False,
}


def respelled(id_: Any, type_: str) -> Any:
    """An ARM id with group and type in the casing that the service answers (wire-facts §7)."""
    match = _ID.match(id_) if isinstance(id_, str) else None
    if match is None:
        return id_
    return f"/subscriptions/{match[1]}/resourceGroups/{match[2]}/providers/{type_}/{match[5]}"


def filled_properties(
    call: Call, sent: dict[str, Any], old: Record | None, kind: str, hns: bool
) -> dict[str, Any]:
    """The properties of a new or changed workspace; `sent` holds all that clients have said so far."""
    before = old.properties if old else {}
    location = old.document["location"] if old else call.body()["location"].replace(" ", "").lower()
    workspace_id = before.get("workspaceId") or str(uuid.uuid4())
    subscription, group = (
        call.subscription,
        call.ancestor("microsoft.resources/subscriptions/resourcegroups").name,
    )
    name = old.name if old else call.name
    id_ = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{NAMESPACE}/workspaces/{name}"
    # Recorded: `Microsoft.Keyvault` for ordinary workspaces, `Microsoft.KeyVault` for hubs and projects.
    vaults = "Microsoft.Keyvault/vaults" if kind == "Default" else "Microsoft.KeyVault/vaults"
    host = f"ml-{name[:19].rstrip('-')}-{location}-{workspace_id}.{location}.notebooks.azure.net"
    notebook = {
        "resourceId": secrets.token_hex(16),
        "fqdn": host,
        "isPrivateLinkEnabled": False,
        "notebookPreparationError": None,
    }
    properties: dict[str, Any] = {
        "friendlyName": sent.get("friendlyName") or "",
        "description": sent.get("description") or "",
        "storageAccount": respelled(sent.get("storageAccount"), "Microsoft.Storage/storageAccounts"),
        "keyVault": respelled(sent.get("keyVault"), vaults),
        "applicationInsights": respelled(sent.get("applicationInsights"), "Microsoft.insights/components"),
        "hbiWorkspace": bool(sent.get("hbiWorkspace", False)),
        "tenantId": call.principal.tenant_id,
        "imageBuildCompute": sent.get("imageBuildCompute"),
        "provisioningState": "Updating" if old else "Creating",
        "managedNetwork": {**_NETWORK, **object_of(sent, "managedNetwork")},
        "allowRoleAssignmentOnRG": kind != "Project",
        "v1LegacyMode": bool(sent.get("v1LegacyMode", False)),
        "softDeleteEnabled": False,  # recorded so, although deletion is soft
        "containerRegistry": respelled(sent.get("containerRegistry"), "Microsoft.ContainerRegistry/registries"),
        "creationTime": before.get("creationTime") or tracked_time(call.tick()),
        "notebookInfo": before.get("notebookInfo") or notebook,
        "storageHnsEnabled": hns,
        "workspaceId": workspace_id,
        "linkedModelInventoryArmId": None,
        "privateLinkCount": 0,
        "publicNetworkAccess": sent.get("publicNetworkAccess") or "Enabled",
        "ipAllowlist": sent.get("ipAllowlist") or [],
        "networkAcls": {"defaultAction": "Allow", "bypass": "", "ipRules": [], "resourceAccessRules": []},
        "discoveryUrl": f"https://{location}.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{id_}",
        "serverlessComputeSettings": sent.get("serverlessComputeSettings"),
        "EnableSoftwareBillOfMaterials": False,
        "sdkTelemetryAppInsightsKey": "00000000-0000-0000-0000-000000000000",
        "enableDataIsolation": bool(sent.get("enableDataIsolation", kind != "Default")),
        "systemDatastoresAuthMode": str(sent.get("systemDatastoresAuthMode") or "accesskey").lower(),
        "enableServiceSideCMKEncryption": bool(sent.get("enableServiceSideCMKEncryption", False)),
    }
    if not properties["containerRegistry"]:
        del properties["containerRegistry"]
    rest = {name: value for name, value in sent.items() if name not in properties and name not in _OWN}
    return properties | rest


def shown_properties(properties: dict[str, Any], api_version: str) -> dict[str, Any]:
    """The properties as one api-version has them (azure-facts §2, wire-facts §7)."""
    hidden: set[str] = set()
    if api_version >= "2025-12-01":
        hidden |= {"allowRoleAssignmentOnRG", "networkAcls"}
    if api_version < "2024-10-01":
        hidden |= {"managedNetwork", "systemDatastoresAuthMode", "enableServiceSideCMKEncryption"}
    return {name: value for name, value in properties.items() if name not in hidden}
