"""Microsoft.Authorization/policyAssignments: a definition or an initiative, put in force at a scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from azsandbox.arm.calls import Call, unreadable
from azsandbox.arm.policy.assignments import Assigned
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS, PolicyRule, rules
from azsandbox.arm.policy.expressions import Unsupported
from azsandbox.arm.policy.refusals import invalid, refused, unbuilt
from azsandbox.arm.policy.resolving import check_members, is_at_or_above, resolved
from azsandbox.arm.policy.rulechecks import check_condition, check_values
from azsandbox.arm.policy.selecting import check_overrides, check_selectors, overriding
from azsandbox.arm.providers.policyobjects import PolicyObject, value_of
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import filled_identity, object_of
from azsandbox.messages import Response

_OF = r"policyDefinitionId\s+eq\s+'([^']+)'"
_MODES = {"default": "Default", "donotenforce": "DoNotEnforce"}
_UNBUILT_EFFECTS = ("modify", "append", "denyaction", "manual")


@register
class PolicyAssignments(PolicyObject):
    """`policyAssignments` of any scope. PUT answers 201 for one that was there too, as the API is described."""

    type = "Microsoft.Authorization/policyAssignments"
    word = "PolicyAssignment"
    shorter_at_group = True
    filtered_at_group = True
    listed_by = (_OF,)

    def beside(self, call: Call, body: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """With its region and its identity."""
        sent = body.get("identity")
        kept = old.document.get("identity") if old else None
        identity = filled_identity(self.context, call, sent, kept) if sent else None
        if identity and identity["type"] != "None" and not body.get("location"):
            text = (
                "Location needs to be specified if a managed identity is to be assigned to the policy assignment."
            )
            raise refused("LocationRequired", text)  # the code (AZ-LOCAL-2)
        found = {"location": body["location"]} if body.get("location") else {}
        return {**found, "identity": identity} if identity else found

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the scope; definition, parameters, mode, selectors, overrides and messages are checked."""
        filled = {
            "displayName": call.name,
            "parameters": {},
            "notScopes": [],
            "enforcementMode": "Default",
            "metadata": {},
            **{name: value for name, value in properties.items() if value is not None},
            "scope": self.scope_id(call) or "/",
            "instanceId": self._instance(old),
        }
        self._check_definition(call, filled)
        filled["enforcementMode"] = _mode(str(filled["enforcementMode"]))
        check_selectors(self.word, call.name, filled.get("resourceSelectors"))
        self._check_rules(call, filled)
        if not call.body().get("identity") and any(map(_deploys, rules(self.context.store, filled))):
            raise refused(
                "ResourceIdentityRequired",
                "Policy assignments must include a 'managed identity' when assigning 'DeployIfNotExists' policy "
                "definitions or policy definitions that contain a deployment in the effect details.",
            )
        return filled

    def _instance(self, old: Record | None) -> str:
        """It changes only and always when an assignment is deleted and made again (AZ-POLICY-7)."""
        return str(old.properties["instanceId"]) if old else str(uuid.uuid4())

    def _check_definition(self, call: Call, properties: Mapping[str, Any]) -> None:
        id_ = str(properties.get("policyDefinitionId") or "")
        if not id_:
            raise unreadable("Required property 'policyDefinitionId' not found in JSON.")
        document = resolved(self.context, id_, str(properties.get("definitionVersion") or ""), DEFINITIONS, SETS)
        if not is_at_or_above(self.context, id_, call.route.parent):
            raise refused(
                "InvalidCreatePolicyAssignmentRequest",
                f"The policy definition specified in policy assignment '{call.name}' is out of scope. Policy "
                "definitions should be specified only at or above the policy assignment scope.",
            )
        given = {name: each.get("value") for name, each in object_of(dict(properties), "parameters").items()}
        declared = document["properties"].get("parameters") or {}
        check_values(f"policy assignment '{call.name}'", declared, given)
        check_members(self.context, document)

    def _check_rules(self, call: Call, properties: Mapping[str, Any]) -> None:
        """That every rule can be evaluated, with the effects that overrides give it; what denies has to be."""
        record = Record("", self.key_type, call.route.parent, "", call.name, {"properties": properties})
        found = [Assigned(record, rule) for rule in rules(self.context.store, properties)]
        check_overrides(self.word, call.name, properties.get("overrides"), [each.rule for each in found])
        if why := _wrong_message(properties.get("nonComplianceMessages") or (), [each.rule for each in found]):
            raise invalid(self.word, call.name, why)
        for one in found:
            for effect in {one.rule.effect, *overriding(one.rule, properties.get("overrides") or ())}:
                _check_effect(one.rule, effect)

    def wanted(self, asked: str, record: Record) -> bool:
        """`policyDefinitionId eq '…'`."""
        id_ = value_of(_OF, asked)
        return id_ is None or str(record.properties["policyDefinitionId"]).lower() == id_

    async def patch(self, call: Call) -> Response:
        """Changes `resourceSelectors` and `overrides`, `location` and `identity`; all else takes a PUT."""
        record, body = self.require(call), call.body()
        given = object_of(body, "properties")
        if beyond := sorted(set(given) - {"resourceSelectors", "overrides"}):
            raise unreadable(f"Could not find member '{beyond[0]}' on object of type 'PolicyAssignmentUpdate'.")
        properties = {**record.properties, **given}
        check_selectors(self.word, call.name, properties.get("resourceSelectors"))
        self._check_rules(call, properties)
        if "identity" in body or "location" in body:
            sent = {**{name: record.document.get(name) for name in ("location", "identity")}, **body}
            record.document = {**record.document, **self.beside(call, sent, record)}
        return answer(200, self.view(call, self.changed(call, record, **given)))


def _wrong_message(messages: Sequence[Mapping[str, Any]], rules: Sequence[PolicyRule]) -> str:
    """What is wrong with non-compliance messages, or nothing (AZ-POLICY-34); the words are ours (AZ-LOCAL-2)."""
    modes = {each.reference.lower() if each.set_id else "": each.mode.lower() for each in rules}
    named = [str(each.get("policyDefinitionReferenceId") or "").lower() for each in messages]
    if not all(each.get("message") for each in messages) or not set(named) <= {"", *modes}:
        return "A non-compliance message has no text or names no definition."
    if len(set(named)) < len(named):
        return "There is more than one non-compliance message for the same definition, or for all."
    if any(modes.get(each, "all") not in ("all", "indexed") for each in named):
        return "Non-compliance messages are only for definitions with a mode of Resource Manager."
    return ""


def _mode(asked: str) -> str:
    if asked.lower() == "enroll":
        raise unbuilt("the enforcement mode 'Enroll'")
    if asked.lower() not in _MODES:
        raise unreadable(f"Error converting value '{asked}' to type 'EnforcementMode'.")
    return _MODES[asked.lower()]


def _deploys(rule: PolicyRule) -> bool:
    return rule.effect == "deployifnotexists" or "deployment" in rule.details


def _check_effect(rule: PolicyRule, effect: str) -> None:
    if effect in _UNBUILT_EFFECTS:
        raise unbuilt(f"the effect '{effect}'")
    if effect != "deny":
        return
    try:
        check_condition(rule)
    except Unsupported as problem:
        raise unbuilt(f"{problem} in a rule that denies") from problem
