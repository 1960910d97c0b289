"""Microsoft.Authorization: role assignments, role definitions, and the caller's permissions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from azsandbox.arm.access.definitions import built_in
from azsandbox.arm.access.evaluation import definition_term
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.identities import Identities
from azsandbox.arm.kinds import Kind
from azsandbox.arm.paging import page
from azsandbox.arm.providers import filters
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_PRINCIPAL = re.compile(r"(?:principalId\s+eq|assignedTo)\s*\(?\s*'([^']+)'", re.IGNORECASE)
_ROLE = re.compile(r"roleName\s+eq\s+'([^']+)'", re.IGNORECASE)
_TYPE = re.compile(r"type\s+eq\s+'([^']+)'", re.IGNORECASE)
_BUILT_IN_TIME = "2015-02-02T21:55:09.8806423Z"


def no_such_role(name: str) -> ArmError:
    """404 `RoleDefinitionDoesNotExist` (AZ-ABSENT-10)."""
    return gateway(
        404,
        "RoleDefinitionDoesNotExist",
        f"The specified role definition with ID '{name.replace('-', '')}' does not exist.",
    )


def _no_such_principal(object_id: str, tenant: str) -> ArmError:
    """400, in the words of Azure/avdaccelerator#76."""
    return gateway(
        400,
        "PrincipalNotFound",
        f"Principal {object_id.replace('-', '')} does not exist in the directory {tenant}. Check that you have the"
        " correct principal ID. If you are creating this principal and then immediately assigning a role, this"
        " error might be related to a replication delay. In this case, set the role assignment principalType"
        " property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
    )


@register
class RoleAssignments(ExtensionKind):
    """Role assignments of any scope; evaluated by `access.evaluation`."""

    type = "Microsoft.Authorization/roleAssignments"
    gone_with_workspace = True

    def missing(self, call: Call) -> ArmError:
        """404 `RoleAssignmentNotFound` (AZ-ABSENT-10)."""
        return gateway(404, "RoleAssignmentNotFound", f"The role assignment '{call.name}' is not found.")

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds scope, times and authors; the same role for the same principal and scope is refused.

        Whatever the conditions of both (AZ-RIGHT-12), and though one ends (AZ-RIGHT-4). `createdOn` stays with a
        second PUT (AZ-RIGHT-9).
        """
        principal, role = properties.get("principalId"), properties.get("roleDefinitionId")
        if not principal or not role:
            raise gateway(
                400,
                "InvalidCreateRoleAssignmentRequest",
                f"The request to create role assignment '{call.name}' is not valid. "
                "Parameters 'roleDefinitionId' and 'principalId' are required.",
            )
        guid = str(role).rpartition("/")[2]
        if self.context.access.definition(guid) is None:
            raise no_such_role(guid)
        if not properties.get("principalType") and self._is_new(str(principal)):
            raise _no_such_principal(str(principal), call.principal.tenant_id)
        for other in self.context.store.children(call.route.parent, self.key_type):
            if other.gone or other.key == call.route.key or not is_same(other, principal, guid):
                continue
            if self.context.access.in_force(other):
                raise gateway(409, "RoleAssignmentExists", "The role assignment already exists.")
        # A name is one in the whole tenant (AZ-RIGHT-17).
        elsewhere = any(
            each.name.lower() == call.name.lower() and each.key != call.route.key and not each.gone
            for each in self.context.store.of_type(self.key_type)
        )
        if elsewhere or (old is not None and not is_same(old, principal, guid)):
            raise gateway(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        now = tracked_time(call.tick())
        before = old.properties if old else {}
        self.context.access.people[str(principal)] = str(properties.get("principalType"))
        return {
            "roleDefinitionId": role,
            "principalId": principal,
            "principalType": properties.get("principalType") or "ServicePrincipal",
            "scope": self.scope_id(call) or "/",
            "condition": properties.get("condition"),
            "conditionVersion": properties.get("conditionVersion"),
            "createdOn": before.get("createdOn") or now,
            "updatedOn": now,
            "createdBy": before.get("createdBy") or call.principal.object_id,
            "updatedBy": call.principal.object_id,
            "delegatedManagedIdentityResourceId": properties.get("delegatedManagedIdentityResourceId"),
            "description": properties.get("description"),
        }

    def _is_new(self, principal: str) -> bool:
        """Whether it is an identity that is not known everywhere yet, as an assignment is not (AZ-RIGHT-19)."""
        delay = self.context.access.delay()
        own = (one for one in Identities(self.context)() if one.type == "servicePrincipal") if delay else ()
        for one in own:
            if one.object_id != principal:
                continue
            record = self.context.store.get(one.resource.lower())
            told = (record.document.get("systemData") or {}).get("createdAt") if record else None
            if told and datetime.fromisoformat(told).timestamp() + delay > self.context.clock.now():
                return True
        return False

    def hidden(self, call: Call, old: Record | None) -> dict[str, Any]:
        """From when it counts: at once, or when what is set for propagation is over."""
        return old.hidden if old else {"effective": self.context.access.effective_time()}

    async def delete(self, call: Call) -> Response:
        """What a principal began with is only hidden, so that it is not given again.

        REST reference, Role Assignments - Delete: 200 with the deleted assignment, 204 where there is none.
        Inferred (AZ-RIGHT-13): it is shown with all its members; one that was made for a time goes as any other,
        its schedule with it.
        """
        record = self.find(call)
        if record is None or not record.hidden.get("standing"):
            return await super().delete(call)
        record.gone = True
        self.context.store.put(record)
        return answer(200, record.document)

    def find(self, call: Call) -> Record | None:
        """What was made for a time is there from its beginning to its end."""
        record = super().find(call)
        return record if record is not None and self.context.access.in_force(record) else None

    def listed(self, call: Call) -> Sequence[Record]:
        """Those around the scope that are in force."""
        return [each for each in around(call, self.key_type) if self.context.access.in_force(each)]

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `atScope()`, `principalId eq '…'`, `assignedTo('…')`."""
        return page(call, of_principal(call, self.listed(call)), self.page_size, self.view)


def around(call: Call, key_type: str) -> list[Record]:
    """What was made at the call's scope, above it, and below it unless `$filter` has `atScope()`."""
    store, scope = call.context.store, call.route.parent
    places = call.context.access.chain(scope)
    found = [each for place in places for each in store.children(place, key_type) if not each.gone]
    if "atscope()" not in call.query.get("$filter", "").lower():
        found += [each for each in store.of_type(key_type, scope) if each.parent not in places]
    return found


def of_principal(call: Call, records: Sequence[Record]) -> Sequence[Record]:
    """Those of the principal that `$filter` names, all where it names none. Nobody here is in a group."""
    filters.check(call, filters.AT_SCOPE, filters.PRINCIPAL, filters.ASSIGNED)
    wanted = _PRINCIPAL.search(call.query.get("$filter", ""))
    if not wanted:
        return records
    return [each for each in records if str(each.properties["principalId"]).lower() == wanted[1].lower()]


def is_same(record: Record, principal: str, role: str) -> bool:
    """Whether a record gives a principal a role, told by its GUID."""
    of = str(record.properties["roleDefinitionId"]).rpartition("/")[2]
    same = str(record.properties["principalId"]).lower() == str(principal).lower()
    return same and of.lower() == role.lower()


@register
class RoleDefinitions(ExtensionKind):
    """Microsoft's role definitions at every scope, and custom ones at and below theirs."""

    type = "Microsoft.Authorization/roleDefinitions"

    def missing(self, call: Call) -> ArmError:
        """404 `RoleDefinitionDoesNotExist` (AZ-ABSENT-10)."""
        return no_such_role(call.name)

    def find(self, call: Call) -> Record | None:
        """A custom definition is found at any scope."""
        custom = self.context.store.find(definition_term(call.name))
        return custom[0] if custom else None

    async def get(self, call: Call) -> Response:
        """One definition, built-in or custom."""
        known = built_in().get(call.name.lower())
        if known is not None:
            return answer(200, self._built_in(call, call.name.lower(), known))
        return await super().get(call)

    def _built_in(self, call: Call, guid: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        parts = call.request.path.split("/")
        subscription = "/".join(parts[:3]) if parts[1:2] == ["subscriptions"] else ""
        times = {"createdOn": _BUILT_IN_TIME, "updatedOn": _BUILT_IN_TIME, "createdBy": None, "updatedBy": None}
        return {
            "id": f"{subscription}/providers/{self.type}/{guid}",
            "type": self.type,
            "name": guid,
            "properties": {**properties, **times},
        }

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds type and times; a name is the tenant's, and some scope has to be assignable."""
        if call.name.lower() in built_in():
            raise gateway(
                403, "RoleDefinitionUpdateNotPermitted", "Built-in role definitions cannot be changed."
            )  # AZ-LOCAL-2
        name, scopes = properties.get("roleName"), properties.get("assignableScopes")
        if not name or not isinstance(scopes, list) or not scopes:
            raise gateway(
                400,
                "InvalidRoleDefinition",
                "The role definition is not valid: 'roleName' and 'assignableScopes' are required.",
            )  # AZ-LOCAL-2
        taken = {str(each["roleName"]).lower() for each in built_in().values()} | {
            str(each.properties["roleName"]).lower()
            for each in self.context.store.of_type(self.key_type)
            if old is None or each.key != old.key
        }
        if str(name).lower() in taken:
            raise gateway(
                409,
                "RoleDefinitionWithSameNameExists",
                "A custom role with the same name already exists in this directory. "
                f"Use a different name: {name}.",
            )  # AZ-LOCAL-2
        now = tracked_time(call.tick())
        before = old.properties if old else {}
        kept = {each: value for each, value in properties.items() if each != "type"}
        return {
            "type": "CustomRole",
            "description": "",
            "permissions": [],
            **kept,
            "createdOn": before.get("createdOn") or now,
            "updatedOn": now,
            "createdBy": before.get("createdBy") or call.principal.object_id,
            "updatedBy": call.principal.object_id,
        }

    def terms(self, call: Call) -> tuple[str, ...]:
        """Found by its GUID from every scope."""
        return (definition_term(call.name),)

    async def delete(self, call: Call) -> Response:
        """Refused while assignments use it."""
        used = [
            each
            for each in self.context.store.of_type("microsoft.authorization/roleassignments")
            if str(each.properties["roleDefinitionId"]).rpartition("/")[2].lower() == call.name.lower()
        ]
        if used:
            raise gateway(
                400,
                "RoleDefinitionHasAssignments",
                "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
            )
        return await super().delete(call)

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `roleName eq '…'`, `type eq 'CustomRole'`, joined by `and`."""
        filters.check(call, _ROLE.pattern, _TYPE.pattern)
        text = call.query.get("$filter", "")
        name, kind = _ROLE.search(text), _TYPE.search(text)
        known = [self._built_in(call, guid, properties) for guid, properties in built_in().items()]
        places = set(self.context.access.chain(call.route.parent))
        custom = [
            each.document
            for each in self.context.store.of_type(self.key_type)
            if any(str(scope).rstrip("/").lower() in places for scope in each.properties["assignableScopes"])
        ]
        found = [
            each
            for each in (*known, *custom)
            if (not name or each["properties"]["roleName"].lower() == name[1].lower())
            and (not kind or each["properties"]["type"].lower() == kind[1].lower())
        ]
        return answer(200, {"value": found})


@register
class Permissions(Kind):
    """`{scope}/providers/Microsoft.Authorization/permissions`: what the caller may do there, an entry a role."""

    type = "Microsoft.Authorization/permissions"
    open_to_all = True

    async def list(self, call: Call) -> Response:
        """GET."""
        names = ("actions", "notActions", "dataActions", "notDataActions")
        value = [
            {name: list(entry.get(name) or []) for name in names}
            for role in self.context.access.roles(call.principal.object_id, call.route.parent)
            for entry in role.document.get("permissions") or []
        ]
        return answer(200, {"value": value})
