"""What a role definition lets its holder change: of a workspace, and of the storage account behind it. Pure.

Whatever is written, deleted or done at or below them counts, by whatever name, but for what is known to be
harmless. The operations: learn.microsoft.com, "Azure permissions for Storage", "Azure permissions for AI + machine
learning", "Azure permissions for Management and governance".
"""

from __future__ import annotations

from amlmigrate.core.documents import Document
from amlmigrate.core.rights import Permission, permissions
from amlmigrate.core.wildcards import left_over
from amlmigrate.kinds import all_kinds

_WORKSPACE = "microsoft.machinelearningservices/workspaces"
_ACCOUNT = "microsoft.storage/storageaccounts"
# All else that an operation's name ends in is a read.
_VERBS = ("write", "delete", "action")


def _all(of: str) -> tuple[str, ...]:
    """Every change of something and of what lies below it. There is no action on the thing itself."""
    return (f"{of}/write", f"{of}/delete", *(f"{of}/*/{verb}" for verb in _VERBS))


# Rights and locks, at the thing itself or above it: with them everything else can be had. Deleting a group deletes
# all that is in it (learn.microsoft.com, "Azure Resource Manager resource group and resource deletion"; without a
# right on each: AZ-RIGHT-5), and moving takes it out of the plan.
_OVER_ALL = (
    *(f"microsoft.authorization/*/{verb}" for verb in _VERBS),
    "microsoft.resources/subscriptions/resourcegroups/delete",
    "microsoft.resources/subscriptions/resourcegroups/moveresources/action",
)
# The workspace's tags are part of its document, which is moved and compared.
_OF_WORKSPACE = (
    *_all(_WORKSPACE),
    *_OVER_ALL,
    "microsoft.resources/tags/write",
    "microsoft.resources/tags/delete",
)
# Defender for Storage writes index tags on blobs and deletes what it takes for malware
# (learn.microsoft.com, "Malware scanning in Defender for Storage").
_OF_ACCOUNT = (
    *_all(_ACCOUNT),
    *_OVER_ALL,
    "microsoft.security/defenderforstoragesettings/write",
    "microsoft.security/advancedthreatprotectionsettings/write",
)


def _harmless(of: str) -> tuple[str, ...]:
    """What the kinds say to change nothing, of operations below a type."""
    every = (action.lower() for kind in all_kinds().values() for action in kind.permissions.harmless)
    return tuple(action for action in every if action.startswith(f"{of}/"))


_HARMLESS_ON_WORKSPACE = (
    *_harmless(_WORKSPACE),
    # A read that is POST: the reference of api-version 2023-04-01.
    f"{_WORKSPACE}/diagnose/action",
)
_HARMLESS_ON_ACCOUNT = (
    # A SAS made with it can do no more than who made it may (learn.microsoft.com, "Create a user delegation SAS",
    # of blobs); so it is with the other services (AZ-RIGHT-6).
    f"{_ACCOUNT}/*services/generateuserdelegationkey/action",
    *_harmless(_ACCOUNT),
    # Reading files past their permissions (so the description of the operation).
    f"{_ACCOUNT}/fileservices/readfilebackupsemantics/action",
    # Inferred (AZ-RIGHT-7): where logs and metrics of the account go is none of its data.
    f"{_ACCOUNT}/*providers/microsoft.insights/diagnosticsettings/write",
)


def writes_workspace(definition: Document) -> bool:
    """Whether a role grants anything that may change a workspace, by itself or with what it hands out."""
    return any(_changes(entry, _OF_WORKSPACE, _HARMLESS_ON_WORKSPACE) for entry in permissions(definition))


def writes_storage(definition: Document) -> bool:
    """Whether a role grants anything that may change a storage account or what lies in it, likewise."""
    return any(_changes(entry, _OF_ACCOUNT, _HARMLESS_ON_ACCOUNT) for entry in permissions(definition))


def _changes(entry: Permission, of: tuple[str, ...], harmless: tuple[str, ...]) -> bool:
    """Whether an entry leaves anything that is not harmless; what another entry denies it does not lose."""
    return bool(
        left_over(of, entry.actions, (*entry.not_actions, *harmless))
        or left_over(of, entry.data_actions, (*entry.not_data_actions, *harmless))
    )
