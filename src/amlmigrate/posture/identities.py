"""Which identity a workspace reaches its key with."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Identity:
    """`how` says where the workspace names it; `id` is empty for the system-assigned one."""

    how: str
    id: str
    principal_id: str


def identity_of(workspace: Workspace) -> Identity | None:
    """The identity, by the first of: `encryption.identity`, `identityClientId`, the primary one, the system's.

    azure-facts §1.1. None where the document names none; the principal's id is empty where it does not show it.
    """
    known = {
        str(id_).lower(): one or {}
        for id_, one in ((workspace.document.get("identity") or {}).get("userAssignedIdentities") or {}).items()
    }
    encryption = workspace.properties.get("encryption") or {}
    named = (encryption.get("identity") or {}).get("userAssignedIdentity")
    client = (encryption.get("keyVaultProperties") or {}).get("identityClientId")
    by_client = next((id_ for id_, one in known.items() if client and one.get("clientId") == client), None)
    primary = workspace.properties.get("primaryUserAssignedIdentity")
    for how, id_ in (
        ("encryption.identity", named),
        ("keyVaultProperties.identityClientId", by_client),
        ("primaryUserAssignedIdentity", primary),
    ):
        if id_:
            return Identity(how, str(id_), str(known.get(str(id_).lower(), {}).get("principalId") or ""))
    system = (workspace.document.get("identity") or {}).get("principalId")
    return Identity("system-assigned identity", "", str(system)) if system else None
