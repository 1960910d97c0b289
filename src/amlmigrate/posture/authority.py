"""Reads who may do what with the key and in the workspace: identities, roles, and what is denied or for a time.

Also the rules by which a role that manages keys is activated, at each scope at which somebody may (AZ-PIM-1).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import gathered
from amlmigrate.core.rights import permissions
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import vaultrights
from amlmigrate.posture.identities import WorkspaceIdentity, client_of, users_of
from amlmigrate.posture.reading import Read, tried


def role_of(assignment: Document) -> str:
    """The id of an assignment's role definition, in lower case."""
    return key_of(properties_of(assignment).get("roleDefinitionId"))


async def users(side: Side, workspace: Workspace) -> dict[str, Document]:
    """The user-assigned identities with their ids, which a workspace shows for those that are its own.

    One that does not show what is needed is read; `refused` says why that could not be.
    """
    found = users_of(workspace)
    needed = ("principalId", "clientId") if client_of(workspace) else ("principalId",)
    lacking = [key for key, one in found.items() if not all(one.get(name) for name in needed)]
    reads = await gathered({key: tried(side.arm.get(str(found[key]["id"]))) for key in lacking})
    for key, read in reads.items():
        told = properties_of(read.value)
        found[key] |= {name: told[name] for name in ("principalId", "clientId") if told.get(name)}
        found[key] |= {"refused": read.refused} if read.refused else {}
    return found


async def authority(
    side: Side, workspace: Workspace, vault_id: str, every: tuple[WorkspaceIdentity, ...]
) -> dict[str, Any]:
    """Fields of `Facts`: all of it at once, but for the definitions of the roles, which are known only then."""
    roles, principals = side.roles, sorted({one.principal_id.lower() for one in every} - {""})
    work: dict[str, Coroutine[Any, Any, Read[Any]]] = {
        "on_vault": tried(roles.assignments(vault_id)),
        "on_workspace": tried(roles.assignments(workspace.id)),
        "denials": tried(roles.denials(vault_id)),
        "denials_on_workspace": tried(roles.denials(workspace.id)),
        "timed": tried(roles.schedules(vault_id)),
        "eligible": tried(roles.eligible(vault_id)),
        "eligible_on_workspace": tried(roles.eligible(workspace.id)),
    }
    work |= {f"held {one}": tried(roles.assigned_to(vault_id, one)) for one in principals}
    work |= {f"there {one}": tried(roles.assigned_to(workspace.id, one)) for one in principals}
    found = await gathered(work)
    definitions = await _definitions(side, workspace.id, vault_id, found)
    return {
        "held": {one: found.pop(f"held {one}") for one in principals},
        "held_on_workspace": {one: found.pop(f"there {one}") for one in principals},
        "definitions": definitions,
        "rules": await _rules(side, _of(found, "eligible"), dict(definitions)),
        **found,
    }


def rules_key(eligible: Document) -> str:
    """By what the rules of an eligible role are found: the scope at which it is, and the role."""
    return f"{key_of(properties_of(eligible).get('scope'))} {role_of(eligible)}"


async def _rules(
    side: Side, eligible: list[Document], definitions: dict[str, Document | None]
) -> dict[str, Read[list[Document]]]:
    """Those of the roles that manage keys, by `rules_key`; those of each scope are read once."""
    managing = [
        one
        for one in eligible
        if any(vaultrights.managing(permissions(definitions.get(role_of(one)) or {}), data=True).values())
    ]
    scopes = {str(properties_of(one).get("scope")) for one in managing}
    read = await gathered({scope: tried(side.roles.rules(scope)) for scope in sorted(scopes)})
    return {rules_key(one): _of_role(read[str(properties_of(one).get("scope"))], role_of(one)) for one in managing}


def _of_role(read: Read[dict[str, list[Document]]], role: str) -> Read[list[Document]]:
    if read.value is None:
        return Read(refused=read.refused, code=read.code)
    return Read(read.value.get(name_of(role).lower()))


async def _definitions(
    side: Side, workspace_id: str, vault_id: str, found: dict[str, Read[list[Document]]]
) -> tuple[tuple[str, Document | None], ...]:
    """Each role's, read from where an assignment of it was seen."""
    at = {
        role_of(one): workspace_id
        for name in ("on_workspace", "eligible_on_workspace")
        for one in _of(found, name)
    }
    at |= {role_of(one): vault_id for name in ("on_vault", "eligible") for one in _of(found, name)}
    read = await gathered(
        {role: tried(side.roles.definition_at(scope, role)) for role, scope in sorted(at.items())}
    )
    return tuple((role, one.value) for role, one in read.items())


def _of(found: dict[str, Read[list[Document]]], name: str) -> list[Document]:
    return found[name].value or []
