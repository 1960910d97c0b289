"""Microsoft.Authorization/policyExemptions: what keeps an assignment from a resource or a scope, for a time."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call, unreadable
from azsandbox.arm.policy.assignments import ASSIGNMENTS
from azsandbox.arm.policy.definitions import rules
from azsandbox.arm.policy.exemptions import is_over, moment
from azsandbox.arm.policy.refusals import invalid, refused
from azsandbox.arm.policy.selecting import check_selectors
from azsandbox.arm.providers.policyobjects import PolicyObject, value_of
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.rights import linked_failed
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

# A right at the assignment, of the role Resource Policy Contributor, for one (AZ-POLICY-32).
_EXEMPT = "Microsoft.Authorization/policyAssignments/exempt/action"
_OF = r"policyAssignmentId\s+eq\s+'([^']+)'"
_UNEXPIRED = r"(excludeExpired)\(\)"
_CATEGORIES = {"waiver": "Waiver", "mitigated": "Mitigated"}
_VALIDATIONS = {"default": "Default", "donotvalidate": "DoNotValidate"}


@register
class PolicyExemptions(PolicyObject):
    """`policyExemptions` of any scope. They go with what they are at, and stay when the assignment goes.

    The latter was seen: "orphaned" ones (Azure/enterprise-azure-policy-as-code#364). Inferred (AZ-POLICY-16): they
    go with a workspace or a vault that can be recovered too, and do not come back with it.
    """

    type = "Microsoft.Authorization/policyExemptions"
    word = "PolicyExemption"
    gone_with_workspace = True
    old_status = 200
    stamps = False
    filtered_at_group = True
    listed_by = (_OF, _UNEXPIRED)

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Assignment, references, category and end are checked, and the right at the assignment (AZ-POLICY-6)."""
        given = {name: value for name, value in properties.items() if value is not None}
        filled = {"assignmentScopeValidation": "Default", **given}
        for name in ("policyAssignmentId", "exemptionCategory"):
            if not filled.get(name):
                raise unreadable(f"Required property '{name}' not found in JSON.")
        if old is not None and _is_other(old, str(filled["policyAssignmentId"])):
            text = "The policy assignment id of an existing policy exemption cannot be changed."
            raise refused("InvalidPolicyAssignmentIdUpdate", text)
        assignment = self._assignment(call, filled)
        filled["exemptionCategory"] = _one(filled, "exemptionCategory", _CATEGORIES)
        filled["assignmentScopeValidation"] = _one(filled, "assignmentScopeValidation", _VALIDATIONS)
        self._check_scope(call, filled, assignment)
        self._check_references(call, filled, assignment)
        self._check_end(call, filled)
        check_selectors(self.word, call.name, filled.get("resourceSelectors"))
        return filled

    def hidden(self, call: Call, old: Record | None) -> dict[str, Any]:
        """The instance of the assignment that it is for."""
        given = str(object_of(call.body(), "properties")["policyAssignmentId"])
        assignment = self.context.store.get(given.lower())
        assert assignment is not None
        return {"instance": assignment.properties["instanceId"]}

    def _assignment(self, call: Call, properties: dict[str, Any]) -> Record:
        id_ = str(properties["policyAssignmentId"])
        found = self.context.store.get(id_.lower())
        if found is None or found.type != ASSIGNMENTS:
            raise invalid(self.word, call.name, f"The policy assignment '{id_}' could not be found.")
        if not self.context.access.granted(call.principal.object_id, _EXEMPT, found.key):
            raise linked_failed(call, _EXEMPT, found.id)
        return found

    def _check_scope(self, call: Call, properties: dict[str, Any], assignment: Record) -> None:
        within = assignment.parent in self.context.access.chain(call.route.parent)
        if properties["assignmentScopeValidation"] == "Default" and not within:
            text = f"The scope is not at or under the scope of the policy assignment '{assignment.id}'."
            raise invalid(self.word, call.name, text)

    def _check_references(self, call: Call, properties: dict[str, Any], assignment: Record) -> None:
        every = [each for each in rules(self.context.store, assignment.properties) if each.set_id]
        found = [each.reference.lower() for each in every]
        given = [str(each) for each in properties.get("policyDefinitionReferenceIds") or ()]
        frame = f"The policy exemption '{call.name}' create request is invalid."
        if given and not found:
            raise refused(
                "InvalidPolicyDefinitionReference",
                f"{frame} The associated policy assignment is an assignment of a policy definition. The policy "
                "definition reference is only valid for policy assignments of policy set definitions.",
            )
        if unknown := [each for each in given if each.lower() not in found]:
            text = f"{frame} The policy definition reference '{unknown[0]}' is not in the policy set definition."
            raise refused("InvalidPolicyDefinitionReference", text)

    def _check_end(self, call: Call, properties: dict[str, Any]) -> None:
        """A time in ISO 8601. Inferred (AZ-POLICY-18): one that is over is taken, and does not count."""
        if "expiresOn" in properties:
            try:
                moment(str(properties["expiresOn"]))
            except ValueError as problem:
                text = f"Could not convert string to DateTime: {properties['expiresOn']}."
                raise unreadable(text) from problem

    def wanted(self, asked: str, record: Record) -> bool:
        """`policyAssignmentId eq '…'` and `excludeExpired()`."""
        id_ = value_of(_OF, asked)
        of_it = id_ is None or str(record.properties["policyAssignmentId"]).lower() == id_
        return of_it and not (value_of(_UNEXPIRED, asked) and is_over(self.context, record))

    async def patch(self, call: Call) -> Response:
        """Changes `resourceSelectors` and `assignmentScopeValidation`; all else takes a PUT."""
        record, given = self.require(call), object_of(call.body(), "properties")
        if beyond := sorted(set(given) - {"resourceSelectors", "assignmentScopeValidation"}):
            raise unreadable(f"Could not find member '{beyond[0]}' on object of type 'PolicyExemptionUpdate'.")
        properties = {**record.properties, **given}
        assignment = self._assignment(call, properties)
        properties["assignmentScopeValidation"] = _one(properties, "assignmentScopeValidation", _VALIDATIONS)
        self._check_scope(call, properties, assignment)
        check_selectors(self.word, call.name, properties.get("resourceSelectors"))
        return answer(200, self.view(call, self.changed(call, record, **properties)))


def _is_other(old: Record, id_: str) -> bool:
    return str(old.properties["policyAssignmentId"]).lower() != id_.lower()


def _one(properties: dict[str, Any], name: str, values: dict[str, str]) -> str:
    value = str(properties[name])
    if value.lower() not in values:
        raise unreadable(f"Error converting value '{value}' to the type of '{name}'.")
    return values[value.lower()]
