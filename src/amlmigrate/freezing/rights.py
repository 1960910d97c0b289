"""What a role definition lets its holder write: of a workspace, and of the storage account behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.documents import Document
from amlmigrate.core.rights import Permission, permissions

_WORKSPACE = "microsoft.machinelearningservices/workspaces"
_BLOBS = "microsoft.storage/storageaccounts/blobservices/containers/blobs"
_FILES = "microsoft.storage/storageaccounts/fileservices"
# What changes something. Actions count: listing keys or secrets hands out the right to write.
_VERBS = ("write", "delete", "action")
# Below a workspace any collection may be meant, so one stands for those that have no name here.
_COLLECTIONS = (
    "any", "batchEndpoints", "codes", "codes/versions", "components", "components/versions", "computes",
    "connections", "data", "data/versions", "datasets/registered", "datastores", "endpoints", "environments",
    "environments/versions", "experiments/runs", "featuresets/versions", "jobs", "metrics/any", "models",
    "models/versions", "notebooks/storage", "notebooks/vm", "onlineEndpoints", "schedules",
)  # fmt: skip
_CONTROL = (
    *(f"{_WORKSPACE}/{verb}" for verb in ("write", "delete", "listkeys/action")),
    *(f"{_WORKSPACE}/{name.lower()}/{verb}" for name in _COLLECTIONS for verb in _VERBS),
)
_STORAGE_CONTROL = (
    *(f"microsoft.storage/storageaccounts/{call}" for call in ("write", "delete", "listkeys/action")),
    *(f"microsoft.storage/storageaccounts/{call}" for call in ("regeneratekey/action", "listaccountsas/action")),
    "microsoft.storage/storageaccounts/listservicesas/action",
    *(f"{_BLOBS.removesuffix('/blobs')}/{verb}" for verb in ("write", "delete")),
)
_STORAGE_DATA = (
    *(f"{_BLOBS}/{call}" for call in ("write", "delete", "add/action", "move/action", "tags/write")),
    *(f"{_BLOBS}/{call}/action" for call in ("permanentdelete", "deleteblobversion", "runassuperuser")),
    *(f"{_BLOBS}/{call}" for call in ("manageownership/action", "modifypermissions/action")),
    *(f"{_FILES}/fileshares/files/{call}" for call in ("write", "delete", "modifypermissions/action")),
    f"{_FILES}/writefilebackupsemantics/action",
    f"{_FILES}/takeownership/action",
)  # fmt: skip
_RIGHTS = "microsoft.authorization/roleassignments/write"


def writes_workspace(definition: Document) -> bool:
    """Whether a role grants anything that changes a workspace, or hands out a key to it."""
    return any(_grants(entry, _named(entry)) for entry in permissions(definition))


def writes_storage(definition: Document) -> bool:
    """Whether a role grants writing the data of a storage account, by itself or with the account's key."""
    return any(
        _grants(entry, _STORAGE_CONTROL) or _grants(entry, _STORAGE_DATA, data=True)
        for entry in permissions(definition)
    )


def gives_rights(definition: Document) -> bool:
    """Whether a role lets its holder assign roles, and so take any right again."""
    return any(_grants(entry, (_RIGHTS,)) for entry in permissions(definition))


def _named(permission: Permission) -> set[str]:
    """The known operations on a workspace, and those unknown here that a role itself names."""
    found = set(_CONTROL)
    for pattern in permission.actions:
        text = pattern.lower()
        text = f"{_WORKSPACE}{text[1:]}" if text.startswith("*/") else text
        ends = (
            [f"{text[:-1].rstrip('/')}/{verb}" for verb in _VERBS]
            if text.endswith("*")
            else [text] * text.endswith(tuple(f"/{verb}" for verb in _VERBS))
        )
        found |= {end.replace("*", "any") for end in ends if end.startswith(f"{_WORKSPACE}/")}
    # An action has a name of its own: there is none on the workspace itself.
    return found - {f"{_WORKSPACE}/action"}


def _grants(entry: Permission, operations: Iterable[str], *, data: bool = False) -> bool:
    return any(entry.grants(name, data=data) for name in operations)
