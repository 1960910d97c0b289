"""What a role definition lets its holder write: of a workspace, and of the storage account behind it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from amlmigrate.core.documents import Document

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
    return any(_grants(p, "actions", "notActions", _named(p)) for p in _permissions(definition))


def writes_storage(definition: Document) -> bool:
    """Whether a role grants writing the data of a storage account, by itself or with the account's key."""
    return any(
        _grants(p, "actions", "notActions", _STORAGE_CONTROL)
        or _grants(p, "dataActions", "notDataActions", _STORAGE_DATA)
        for p in _permissions(definition)
    )


def gives_rights(definition: Document) -> bool:
    """Whether a role lets its holder assign roles, and so take any right again."""
    return any(_grants(p, "actions", "notActions", (_RIGHTS,)) for p in _permissions(definition))


def _permissions(definition: Document) -> list[Document]:
    found: list[Document] = (definition.get("properties") or {}).get("permissions") or []
    return found


def _named(permission: Document) -> set[str]:
    """The known operations on a workspace, and those unknown here that a role itself names."""
    found = set(_CONTROL)
    for pattern in permission.get("actions") or ():
        text = str(pattern).lower()
        text = f"{_WORKSPACE}{text[1:]}" if text.startswith("*/") else text
        ends = (
            [f"{text[:-1].rstrip('/')}/{verb}" for verb in _VERBS]
            if text.endswith("*")
            else [text] * text.endswith(tuple(f"/{verb}" for verb in _VERBS))
        )
        found |= {end.replace("*", "any") for end in ends if end.startswith(f"{_WORKSPACE}/")}
    # An action has a name of its own: there is none on the workspace itself.
    return found - {f"{_WORKSPACE}/action"}


def _grants(permission: Document, allow: str, deny: str, operations: Iterable[str]) -> bool:
    """`actions` minus `notActions`; `*` stands for any characters, letter case does not matter."""
    allowed, denied = permission.get(allow) or (), permission.get(deny) or ()
    return any(_matches(allowed, name) and not _matches(denied, name) for name in operations)


def _matches(patterns: Iterable[str], name: str) -> bool:
    return any(_pattern(str(pattern)).fullmatch(name) for pattern in patterns)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.lower().split("*")))
