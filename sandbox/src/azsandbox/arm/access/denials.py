"""Deny assignments: what is taken from principals at a scope, whatever their roles give them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.access.definitions import Permission, permissions_of

TYPE = "Microsoft.Authorization/denyAssignments"
# Stands for all principals, with type SystemDefined (learn.microsoft.com, deny-assignments).
EVERYBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Denial:
    """One deny assignment: its document as ARM answers it, and the key of the scope at which it was made."""

    document: Mapping[str, Any]
    scope: str
    permissions: tuple[Permission, ...]
    principals: frozenset[str]
    excluded: frozenset[str]
    here_only: bool
    logs_only: bool = False

    @property
    def name(self) -> str:
        """Its display name."""
        return str(self.document["properties"]["denyAssignmentName"])

    def takes(self, object_id: str, action: str, scope: str, *, data: bool) -> bool:
        """Whether it takes an action from a principal at a scope at or below its own."""
        if self.logs_only or (self.here_only and scope != self.scope):
            return False
        if object_id in self.excluded or not self.principals & {object_id, EVERYBODY}:
            return False
        return any(permission.grants(action, data=data) for permission in self.permissions)


def parsed(row: Any) -> Denial:
    """A deny assignment from `{scope, name?, properties}`. Raises ValueError for what is not understood.

    Conditions are not evaluated here, so one that has them is refused. Nobody here is in a group. With
    `denyAssignmentEffect` `audit` it takes nothing; ARM shows that from 2024-07-01-preview on, and so never here.
    """
    if not isinstance(row, dict) or not str(row.get("scope") or "").startswith("/"):
        raise ValueError("each deny assignment needs `scope`, the ARM id at which it is made (`/` for the root)")
    scope, told = str(row["scope"]).rstrip("/"), row.get("properties")
    if not isinstance(told, dict) or not told.get("permissions") or not told.get("principals"):
        raise ValueError(f"the deny assignment at {scope or '/'} needs `properties.permissions` and `.principals`")
    if told.get("condition") or any(entry.get("condition") for entry in told["permissions"]):
        raise ValueError(f"the deny assignment at {scope or '/'} has a condition, which is not evaluated here")
    told = dict(told)
    effect = str(told.pop("denyAssignmentEffect", "enforced")).lower()
    if effect not in ("enforced", "audit"):
        raise ValueError(
            f"the deny assignment at {scope or '/'} has the effect '{effect}', which is not known here"
        )
    given = f"{scope.lower()} {told.get('denyAssignmentName')}"
    name = str(row.get("name") or uuid.uuid5(uuid.NAMESPACE_URL, given))
    properties = {
        "denyAssignmentName": f"deny {name}",
        "description": None,
        "doNotApplyToChildScopes": False,
        "excludePrincipals": [],
        "isSystemProtected": True,
        **told,
        "scope": scope or "/",
    }
    document = {"id": f"{scope}/providers/{TYPE}/{name}", "type": TYPE, "name": name, "properties": properties}
    return Denial(
        document,
        scope.lower(),
        permissions_of(properties),
        _ids(properties["principals"]),
        _ids(properties["excludePrincipals"]),
        bool(properties["doNotApplyToChildScopes"]),
        effect == "audit",
    )


def _ids(principals: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(str(each["id"]).lower() for each in principals)
