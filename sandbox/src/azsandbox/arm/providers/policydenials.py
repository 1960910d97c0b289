"""Refuses the resources that an assignment with the effect deny forbids."""

from __future__ import annotations

import json
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS
from azsandbox.arm.policy.violations import ASSIGNMENTS, Violation, title, violations
from azsandbox.arm.registry import first_guard

_GROUPS = "microsoft.resources/subscriptions/resourcegroups"


@first_guard
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
            "policyAssignment": {"name": title(each.assignment), "id": each.assignment.id},
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
        "policyAssignmentDisplayName": title(assignment),
        "policyAssignmentScope": assignment.properties.get("scope"),
        "policyAssignmentParameters": assignment.properties.get("parameters") or {},
        "policyExemptionIds": [],
    }
