"""Refuses the resources that an assignment with the effect deny forbids."""

from __future__ import annotations

import json
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.policy.assignments import ASSIGNMENTS, title
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS
from azsandbox.arm.policy.judging import JudgedResource, Judgement
from azsandbox.arm.policy.resources import modes_of, type_of
from azsandbox.arm.policy.violations import violations
from azsandbox.arm.registry import first_guard
from azsandbox.arm.tagging import TAGS, tags_after

# Inferred (AZ-POLICY-14): what policies are made of is judged by none. Exemptions are (AZ-POLICY-36).
_OF_POLICIES = (ASSIGNMENTS, DEFINITIONS, SETS)


@first_guard
def disallowed(call: Call) -> None:
    """403 `RequestDisallowedByPolicy` for a PUT or PATCH that makes what is denied (AZ-POLICY-4)."""
    kind = call.route.kind
    if kind.key_type == TAGS:
        _disallowed_tags(call)
    if call.request.method not in ("PUT", "PATCH") or call.route.action is not None:
        return
    if kind.key_type in _OF_POLICIES:
        return
    asked = JudgedResource(call.route.key, _resource(call), modes_of(kind), call.api_version)
    of_tags = call.request.method == "PATCH" and set(call.optional_body()) == {"tags"}
    if found := violations(call.context, asked, of_tags=of_tags):
        raise refusal(call.name, found)


def _disallowed_tags(call: Call) -> None:
    """The tags of a resource alone are judged as a PATCH of it that has nothing else (AZ-POLICY-3)."""
    record = call.context.store.get(call.route.parent)
    if record is None:
        return
    kind = call.context.kind_of(record)
    resource = {**record.document, "tags": tags_after(call, record), "type": type_of(kind)}
    asked = JudgedResource(record.key, resource, modes_of(kind), call.api_version)
    if found := violations(call.context, asked, of_tags=True):
        raise refusal(record.name, found)


def refusal(name: str, found: list[Judgement]) -> ArmError:
    """403 that names what denies a resource of this name, with the reasons that the assignments tell."""
    named = [
        {
            "policyAssignment": {"name": title(each.assigned.record), "id": each.assigned.record.id},
            "policyDefinition": {
                "name": each.assigned.rule.document["properties"].get("displayName"),
                "id": each.assigned.rule.document["id"],
            },
        }
        for each in found
    ]
    reasons = ", ".join(f"'{told}'" for each in found if (told := each.assigned.message()))
    identifiers = f"Policy identifiers: '{json.dumps(named, separators=(',', ':'))}'."
    # With a message of its own an assignment is told by it (AZ-POLICY-15).
    why = f"Reasons: {reasons}. See error details for policy resource IDs." if reasons else identifiers
    return gateway(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. {why}",
        target=name,
        additionalInfo=[{"type": "PolicyViolation", "info": _info(each)} for each in found],
    )


def _resource(call: Call) -> dict[str, Any]:
    """The resource as it would be: what is sent, for a PATCH over what is there, member by member.

    Inferred (AZ-POLICY-69): so at every depth.

    Inferred (AZ-POLICY-27): so is a PUT that recovers what was deleted, whatever it was.
    """
    body = call.optional_body()
    old = call.route.kind.find(call) if call.request.method == "PATCH" else None
    before = old.document if old is not None else {}
    properties = body.get("properties")
    merged = _over(before.get("properties") or {}, properties if isinstance(properties, dict) else {})
    head = {"id": call.request.path, "name": call.name, "type": type_of(call.route.kind)}
    return {**before, **body, "properties": merged, **head}


def _over(before: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """An object with what is sent of it, at every depth."""
    found = dict(before)
    for name, value in sent.items():
        old = before.get(name)
        found[name] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def _info(judgement: Judgement) -> dict[str, Any]:
    """The published form of a violation."""
    assignment, rule = judgement.assigned.record, judgement.assigned.rule
    more: dict[str, Any] = {}
    if rule.set_id:
        more = {"policySetDefinitionId": rule.set_id, "policyDefinitionReferenceId": rule.reference}
    return {
        "evaluationDetails": {"evaluatedExpressions": judgement.compared},
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
