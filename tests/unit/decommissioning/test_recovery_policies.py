"""Whether a policy would refuse a recovery: predicted as without the exemptions that end with the workspace."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import SOURCE
from tests.unit.policies.policyarm import ASSIGNMENT, PolicyArm, answer, denied, exemption

from amlmigrate.decommissioning.recovery import Recovery, told
from amlmigrate.decommissioning.recovery_policies import recovering, with_policies
from amlmigrate.evidence.decommission import RecoveryRecord
from amlmigrate.policies.exemptions import Exemption
from amlmigrate.posture.reading import Read

NONE: Read[list[Exemption]] = Read([])
UNREAD: Read[list[Exemption]] = Read(refused="Azure refused it.")
BEFORE = Recovery(unknown=("something else",))


def _with(arm: Any, exempt: Read[list[Exemption]] = NONE) -> Recovery:
    return asyncio.run(with_policies(arm, SOURCE, BEFORE, exempt))


def _own(**of: Any) -> Read[list[Exemption]]:
    return Read([Exemption.of(exemption(SOURCE.id, **of))])


def test_what_is_asked_is_the_put_that_recovers_it() -> None:
    body = recovering(SOURCE)
    assert body["location"] == SOURCE.location
    assert body["properties"] == {**SOURCE.properties, "allowRecoverSoftDeletedWorkspace": True}
    arm = PolicyArm()
    assert _with(arm) == BEFORE
    [(path, question)] = arm.asked
    assert path.startswith(SOURCE.id.partition("/providers/")[0])
    assert question["resourceDetails"]["resourceContent"]["name"] == SOURCE.ref.name


def test_a_predicted_refusal_needs_to_be_accepted_and_is_told() -> None:
    found = _with(PolicyArm(predict=lambda _: answer(denied(reason="Ask us."))))
    [why] = found.refused
    assert ASSIGNMENT in why and "Ask us" in why and "predicts" in why
    assert found.reasons() == [f"{why} (--accept-unrecoverable)"]
    assert Recovery(refused=found.refused, accepted=True).reasons() == []
    # What Microsoft documents of it stays what is documented.
    assert "14 days" in told(found) and found.as_dict()["days"] == 14
    assert found.as_dict()["refused"] == [why]
    assert RecoveryRecord(**{**found.as_dict(), "cannot": (), "unknown": (), "refused": (why,)}).refused == (why,)


def test_exemptions_of_the_workspace_itself_end_with_it() -> None:
    """With its name Azure honours them; they are gone when it is recovered."""

    def predict(details: dict[str, Any]) -> Any:
        return answer() if "name" in details["resourceContent"] else answer(denied(), denied(f"{ASSIGNMENT}2"))

    arm = PolicyArm(predict=predict)
    assert _with(arm).refused == () and len(arm.asked) == 1
    found = _with(PolicyArm(predict=predict), _own())
    assert len(found.refused) == 1 and f"({ASSIGNMENT})" in found.refused[0], "the other may go by the name"
    above = Read([Exemption.of(exemption(SOURCE.id.partition("/providers/")[0]))])
    assert _with(PolicyArm(predict=predict), above).refused == (), "that of its group stays"


def test_one_policy_is_told_once() -> None:
    found = _with(PolicyArm(predict=lambda _: answer(denied(), denied(ASSIGNMENT.upper()))), _own())
    assert len(found.refused) == 1


@pytest.mark.parametrize("error", [*map(refusal, (400, 401, 403, 404, 409, 429, 500)), silence()])
def test_no_answer_is_told_as_not_checked_and_refuses_nothing(error: Exception) -> None:
    found = _with(PolicyArm(predict=lambda _: error))
    assert found.reasons() == [] and found.refused == ()
    assert found.unknown[0] == "something else"
    assert found.unknown[1].startswith("Whether a policy refuses to have it recovered: not checked. ")
    twice = _with(PolicyArm(predict=lambda _: error), _own())
    assert len(twice.unknown) == 2, "the same is said once"


def test_what_azure_could_not_judge_and_exemptions_that_are_not_known_are_told() -> None:
    unjudged = _with(PolicyArm(predict=lambda _: answer(denied(evaluationResult="Error"))))
    assert "Azure answered 'Error'" in unjudged.unknown[1]
    unread = _with(PolicyArm(), UNREAD)
    assert unread.refused == () and "Azure refused it." in unread.unknown[1]


@pytest.mark.parametrize("said", [refusal(403), silence(), {}, answer(denied(evaluationResult="Error"))])
def test_that_only_the_question_without_exemptions_has_no_answer_is_told(said: Any) -> None:
    """By the other one nothing is refused, thanks to an exemption that ends with the workspace."""
    arm = PolicyArm(predict=lambda details: answer() if "name" in details["resourceContent"] else said)
    found = _with(arm, _own())
    assert found.refused == () and len(arm.asked) == 2
    assert found.unknown[1].startswith("Whether a policy refuses to have it recovered: not checked. ")
