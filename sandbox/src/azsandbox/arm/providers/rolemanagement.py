"""By which rules a role is given and activated at a scope: role management policies, and which role has which.

Shapes: the REST reference of api-version 2020-10-01 and its examples, but for the notifications. Every role has a
policy of its own at every scope, and none comes from above (AZ-PIM-1). What is not changed needs no approval
(AZ-PIM-3). No policy limits what requests do here: `schedules` carries them out at once.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from azsandbox.arm.access.definitions import built_in
from azsandbox.arm.access.evaluation import DEFINITIONS
from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_AUTHORIZATION = "Microsoft.Authorization"
_POLICIES = f"{_AUTHORIZATION}/roleManagementPolicies"
_APPROVAL = "RoleManagementPolicyApprovalRule"
_NONE = {"targetObjects": None, "inheritableSettings": None, "enforcedSettings": None}


def _target(caller: str, level: str) -> dict[str, Any]:
    return {"caller": caller, "operations": ["All"], "level": level, **_NONE}


def _rule(kind: str, caller: str, level: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{kind}_{caller}_{level}",
        "ruleType": f"RoleManagementPolicy{kind}Rule",
        "target": _target(caller, level),
        **more,
    }


_SETTING = {
    "isApprovalRequired": False,
    "isApprovalRequiredForExtension": False,
    "isRequestorJustificationRequired": True,
    "approvalMode": "SingleStage",
    "approvalStages": [],
}
_DEFAULT: tuple[dict[str, Any], ...] = (
    _rule("Enablement", "Admin", "Eligibility", enabledRules=[]),
    _rule("Expiration", "Admin", "Eligibility", isExpirationRequired=True, maximumDuration="P365D"),
    _rule("Enablement", "Admin", "Assignment", enabledRules=["Justification"]),
    _rule("Expiration", "Admin", "Assignment", isExpirationRequired=True, maximumDuration="P180D"),
    _rule("Approval", "EndUser", "Assignment", setting=_SETTING),
    _rule("AuthenticationContext", "EndUser", "Assignment", isEnabled=False, claimValue=""),
    _rule("Enablement", "EndUser", "Assignment", enabledRules=["Justification"]),
    _rule("Expiration", "EndUser", "Assignment", isExpirationRequired=True, maximumDuration="PT8H"),
)


def _refused(message: str) -> ArmError:
    """400 of our own words (AZ-LOCAL-2)."""
    return gateway(400, "InvalidPolicy", message)


class _Managed(Kind):
    """A document for each role that is known at the scope of a call."""

    type = ""

    def _scope(self, call: Call) -> str:
        return call.request.path[: call.request.path.lower().rindex("/providers/microsoft.authorization/")]

    def _roles(self, call: Call) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The GUID of each and its `properties`: Microsoft's, and custom ones at and below theirs."""
        yield from built_in().items()
        places = set(self.context.access.chain(call.route.parent))
        for one in self.context.store.of_type(DEFINITIONS):
            if any(str(scope).rstrip("/").lower() in places for scope in one.properties["assignableScopes"]):
                yield one.name.lower(), one.properties

    def name_of(self, call: Call, role: str) -> str:
        """The name of what is shown of a role."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"policy {call.route.parent} {role}"))

    def rules(self, call: Call, role: str) -> list[dict[str, Any]]:
        """As they were changed, else as every role has them."""
        name = _Managed.name_of(self, call, role)
        kept = self.context.store.get(f"{call.route.parent}/providers/{_POLICIES.lower()}/{name}")
        return copy.deepcopy(kept.hidden["rules"] if kept else list(_DEFAULT))

    def shown(self, call: Call, role: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The document of a role."""
        raise NotImplementedError

    def role_of(self, call: Call) -> tuple[str, Mapping[str, Any]]:
        """The role of what the call names. Raises ArmError 404."""
        found = next((one for one in self._roles(call) if self.name_of(call, one[0]) == call.name.lower()), None)
        if found is None:
            raise self.missing(call)
        return found

    async def get(self, call: Call) -> Response:
        """One by its name."""
        return answer(200, self.shown(call, *self.role_of(call)))

    async def list(self, call: Call) -> Response:
        """Those of all roles, on one page."""
        return answer(200, {"value": [self.shown(call, *one) for one in self._roles(call)]})


def _policy_id(scope: str, name: str) -> str:
    return f"{scope}/providers/{_POLICIES}/{name}"


def _definition_id(scope: str, role: str) -> str:
    parts = scope.split("/")
    subscription = "/".join(parts[:3]) if parts[1:2] == ["subscriptions"] else ""
    return f"{subscription}/providers/{_AUTHORIZATION}/roleDefinitions/{role}"


@register
class RoleManagementPolicies(_Managed):
    """The rules; PATCH takes those that it names in the place of the old ones."""

    type = _POLICIES

    def shown(self, call: Call, role: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """`rules` and `effectiveRules` are the same here."""
        scope, name, rules = self._scope(call), self.name_of(call, role), self.rules(call, role)
        told = {"scope": scope, "isOrganizationDefault": False, "rules": rules, "effectiveRules": rules}
        return {"id": _policy_id(scope, name), "name": name, "type": self.type, "properties": told}

    async def patch(self, call: Call) -> Response:
        """Changes rules by their ids. Raises ArmError 400 for what is no rule of it."""
        role, properties = self.role_of(call)
        given = object_of(call.body(), "properties").get("rules")
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise _refused("rules are missing.")
        rules = {one["id"]: one for one in self.rules(call, role)}
        for one in given:
            self._check(one, rules)
            rules[one["id"]] = {**one, "target": {**_NONE, **(one.get("target") or rules[one["id"]]["target"])}}
        kept = {"rules": list(rules.values())}
        self.context.store.put(self.new_record(call, self._scope(call), {"properties": {}}, hidden=kept))
        return answer(200, self.shown(call, role, properties))

    def _check(self, rule: dict[str, Any], rules: Mapping[str, dict[str, Any]]) -> None:
        """Approval takes somebody who approves (AZ-PIM-2)."""
        old = rules.get(str(rule.get("id")))
        if old is None or rule.get("ruleType") != old["ruleType"]:
            raise _refused(f"There is no rule '{rule.get('id')}' of the type '{rule.get('ruleType')}'.")
        if rule["ruleType"] == _APPROVAL:
            setting = rule.get("setting") or {}
            stages = setting.get("approvalStages") or []
            asked = all(one.get("primaryApprovers") for one in stages) and bool(stages)
            if setting.get("isApprovalRequired") and not asked:
                raise _refused("An approval needs at least one approver.")


@register
class RoleManagementPolicyAssignments(_Managed):
    """Which role has which policy at a scope, with its rules."""

    type = f"{_AUTHORIZATION}/roleManagementPolicyAssignments"

    def name_of(self, call: Call, role: str) -> str:
        """The policy's name and the role's."""
        return f"{super().name_of(call, role)}_{role}"

    def shown(self, call: Call, role: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """As of 2020-10-01; its type and id are spelled in the singular, as the reference's example has them."""
        scope, spelled = self._scope(call), f"{_AUTHORIZATION}/roleManagementPolicyAssignment"
        name, policy, definition = (
            self.name_of(call, role),
            super().name_of(call, role),
            _definition_id(scope, role),
        )
        return {
            "id": f"{scope}/providers/{spelled}/{name}",
            "name": name,
            "type": spelled.replace("/r", "/R", 1),
            "properties": {
                "scope": scope,
                "roleDefinitionId": definition,
                "policyId": _policy_id(scope, policy),
                "effectiveRules": self.rules(call, role),
                "policyAssignmentProperties": {
                    "roleDefinition": {
                        "id": definition,
                        "displayName": properties["roleName"],
                        "type": properties["type"],
                    },
                },
            },
        }
