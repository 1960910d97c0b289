"""What Azure predicts policies to refuse: a refusal is told, and whatever says nothing is not checked, never allowed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.unit.policies.policyarm import (
    ASSIGNMENT,
    GROUP,
    SUBSCRIPTION,
    WORKSPACE,
    PolicyArm,
    answer,
    assignment,
    denied,
    knowing,
)

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import LeaseLostError
from amlmigrate.policies import asking
from amlmigrate.policies.restrictions import PolicyAnswer, PolicyQuestion, ask

QUESTION = PolicyQuestion(WORKSPACE, {"location": "eastus2", "properties": {"description": "d"}})


def _asked(arm: Any, question: PolicyQuestion = QUESTION) -> PolicyAnswer:
    return asyncio.run(ask(arm, question))


def test_a_question_has_type_name_and_body_and_is_asked_at_the_group() -> None:
    arm = PolicyArm()
    _asked(arm)
    [(path, body)] = arm.asked
    assert path == f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    details = body["resourceDetails"]
    assert details["resourceContent"] == {
        "type": "Microsoft.MachineLearningServices/workspaces",
        "name": "ws",
        "location": "eastus2",
        "properties": {"description": "d"},
    }
    assert details["apiVersion"] and "scope" not in details


@pytest.mark.parametrize(
    ("id_", "type_", "name", "scope"),
    [
        (f"{WORKSPACE}/datastores/lake", "workspaces/datastores", "lake", WORKSPACE),
        (f"{WORKSPACE}/models/m/versions/3", "workspaces/models/versions", "3", f"{WORKSPACE}/models/m"),
    ],
)
def test_what_lies_in_another_names_it_as_its_scope(id_: str, type_: str, name: str, scope: str) -> None:
    details = PolicyQuestion(id_, {"name": "something else"}).as_dict()["resourceDetails"]
    content = details["resourceContent"]
    assert (content["type"], content["name"]) == (f"Microsoft.MachineLearningServices/{type_}", name)
    assert details["scope"] == scope


def test_what_is_put_on_a_resource_is_judged_there_and_a_group_is_asked_of_its_subscription() -> None:
    role = f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/r"
    assert PolicyQuestion(role, {}).as_dict()["resourceDetails"]["scope"] == WORKSPACE
    at_group = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/r"
    assert "scope" not in PolicyQuestion(at_group, {}).as_dict()["resourceDetails"]
    group = PolicyQuestion(GROUP, {"location": "eastus2"}, SUBSCRIPTION)
    content = group.as_dict()["resourceDetails"]["resourceContent"]
    assert content["type"] == "Microsoft.Resources/subscriptions/resourceGroups" and content["name"] == "g"
    assert group.path.startswith(f"{SUBSCRIPTION}/providers/")


def test_a_question_without_a_name_has_none() -> None:
    body = {"name": "ws", "location": "eastus2"}
    content = PolicyQuestion(WORKSPACE, body, named=False).as_dict()["resourceDetails"]["resourceContent"]
    assert "name" not in content and content["location"] == "eastus2"


def test_a_refusal_is_told_with_the_assignment_its_title_and_what_it_says_once_for_all_its_rules() -> None:
    arm = knowing(assignment(), predict=lambda _: answer(denied(), denied(ASSIGNMENT.upper(), "Ask us.")))
    [one] = _asked(arm).refusals
    assert (one.assignment, one.title, one.message) == (ASSIGNMENT, "Keys", "Ask us.")
    assert str(one) == f"the policy 'Keys' ({ASSIGNMENT}), which says: Ask us"


@pytest.mark.parametrize("unread", [None, refusal(), refusal(500), silence()])
def test_an_assignment_that_cannot_be_read_is_told_by_its_name(unread: Any) -> None:
    arm = PolicyArm({ASSIGNMENT.lower(): unread}, lambda _: answer(denied()))
    [one] = _asked(arm).refusals
    assert one.title == "aml-cmk" and str(one) == f"the policy 'aml-cmk' ({ASSIGNMENT})"


@pytest.mark.parametrize("effect", ["Audit", "AuditIfNotExists", "Modify", "Disabled"])
def test_what_only_watches_refuses_nothing(effect: str) -> None:
    arm = PolicyArm(predict=lambda _: answer(denied(effectDetails={"policyEffect": effect})))
    assert _asked(arm) == PolicyAnswer()


def test_what_complies_refuses_nothing_and_what_was_not_judged_is_told() -> None:
    fine, error = denied(evaluationResult="Compliant"), denied(evaluationResult="Error")
    found = _asked(PolicyArm(predict=lambda _: answer(fine, error, error)))
    assert found.refusals == () and found.unasked == ""
    assert found.not_checked == (f"the policy {ASSIGNMENT}: Azure answered 'Error'",)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
def test_each_answer_that_is_an_error_is_not_checked(status: int) -> None:
    error = refusal(status, "Code")
    found = _asked(PolicyArm(predict=lambda _: error))
    assert found == PolicyAnswer(unasked=error.summary)


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        {"contentEvaluationResult": None},
        {"contentEvaluationResult": {}},
        {"contentEvaluationResult": {"policyEvaluations": None}},
        {"contentEvaluationResult": {"policyEvaluations": {"a": 1}}},
        {"contentEvaluationResult": "x"},
        ["x"],
        "x",
    ],
)
def test_an_answer_that_says_nothing_is_not_checked(nothing: Any) -> None:
    found = _asked(PolicyArm(predict=lambda _: nothing))
    assert found == PolicyAnswer(unasked="Azure's answer says nothing of it.")


def test_no_answer_at_all_is_not_checked() -> None:
    assert "got no answer" in _asked(PolicyArm(predict=lambda _: silence())).unasked


async def test_an_answer_that_does_not_come_in_time_is_not_checked() -> None:
    async def slow() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    read = await asking.answered(slow(), 0.01)
    assert read.value is None and read.refused == "Azure did not answer within 0.01 s."


async def test_a_lease_that_is_lost_ends_it_all_the_same() -> None:
    async def lost() -> dict[str, Any]:
        raise LeaseLostError("lost")

    with pytest.raises(LeaseLostError):
        await asking.answered(lost())


def test_an_error_of_a_list_is_an_answer_too() -> None:
    async def read(error: ServiceError) -> Any:
        arm: Any = PolicyArm({"/list": error})
        return await asking.answered_list(arm, "/list")

    found = asyncio.run(read(refusal(429, "TooManyRequests")))
    assert found.value is None and found.code == "TooManyRequests"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "NonCompliant",
        denied(policyInfo="x"),
        denied(policyInfo=None),
        denied(policyInfo={"policyAssignmentId": ""}),
        denied(effectDetails="deny"),
        denied(evaluationDetails=["x"]),
        denied(effectDetails={"policyEffect": "Refuse"}),
        denied(effectDetails={"policyEffect": ["Deny"]}),
    ],
    ids=[
        "null",
        "a word",
        "other info",
        "no info",
        "no assignment",
        "other effect",
        "details",
        "unknown",
        "effects",
    ],
)
def test_an_evaluation_that_cannot_be_read_is_not_checked_and_hides_no_refusal(odd: Any) -> None:
    alone = _asked(PolicyArm(predict=lambda _: answer(odd)))
    assert alone == PolicyAnswer(not_checked=("Azure's answer has evaluations that cannot be read",))
    beside = _asked(knowing(assignment(), predict=lambda _: answer(odd, denied())))
    assert ([one.assignment for one in beside.refusals], beside.not_checked) == ([ASSIGNMENT], alone.not_checked)
