"""Microsoft.PolicyInsights/checkPolicyRestrictions: what would be denied, asked before it is written."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.policy.judging import Asked, Judgement
from azsandbox.arm.policy.violations import violations
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_WITH_EFFECT = "2023-03-01"  # versions before have no `effectDetails`, and no audits


@register
class PolicyRestrictions(Kind):
    """POST at a subscription or a resource group (azure-rest-api-specs, policyinsights 2022-03-01, 2023-03-01).

    Its evaluations say whether what was sent would be refused as it is. Inferred (AZ-LOCAL-2): a body without
    `type` is refused, and code and text of that. What is asked of `pendingFields` is not here.
    """

    type = "Microsoft.PolicyInsights/checkPolicyRestrictions"

    def right(self, call: Call) -> str:
        """Reading is what the roles call it."""
        return f"{self.type}/read"

    async def list(self, call: Call) -> Response:
        """There is nothing to read."""
        raise self.unsupported(call)

    async def post(self, call: Call) -> Response:
        """`contentEvaluationResult`, with each policy that denies."""
        body = call.body()
        details = object_of(body, "resourceDetails")
        content = object_of(details, "resourceContent")
        if body.get("pendingFields") or body.get("includeAuditEffect"):
            raise self.unsupported(call)
        if not isinstance(content.get("type"), str):
            raise gateway(400, "InvalidCheckRestrictionsRequest", "The resource content has no type.")
        resource = {**content, "properties": content.get("properties") or {}}
        scope = str(details.get("scope") or call.route.parent).lower()
        modes = ("all", "indexed") if self._is_tracked(content["type"]) else ("all",)
        found = violations(self.context, Asked(scope, resource, modes, str(details.get("apiVersion") or "")))
        evaluations = [_evaluation(one, effect=call.api_version >= _WITH_EFFECT) for one in found]
        return answer(
            200, {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": evaluations}}
        )

    def _is_tracked(self, type_: str) -> bool:
        kind = self.context.kinds.get(type_.lower())
        return kind is not None and kind.tracked


def _evaluation(judgement: Judgement, *, effect: bool) -> dict[str, Any]:
    rule = judgement.assigned.rule
    info = {"policyDefinitionId": rule.document["id"], "policyAssignmentId": judgement.assigned.record.id}
    if rule.set_id:
        info |= {"policySetDefinitionId": rule.set_id, "policyDefinitionReferenceId": rule.reference}
    return {
        "policyInfo": info,
        "evaluationResult": "NonCompliant",
        "evaluationDetails": {"evaluatedExpressions": judgement.compared},
        **({"effectDetails": {"policyEffect": "Deny"}} if effect else {}),
    }
