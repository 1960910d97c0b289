"""Datastores as the list of connections shows them, if it is asked for all."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.system_datastores import DATASTORES
from azsandbox.arm.store import Record

# By the datastore's type: category, where bytes lie, and what the address has between account and endpoint.
_SHOWN = {
    "AzureBlob": ("AzureBlob", "containerName", "blob"),
    "AzureDataLakeGen2": ("ADLSGen2", "filesystem", "dfs"),
}
_AUTH = {"AccountKey": "AccountKey", "Sas": "SAS", "ServicePrincipal": "ServicePrincipal"}


def of_datastores(context: Context, workspace: Record, type_: str) -> list[Record]:
    """Those of a workspace, as connections of this type.

    That they are listed, under their own names, is described (AZ-LIST-14). Inferred (AZ-LIST-15): it is so of Data
    Lake Storage Gen2 too, and of no type that connections have no category for; all other properties. Inferred
    (AZ-LIST-11): each is a line of its own beside a connection of its name.
    """
    found = context.store.children(workspace.key, DATASTORES)
    return [_shown(one, workspace, type_) for one in found if one.properties["datastoreType"] in _SHOWN]


def _shown(record: Record, workspace: Record, type_: str) -> Record:
    own = record.properties
    category, member, service = _SHOWN[own["datastoreType"]]
    account, container = own["accountName"], own[member]
    properties: dict[str, Any] = {
        "authType": _AUTH.get(own["credentials"]["credentialsType"], "AAD"),
        "credentials": None,
        "group": "Azure",
        "category": category,
        "expiryTime": None,
        "target": f"{own['protocol']}://{account}.{service}.{own['endpoint']}/{container}",
        "createdByWorkspaceArmId": workspace.id,
        "isSharedToAll": False,
        "sharedUserList": [],
        "metadata": {"AccountName": account, "ContainerName": container},
    }
    id_ = f"{workspace.id}/connections/{record.name}"
    document = {
        "tags": None,
        "location": None,
        "id": id_,
        "name": record.name,
        "type": type_,
        "properties": properties,
        "systemData": record.document["systemData"],
    }
    return Record(id_.lower(), type_.lower(), workspace.key, id_, record.name, document, sequence=record.sequence)
