"""Policies around the target: what Azure predicts of a change of it, and what denies that it is not exempt from."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import TARGET
from tests.unit.policies.policyarm import (
    ASSIGNMENT,
    DEFINITION,
    EXEMPTIONS,
    SUBSCRIPTION,
    PolicyArm,
    answer,
    assignment,
    definition,
    denied,
    exemption,
    knowing,
)

from amlmigrate.core.finding import Finding
from amlmigrate.core.findingcodes import CODES
from amlmigrate.doctor import policies

LIST = f"{TARGET.id}/providers/Microsoft.Authorization/policyAssignments"
SET = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policySetDefinitions/s"


def _predicted(arm: Any) -> list[Finding]:
    return asyncio.run(policies.predicted(arm, TARGET))


def _denying(arm: Any, *exemptions: Any) -> list[Finding]:
    arm.answers |= {LIST.lower(): [one for id_, one in arm.answers.items() if id_ == ASSIGNMENT.lower()]}
    listed = exemptions[0] if exemptions and isinstance(exemptions[0], Exception) else list(exemptions)
    arm.answers[f"{TARGET.id}/{EXEMPTIONS}".lower()] = listed
    return asyncio.run(policies.denying(arm, TARGET))


def test_a_predicted_refusal_is_an_error_with_assignment_message_and_the_command_that_exempts() -> None:
    arm = knowing(assignment(), predict=lambda _: answer(denied(reason="Ask us.")))
    [found] = _predicted(arm)
    assert (found.severity, found.address) == ("error", f"{ASSIGNMENT}!policy-refuses")
    assert found.severity in CODES[found.code].severities
    assert "'Keys'" in found.summary and "Ask us" in found.summary and "changes of the target" in found.summary
    assert f"--policy-assignment {ASSIGNMENT} --scope {TARGET.id}" in found.remedy
    [(_, body)] = arm.asked
    content = body["resourceDetails"]["resourceContent"]
    assert content["name"] == TARGET.ref.name and content["location"] == TARGET.location
    assert "id" not in content and content["properties"] == TARGET.properties


def test_no_refusal_predicted_says_nothing() -> None:
    assert _predicted(PolicyArm()) == []


@pytest.mark.parametrize("error", [*map(refusal, (400, 401, 403, 404, 409, 429, 500)), silence()])
def test_no_answer_is_not_checked(error: Exception) -> None:
    [found] = _predicted(PolicyArm(predict=lambda _: error))
    assert (found.severity, found.code, found.about) == ("warning", "not-checked", TARGET.id)
    assert "Microsoft.PolicyInsights/checkPolicyRestrictions/read" in found.remedy
    assert f"at {TARGET.id.partition('/providers/')[0]}," in found.remedy


def test_a_policy_from_which_the_target_is_exempt_is_not_warned_of() -> None:
    arm = knowing(definition(), assignment())
    assert [one.code for one in _denying(arm)] == ["policy-denies"]
    assert _denying(arm, exemption(TARGET.id, ends=None)) == []
    assert _denying(arm, exemption(TARGET.id, ends="2999-01-01T00:00:00Z")) == []
    over = exemption(TARGET.id, ends="2020-01-01T00:00:00Z")
    other = exemption(TARGET.id, ends=None, policyAssignmentId=f"{ASSIGNMENT}2")
    narrowed = exemption(TARGET.id, ends=None, resourceSelectors=[{"name": "x", "selectors": []}])
    for one in (over, other, narrowed):
        assert len(_denying(arm, one)) == 1


def test_an_exemption_from_some_members_leaves_the_others() -> None:
    members = [
        {
            "policyDefinitionId": DEFINITION,
            "policyDefinitionReferenceId": one,
            "parameters": {"effect": {"value": "Deny"}},
        }
        for one in ("a", "b")
    ]
    initiative = {"id": SET, "properties": {"policyDefinitions": members}}
    arm = knowing(definition(), initiative, assignment(policyDefinitionId=SET))
    assert len(_denying(arm, exemption(TARGET.id, ends=None, policyDefinitionReferenceIds=["A"]))) == 1
    assert _denying(arm, exemption(TARGET.id, ends=None, policyDefinitionReferenceIds=["A", "b"])) == []


def test_where_exemptions_cannot_be_read_that_is_said_beside_what_denies() -> None:
    arm = knowing(definition(), assignment())
    for error in (refusal(), refusal(500), silence()):
        [found] = _denying(arm, error)
        assert "Whether the target is exempt could not be read" in found.summary
    audits = knowing(definition(), assignment("Audit"))
    assert _denying(audits, refusal()) == [], "nothing denies anything"
