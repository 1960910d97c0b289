"""The four datastores that every workspace has from the start, the containers and the shares behind them."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.clock import asset_time
from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.store import Record

DATASTORES = f"{NAMESPACE.lower()}/workspaces/datastores"
# The same in every workspace (AZ-WS-1).
WORKING_SHARE = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"
_SERVICE = "779301c0-18b2-4cdc-801b-a0a3368fee0a"  # who last modified them, in the recordings


async def make_system_datastores(context: Context, workspace: Record) -> None:
    """Makes containers, shares and datastores, the last in the recorded order of creation."""
    account_id = str(workspace.properties.get("storageAccount") or "")
    if not account_id:
        return
    id_ = workspace.properties["workspaceId"]
    # An account has no upper case in its name, however an ARM id spells it.
    account = account_id.rsplit("/", 1)[1].lower()
    await context.accounts.create_container(account, f"azureml-blobstore-{id_}")
    await context.accounts.create_container(account, "azureml")
    filestore = f"azureml-filestore-{id_}"
    for share in (filestore, WORKING_SHARE):
        await context.accounts.create_share(account, share)
    stores = (
        ("workspacefilestore", "AzureFile", {"fileShareName": filestore}),
        ("workspaceartifactstore", "AzureBlob", {"containerName": "azureml"}),
        ("workspaceworkingdirectory", "AzureFile", {"fileShareName": WORKING_SHARE}),
        ("workspaceblobstore", "AzureBlob", {"containerName": f"azureml-blobstore-{id_}"}),
    )
    for store in stores:
        record = _datastore(context, workspace, account_id, store)
        if context.store.get(record.key) is None:
            context.store.put(record)


def set_auth_mode(context: Context, workspace: Record) -> None:
    """Makes the credentials of the system datastores follow `systemDatastoresAuthMode` (AZ-WS-11)."""
    wanted = {"credentialsType": _credentials(workspace)}
    for record in context.store.children(workspace.key, DATASTORES):
        if record.hidden.get("system") and record.properties["credentials"] != wanted:
            record.document = {**record.document, "properties": {**record.properties, "credentials": wanted}}
            context.store.put(record)


def _credentials(workspace: Record) -> str:
    return "AccountKey" if workspace.properties["systemDatastoresAuthMode"] == "accesskey" else "None"


def _datastore(
    context: Context, workspace: Record, account_id: str, store: tuple[str, str, dict[str, str]]
) -> Record:
    name, type_, place = store
    default = name == "workspaceblobstore"
    parts = account_id.split("/")
    properties: dict[str, Any] = {
        "description": None,
        "tags": None,
        "properties": None,
        "isDefault": default,
        "credentials": {"credentialsType": _credentials(workspace)},
        "subscriptionId": parts[2] if default else None,
        "resourceGroup": parts[4] if default else None,
        "datastoreType": type_,
        "accountName": parts[-1],
        **place,
        "endpoint": "core.windows.net",
        "protocol": "https",
        # The default one is the workspace's own identity's in every recording.
        "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity" if default else "None",
    }
    now = context.clock.tick()
    id_ = f"{workspace.id}/datastores/{name}"
    document = {
        "id": id_,
        "name": name,
        "type": f"{NAMESPACE}/workspaces/datastores",
        "properties": properties,
        # Without createdBy: recorded so.
        "systemData": {
            "createdAt": asset_time(now),
            "lastModifiedAt": asset_time(now),
            "lastModifiedBy": _SERVICE,
            "lastModifiedByType": "Application",
        },
    }
    key = f"{workspace.key}/datastores/{name}"
    return Record(key, DATASTORES, workspace.key, id_, name, document, {"system": True})
