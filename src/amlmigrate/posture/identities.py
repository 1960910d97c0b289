"""Which identities a workspace has, and which of them reaches its key. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import Workspace

SYSTEM = "system-assigned identity"
BY_CLIENT = "keyVaultProperties.identityClientId"


@dataclass(frozen=True, slots=True)
class WorkspaceIdentity:
    """`how` says where the workspace names it; `id` is empty for the system-assigned one.

    `principal_id` is empty where it is not known; `refused` then says why it could not be read.
    """

    how: str
    id: str
    principal_id: str
    refused: str = ""

    @property
    def called(self) -> str:
        """As a sentence names it."""
        return f"identity '{name_of(self.id)}'" if self.id else SYSTEM


def users_of(workspace: Workspace) -> dict[str, Document]:
    """The user-assigned identities that the document names, by id in lower case, as far as it shows them."""
    shown = (workspace.document.get("identity") or {}).get("userAssignedIdentities") or {}
    found: dict[str, Document] = {key_of(id_): {"id": str(id_), **(one or {})} for id_, one in shown.items()}
    for id_ in (_named(workspace), workspace.properties.get("primaryUserAssignedIdentity")):
        if id_:
            found.setdefault(key_of(id_), {"id": str(id_)})
    return found


def client_of(workspace: Workspace) -> str:
    """The client id by which the encryption names its identity; empty where it names one by id, or none."""
    encryption = workspace.properties.get("encryption") or {}
    client = (encryption.get("keyVaultProperties") or {}).get("identityClientId")
    return "" if _named(workspace) else str(client or "")


def identity_of(workspace: Workspace, users: Mapping[str, Document] | None = None) -> WorkspaceIdentity | None:
    """The identity that uses the key: by `encryption.identity`, else `identityClientId`, else the system-assigned.

    Inferred (AZ-KEY-9). Never another one of the workspace: what that may do says nothing of this one. None where
    the encryption names none and there is no system-assigned one. `users` are the identities as they were read.
    """
    known = users_of(workspace) if users is None else users
    if named := _named(workspace):
        return _user("encryption.identity", str(named), known)
    if client := client_of(workspace):
        same = (one for one in known.values() if str(one.get("clientId") or "").lower() == client.lower())
        found = next(same, None)
        return (
            _user(BY_CLIENT, str(found["id"]), known)
            if found
            else WorkspaceIdentity(BY_CLIENT, "", "", _why(known))
        )
    return _system(workspace)


def identities_of(
    workspace: Workspace, users: Mapping[str, Document] | None = None
) -> tuple[WorkspaceIdentity, ...]:
    """Every identity of the workspace, the one that uses the key first."""
    known = users_of(workspace) if users is None else users
    first = identity_of(workspace, known)
    every = [_user("userAssignedIdentities", str(one["id"]), known) for one in known.values()]
    if system := _system(workspace):
        every.append(system)
    others = [one for one in every if first is None or (key_of(one.id), one.how) != (key_of(first.id), first.how)]
    others = [one for one in others if first is None or not one.id or key_of(one.id) != key_of(first.id)]
    return (first, *others) if first else tuple(others)


def _named(workspace: Workspace) -> str:
    encryption = workspace.properties.get("encryption") or {}
    return str((encryption.get("identity") or {}).get("userAssignedIdentity") or "")


def _user(how: str, id_: str, known: Mapping[str, Document]) -> WorkspaceIdentity:
    one = known.get(key_of(id_), {})
    return WorkspaceIdentity(how, id_, str(one.get("principalId") or ""), str(one.get("refused") or ""))


def _system(workspace: Workspace) -> WorkspaceIdentity | None:
    principal = (workspace.document.get("identity") or {}).get("principalId")
    return WorkspaceIdentity(SYSTEM, "", str(principal)) if principal else None


def _why(known: Mapping[str, Document]) -> str:
    """Why no identity has the client id that is looked for: that of one could not be read."""
    return next((str(one["refused"]) for one in known.values() if one.get("refused")), "")
