"""Which policies would deny a creation, by what Azure answers beforehand, of whatever api-version that is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from amlmigrate.cloud.arm import api_version
from amlmigrate.provisioning import foreseeing

GROUP = "/subscriptions/s/resourceGroups/g"
ASSIGNMENT = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/roles"
INFO = {"policyInfo": {"policyAssignmentId": ASSIGNMENT}}


class Arm:
    """Answers with some evaluations."""

    def __init__(self, *evaluations: dict[str, Any]) -> None:
        self.evaluations = evaluations

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"contentEvaluationResult": {"policyEvaluations": list(self.evaluations)}}

    async def get(self, path: str) -> dict[str, Any]:
        return {"properties": {"displayName": "Roles only"}}


def asked(*evaluations: dict[str, Any]) -> Any:
    class Part:
        id = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"

    class Port:
        class resources:
            arm = Arm(*evaluations)

    found = foreseeing._Foreseen()
    part: Any = Part()
    port: Any = Port()
    asyncio.run(foreseeing._policies(part, port, {"location": "eastus2"}, "", found))
    return found


@pytest.mark.parametrize("told", [{}, {"effectDetails": None}, {"effectDetails": {"policyEffect": "Deny"}}])
def test_what_denies_is_refused_also_where_its_effect_is_not_told(told: dict[str, Any]) -> None:
    found = asked({**INFO, "evaluationResult": "NonCompliant", **told})
    assert found.unasked == [] and "'Roles only' denies it" in found.reasons[0]


@pytest.mark.parametrize("effect", ["Audit", "AuditIfNotExists", "Modify", "Disabled"])
def test_what_only_watches_refuses_nothing(effect: str) -> None:
    found = asked({**INFO, "evaluationResult": "NonCompliant", "effectDetails": {"policyEffect": effect}})
    assert found.reasons == found.unasked == []


def test_what_could_not_be_judged_is_told() -> None:
    found = asked({**INFO, "evaluationResult": "Error", "effectDetails": {"policyEffect": "Deny"}})
    assert found.reasons == [] and ASSIGNMENT in found.unasked[0] and "'Error'" in found.unasked[0]


def test_the_effect_is_asked_for_by_an_api_version_that_tells_it() -> None:
    assert api_version(f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions") >= "2023-03-01"
