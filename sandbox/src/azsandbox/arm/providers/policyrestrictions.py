"""Microsoft.PolicyInsights/checkPolicyRestrictions: what would be denied, asked before it is written."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.policy.assignments import Assigned
from azsandbox.arm.policy.judging import JudgedResource, Judgement, State, judged
from azsandbox.arm.policy.refusals import unbuilt
from azsandbox.arm.policy.resources import modes_of
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_WITH_EFFECT = "2023-03-01"  # versions before have no `effectDetails`, and no audits


@register
class PolicyRestrictions(Kind):
    """POST at a subscription or a group (azure-rest-api-specs, policyinsights 2022-03-01, 2023-03-01, 2024-10-01).

    Its evaluations say whether what was sent would be refused as it is. Inferred (AZ-POLICY-22): it honours what a
    PUT does, exemptions of the resource itself too where the content has its name. Inferred (AZ-LOCAL-2): a body
    without `type` is refused, and code and text of that. What is asked of `pendingFields`, and of a management
    group, is not here.
    """

    type = "Microsoft.PolicyInsights/checkPolicyRestrictions"

    def right(self, call: Call) -> str:
        """Reading is what the roles call it."""
        return f"{self.type}/read"

    async def list(self, call: Call) -> Response:
        """There is nothing to read."""
        raise self.unsupported(call)

    async def post(self, call: Call) -> Response:
        """`contentEvaluationResult`: each policy that denies, and with `includeAuditEffect` each that audits."""
        body = call.body()
        details = object_of(body, "resourceDetails")
        content = object_of(details, "resourceContent")
        if not call.subscription:
            raise unbuilt("this of a management group")
        if body.get("pendingFields"):
            raise unbuilt("'pendingFields'")
        if not isinstance(content.get("type"), str):
            raise gateway(400, "InvalidCheckRestrictionsRequest", "The resource content has no type.")
        effects = ("deny", "audit") if body.get("includeAuditEffect") else ("deny",)
        if len(effects) > 1 and call.api_version < _WITH_EFFECT:
            raise self.unsupported(call)
        asked = self._asked(call, details, content)
        found = [each for each in judged(self.context, asked, _of(effects)) if each.state is State.NON_COMPLIANT]
        evaluations = [_evaluation(one, told=call.api_version >= _WITH_EFFECT) for one in found]
        return answer(
            200, {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": evaluations}}
        )

    def _asked(self, call: Call, details: dict[str, Any], content: dict[str, Any]) -> JudgedResource:
        scope, type_ = str(details.get("scope") or call.route.parent).lower().rstrip("/"), content["type"].lower()
        if not f"{scope}/".startswith(f"{call.route.parent}/"):
            raise gateway(400, "InvalidCheckRestrictionsRequest", "The scope of the resource lies elsewhere.")
        if name := str(content.get("name") or "").rpartition("/")[2].lower():
            nested = type_.count("/") > 1
            scope += f"/{type_.rpartition('/')[2]}/{name}" if nested else f"/providers/{type_}/{name}"
        kind = self.context.kinds.get(type_)
        modes = modes_of(kind) if kind is not None else ("all",)
        resource = {**content, "properties": content.get("properties") or {}}
        return JudgedResource(scope, resource, modes, str(details.get("apiVersion") or ""))


def _of(effects: tuple[str, ...]) -> Any:
    def wanted(assigned: Assigned, effect: str) -> bool:
        return effect in effects and assigned.enforced

    return wanted


def _evaluation(judgement: Judgement, *, told: bool) -> dict[str, Any]:
    rule = judgement.assigned.rule
    info = {"policyDefinitionId": rule.document["id"], "policyAssignmentId": judgement.assigned.record.id}
    if rule.set_id:
        info |= {"policySetDefinitionId": rule.set_id, "policyDefinitionReferenceId": rule.reference}
    details: dict[str, Any] = {"evaluatedExpressions": judgement.compared}
    if told and (reason := judgement.assigned.message()):
        details["reason"] = reason
    return {
        "policyInfo": info,
        "evaluationResult": "NonCompliant",
        "evaluationDetails": details,
        **({"effectDetails": {"policyEffect": judgement.effect.capitalize()}} if told else {}),
    }
