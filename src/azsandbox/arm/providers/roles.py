"""Microsoft.Authorization: role assignments and role definitions, stored and listed, not evaluated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.extensions import ExtensionKind, above
from azsandbox.arm.paging import page
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_PRINCIPAL = re.compile(r"(?:principalId\s+eq|assignedTo)\s*\(?\s*'([^']+)'", re.IGNORECASE)
_ROLE = re.compile(r"roleName\s+eq\s+'([^']+)'", re.IGNORECASE)


@register
class RoleAssignments(ExtensionKind):
    """Role assignments of any scope."""

    type = "Microsoft.Authorization/roleAssignments"
    gone_with_workspace = True

    def missing(self, call: Call) -> ArmError:
        """404 `RoleAssignmentNotFound`."""
        return gateway(404, "RoleAssignmentNotFound", f"The role assignment '{call.name}' is not found.")

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds scope, times and authors; the same role for the same principal and scope is refused."""
        principal, role = properties.get("principalId"), properties.get("roleDefinitionId")
        if not principal or not role:
            raise gateway(
                400,
                "InvalidCreateRoleAssignmentRequest",
                f"The request to create role assignment '{call.name}' is not valid. "
                "Parameters 'roleDefinitionId' and 'principalId' are required.",
            )
        for other in self.context.store.children(call.route.parent, self.key_type):
            same = other.properties["principalId"] == principal and other.properties["roleDefinitionId"] == role
            if same and other.key != call.route.key:
                raise gateway(409, "RoleAssignmentExists", "The role assignment already exists.")
        if old is not None and (old.properties["principalId"], old.properties["roleDefinitionId"]) != (
            principal,
            role,
        ):
            raise gateway(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        now = tracked_time(call.tick())
        before = old.properties if old else {}
        return {
            "roleDefinitionId": role,
            "principalId": principal,
            "principalType": properties.get("principalType") or "ServicePrincipal",
            "scope": self.scope_id(call),
            "condition": properties.get("condition"),
            "conditionVersion": properties.get("conditionVersion"),
            "createdOn": before.get("createdOn") or now,
            "updatedOn": now,
            "createdBy": before.get("createdBy") or call.principal.object_id,
            "updatedBy": call.principal.object_id,
            "delegatedManagedIdentityResourceId": properties.get("delegatedManagedIdentityResourceId"),
            "description": properties.get("description"),
        }

    def listed(self, call: Call) -> Sequence[Record]:
        """At the scope, above it, and below it unless `$filter` has `atScope()`."""
        store, scope = self.context.store, call.route.parent
        found = [each for place in (*above(scope), scope) for each in store.children(place, self.key_type)]
        if "atscope()" not in call.query.get("$filter", "").lower():
            found += [each for each in store.of_type(self.key_type, scope) if each.parent != scope]
        return found

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `atScope()`, `principalId eq '…'`, `assignedTo('…')`."""
        wanted = _PRINCIPAL.search(call.query.get("$filter", ""))
        records = self.listed(call)
        if wanted:
            records = [each for each in records if each.properties["principalId"] == wanted[1]]
        return page(call, records, self.page_size, self.view)


@register
class RoleDefinitions(ExtensionKind):
    """Custom role definitions."""

    type = "Microsoft.Authorization/roleDefinitions"

    def missing(self, call: Call) -> ArmError:
        """404 `RoleDefinitionDoesNotExist`."""
        return gateway(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{call.name.replace('-', '')}' does not exist.",
        )

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds type and times."""
        now = tracked_time(call.tick())
        before = old.properties if old else {}
        return {
            **properties,
            "type": "CustomRole",
            "createdOn": before.get("createdOn") or now,
            "updatedOn": now,
            "createdBy": before.get("createdBy") or call.principal.object_id,
            "updatedBy": call.principal.object_id,
        }

    async def list(self, call: Call) -> Response:
        """GET with `$filter=roleName eq '…'`."""
        wanted = _ROLE.search(call.query.get("$filter", ""))
        scopes = (*above(call.route.parent), call.route.parent)
        records = [each for scope in scopes for each in self.context.store.children(scope, self.key_type)]
        if wanted:
            records = [each for each in records if each.properties.get("roleName") == wanted[1]]
        return page(call, records, self.page_size, self.view)
