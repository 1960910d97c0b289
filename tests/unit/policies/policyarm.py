"""An ARM that knows assignments, exemptions and predictions, for what policies make of a move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

SUBSCRIPTION = "/subscriptions/11111111-2222-4333-8444-555555555555"
GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
DEFINITION = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyDefinitions/d"
ASSIGNMENT = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/aml-cmk"
EXEMPTIONS = "providers/Microsoft.Authorization/policyExemptions"
MARK = "aml-cmk-migrate-guard"


@dataclass
class PolicyArm:
    """`answers` by path in lower case: a document, a list, or an error; `predict` answers each question."""

    answers: dict[str, Any] = field(default_factory=dict)
    predict: Callable[[dict[str, Any]], Any] = lambda _: answer()
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    async def get(self, path: str, *_: Any) -> Any:
        self.read.append(path)
        found = self.answers.get(path.lower())
        if isinstance(found, Exception):
            raise found
        return found

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        for item in await self.get(path) or ():
            yield item

    async def post(self, path: str, body: dict[str, Any], *_: Any) -> Any:
        self.asked.append((path, body))
        found = self.predict(body["resourceDetails"])
        if isinstance(found, Exception):
            raise found
        return found


def knowing(*documents: dict[str, Any], **more: Any) -> PolicyArm:
    """One that has these, by their ids."""
    return PolicyArm({str(one["id"]).lower(): one for one in documents}, **more)


def answer(*evaluations: dict[str, Any]) -> dict[str, Any]:
    return {"contentEvaluationResult": {"policyEvaluations": list(evaluations)}}


def denied(assignment: str = ASSIGNMENT, reason: str = "", **more: Any) -> dict[str, Any]:
    """An evaluation by which something is refused."""
    details = {"evaluationDetails": {"reason": reason}} if reason else {}
    info = {"policyInfo": {"policyAssignmentId": assignment}}
    effect = {"effectDetails": {"policyEffect": "Deny"}}
    return {**info, "evaluationResult": "NonCompliant", **effect, **details, **more}


def definition(effect: str = "[parameters('effect')]", id_: str = DEFINITION) -> dict[str, Any]:
    rule = {"if": {"field": "type", "equals": "x"}, "then": {"effect": effect}}
    return {"id": id_, "properties": {"policyRule": rule, "parameters": {"effect": {"defaultValue": "Audit"}}}}


def assignment(effect: str = "Deny", id_: str = ASSIGNMENT, **properties: Any) -> dict[str, Any]:
    given = {"policyDefinitionId": DEFINITION, "displayName": "Keys", "parameters": {"effect": {"value": effect}}}
    return {"id": id_, "properties": {**given, **properties}}


def exemption(
    at: str = WORKSPACE, name: str = "aml-cmk", ends: str | None = "2026-03-01T23:59:59Z", **properties: Any
) -> dict[str, Any]:
    given = {"policyAssignmentId": ASSIGNMENT, **({"expiresOn": ends} if ends else {}), **properties}
    made = {"createdAt": "2026-01-01T00:00:00Z"}
    return {"id": f"{at}/{EXEMPTIONS}/{name}", "name": name, "properties": given, "systemData": made}


def marked(scope: str = SUBSCRIPTION) -> dict[str, Any]:
    """The metadata of what a guardrail makes."""
    return {"metadata": {MARK: scope}}
