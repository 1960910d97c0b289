"""The claim that a workspace which is deleted can be recovered, as far as its identities decide. Pure."""

from __future__ import annotations

from amlmigrate.core.claim import Claim
from amlmigrate.core.workspace import Workspace

NAME = "identity.recovery"


def recovery_claim(workspace: Workspace) -> Claim:
    """That it has a system-assigned identity.

    learn.microsoft.com, machine-learning/concept-soft-delete (the note at its top): soft delete and recovery are
    not supported where a workspace uses user-assigned identities only.
    """
    identity = workspace.document.get("identity") or {}
    # Every workspace has an identity; where the document shows none, nothing speaks for user-assigned ones only.
    only_users = bool(identity.get("userAssignedIdentities")) and not identity.get("principalId")
    evidence = {"type": identity.get("type")}
    if not only_users:
        said = "The workspace does not rest on user-assigned identities only."
        return Claim(NAME, True, "warning", workspace.id, said, "", evidence)
    return Claim(
        NAME,
        False,
        "warning",
        workspace.id,
        "The workspace has user-assigned identities only: Microsoft documents that it cannot be recovered once it"
        " is deleted.",
        "Take another target that has a system-assigned identity too (migrate provision makes one), or let as few"
        " as possible delete this one.",
        evidence,
    )
