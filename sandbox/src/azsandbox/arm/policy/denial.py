"""Refuses what an assignment with the effect deny forbids: resources in ARM, keys in vaults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.errors import gateway
from azsandbox.arm.policy.conditions import field_of, holds
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS, Rule, rules
from azsandbox.arm.registry import guard
from azsandbox.arm.store import Record
from azsandbox.arm.vault.errors import VaultError

ASSIGNMENTS = "microsoft.authorization/policyassignments"
KEY_MODE = "microsoft.keyvault.data"
_GROUPS = "microsoft.resources/subscriptions/resourcegroups"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a resource breaks, the assignment that it comes from, and what was compared."""

    assignment: Record
    rule: Rule
    compared: list[dict[str, Any]]


def violations(
    context: Context, scope: str, resource: Mapping[str, Any], *, modes: tuple[str, ...], api_version: str
) -> list[Violation]:
    """What denies a resource at a scope (a key of the store)."""
    found = []
    for assignment, rule in _denying(context, scope):
        if rule.mode.lower() not in modes:
            continue
        compared: list[dict[str, Any]] = []
        field = field_of(resource)
        expressions = rule.expressions(
            field=field, requestcontext=lambda: {"apiVersion": api_version, "identity": {}}
        )
        condition = rule.document["properties"]["policyRule"]["if"]
        if holds(condition, field, expressions, compared):
            found.append(Violation(assignment, rule, compared))
    return found


def _denying(context: Context, scope: str) -> Iterator[tuple[Record, Rule]]:
    store = context.store
    chain = context.access.chain(scope)
    for place in chain:
        for assignment in store.children(place, ASSIGNMENTS):
            properties = assignment.properties
            if str(properties.get("enforcementMode") or "Default").lower() == "donotenforce":
                continue
            if any(str(each).lower() in chain for each in properties.get("notScopes") or []):
                continue
            for rule in rules(store, properties):
                if rule.effect == "deny":
                    yield assignment, rule


@guard
def disallowed(call: Call) -> None:
    """403 `RequestDisallowedByPolicy` for a PUT or PATCH that makes what is denied."""
    kind = call.route.kind
    if call.request.method not in ("PUT", "PATCH") or call.route.action is not None:
        return
    if kind.key_type in (ASSIGNMENTS, DEFINITIONS, SETS):
        return
    modes = ("all", "indexed") if kind.tracked else ("all",)
    found = violations(call.context, call.route.key, _resource(call), modes=modes, api_version=call.api_version)
    if not found:
        return
    named = [
        {
            "policyAssignment": {"name": _title(each.assignment), "id": each.assignment.id},
            "policyDefinition": {
                "name": each.rule.document["properties"].get("displayName"),
                "id": each.rule.document["id"],
            },
        }
        for each in found
    ]
    raise gateway(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{call.name}' was disallowed by policy. Policy identifiers: "
        f"'{json.dumps(named, separators=(',', ':'))}'.",
        target=call.name,
        additionalInfo=[{"type": "PolicyViolation", "info": _info(each)} for each in found],
    )


def _title(assignment: Record) -> str:
    return str(assignment.properties.get("displayName") or assignment.name)


def _resource(call: Call) -> dict[str, Any]:
    """The resource as it would be: what is sent, for a PATCH over what is there."""
    body = call.optional_body()
    old = call.route.kind.find(call) if call.request.method == "PATCH" else None
    before = old.document if old is not None else {}
    properties = body.get("properties")
    merged = {**(before.get("properties") or {}), **(properties if isinstance(properties, dict) else {})}
    type_ = "Microsoft.Resources/subscriptions/resourceGroups" if call.route.kind.key_type == _GROUPS else None
    head = {"id": call.request.path, "name": call.name, "type": type_ or call.route.kind.type}
    return {**before, **body, "properties": merged, **head}


def _info(violation: Violation) -> dict[str, Any]:
    """The published form of a violation."""
    assignment, rule = violation.assignment, violation.rule
    more: dict[str, Any] = {}
    if rule.set_id:
        more = {"policySetDefinitionId": rule.set_id, "policyDefinitionReferenceId": rule.reference}
    return {
        "evaluationDetails": {"evaluatedExpressions": violation.compared},
        "policyDefinitionId": rule.document["id"],
        **more,
        "policyDefinitionName": rule.document["name"],
        "policyDefinitionDisplayName": rule.document["properties"].get("displayName"),
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": assignment.id,
        "policyAssignmentName": assignment.name,
        "policyAssignmentDisplayName": _title(assignment),
        "policyAssignmentScope": assignment.properties.get("scope"),
        "policyAssignmentParameters": assignment.properties.get("parameters") or {},
        "policyExemptionIds": [],
    }


def check_key(context: Context, vault: Record, key: Mapping[str, Any]) -> None:
    """Raises VaultError 403 for a key that a policy of the mode Microsoft.KeyVault.Data denies.

    `key` is the resource with the properties that aliases name. Code and text are ours (AZ-LOCAL-6).
    """
    type_ = "Microsoft.KeyVault.Data/vaults/keys"
    resource = {"type": type_, "name": key["name"], "properties": key}
    found = violations(context, vault.key, resource, modes=(KEY_MODE,), api_version="")
    if found:
        names = ", ".join(f"'{_title(each.assignment)}'" for each in found)
        raise VaultError(403, "Forbidden", f"The key was disallowed by policy: {names}.", "ForbiddenByAzurePolicy")
