"""What policies are predicted to refuse of a plan: one question for what is judged alike, errors by assignment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import NEW, OLD, header, step
from tests.unit.policies.policyarm import (
    ASSIGNMENT,
    EXEMPTIONS,
    PolicyArm,
    answer,
    assignment,
    definition,
    denied,
    exemption,
    knowing,
)

from amlmigrate.core.findingcodes import CODES
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.workspace import Location
from amlmigrate.planning import predicted as predictions
from amlmigrate.planning import stage
from amlmigrate.planning.predicted import MOST, alike, predicted

SECRET = {"credentials": {"credentialsType": "AccountKey", "secrets": {"key": {"$secret": "key"}}}}


def _step(address: str, *, action: Action = Action.CREATE, after: tuple[str, ...] = (), **properties: Any) -> Step:
    made = step(address, *after, action=action, body={"properties": properties})
    path = address.split("/")
    versioned = [*path[:2], "versions", *path[2:]] if len(path) > 2 else path
    return replace(made, target_id=f"{NEW.id}/{'/'.join(versioned)}")


def _predicted(arm: Any, *steps: Step) -> list[Any]:
    return asyncio.run(predicted(arm, steps, NEW.id))


def test_one_question_is_asked_for_all_that_is_alike() -> None:
    arm = PolicyArm()
    models = [_step(f"models/m/{n}", description=f"{n}", modelType="custom_model") for n in range(5)]
    other = _step("models/m/9", modelType="mlflow_model")
    lake = _step("datastores/lake", **SECRET)
    assert _predicted(arm, other, *models, lake) == []
    contents = [body["resourceDetails"]["resourceContent"] for _, body in arm.asked]
    assert [(one["type"].rpartition("workspaces/")[2], one["name"]) for one in contents] == [
        ("models/versions", "0"),
        ("models/versions", "9"),
        ("datastores", "lake"),
    ]
    assert contents[2]["properties"]["credentials"]["secrets"] == {"key": {"$secret": "key"}}, "nothing is filled"
    assert arm.asked[0][0].startswith(NEW.id.partition("/providers/")[0])
    assert arm.asked[0][1]["resourceDetails"]["scope"] == f"{NEW.id}/models/m"


def test_what_writes_no_resource_is_not_asked_about() -> None:
    amount = Bytes(Location("a", "c", "p"), Location("b", "d", "p"), 1, 1)
    copies = step("blobs/c/p", action=Action.COPY, bytes=amount)
    name = _step("models/m", after=("models/m/1",))
    others = [
        _step("models/m/1", action=action)
        for action in (Action.ADOPT, Action.SKIP, Action.MANUAL, Action.CONFLICT)
    ]
    assert alike([copies, name, *others]) == []
    assert len(alike([_step("models/m/1", action=Action.UPDATE)])) == 1
    assert len(alike([_step("models/m")])) == 1, "a name that its version does not bring along"


def test_a_refusal_is_one_error_for_each_assignment_with_what_it_says() -> None:
    def predict(details: dict[str, Any]) -> Any:
        if details["resourceContent"]["type"].endswith("datastores"):
            return answer(denied(), denied(f"{ASSIGNMENT}2"))
        return answer(denied(ASSIGNMENT.upper(), "No models."))

    models = [_step(f"models/m/{n}") for n in range(4)]
    first, second = _predicted(knowing(assignment(), predict=predict), *models, _step("datastores/lake"))
    assert first.address == f"{ASSIGNMENT.upper()}!policy-refuses" and second.about == f"{ASSIGNMENT}2"
    assert first.severity == "error" and first.severity in CODES[first.code].severities
    assert "'Keys'" in first.summary and "No models" in first.summary and "refuses 5 steps" in first.summary
    assert "models/m/0, models/m/1, models/m/2 and 2 more" in first.summary
    assert "refuses 1 step: datastores/lake" in second.summary


@pytest.mark.parametrize("error", [*map(refusal, (400, 401, 403, 404, 409, 429, 500)), silence()])
def test_no_answer_is_a_warning_that_says_what_was_not_checked(error: Exception) -> None:
    [found] = _predicted(PolicyArm(predict=lambda _: error), _step("models/m/1"), _step("datastores/lake"))
    assert (found.severity, found.address) == ("warning", f"{NEW.id}!not-checked")
    assert found.summary.startswith(
        "Not checked: whether a policy refuses 2 steps (models/m/1, datastores/lake): "
    )
    assert "Microsoft.PolicyInsights/checkPolicyRestrictions/read" in found.remedy


def test_what_azure_could_not_judge_is_not_checked() -> None:
    [found] = _predicted(
        PolicyArm(predict=lambda _: answer(denied(evaluationResult="Error"))), _step("models/m/1")
    )
    assert found.code == "not-checked" and "Azure answered 'Error'" in found.summary


def test_of_a_type_in_which_all_differs_the_most_frequent_are_asked_and_the_rest_is_told() -> None:
    arm = PolicyArm()
    single = [_step(f"environments/e/{n}", image=f"image{n}") for n in range(MOST + 2)]
    twice = [_step(f"environments/f/{n}", image="both") for n in range(2)]
    [found] = _predicted(arm, *single, *twice)
    assert len(arm.asked) == MOST
    assert arm.asked[0][1]["resourceDetails"]["resourceContent"]["properties"]["image"] == "both"
    assert (
        found.code == "not-checked" and "refuses 3 steps" in found.summary and f"more than {MOST}" in found.summary
    )


def test_the_plan_has_it_first_and_warns_of_exemptions_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    source = knowing(definition(), assignment())
    source.answers[f"{OLD.id}/{EXEMPTIONS}".lower()] = [exemption(OLD.id, ends="2026-02-20T00:00:00Z")]
    target = PolicyArm(predict=lambda _: answer(denied()))
    sides = [SimpleNamespace(arm=one) for one in (source, target)]
    for one in sides:
        one.arm.service_clock = SimpleNamespace(now=lambda: now)
    clouds: Any = SimpleNamespace(source=sides[0], target=sides[1])
    before = replace(header(), findings=(predictions.Finding("warning", "/x", "s", "r", "locked"),))
    found = asyncio.run(stage._with_policies(clouds, before, [_step("models/m/1")])).findings
    assert [one.code for one in found] == ["policy-refuses", "exemption-ends", "locked"]
    assert "until 2026-02-22 at least" in found[1].summary, "a week of soak and two to recover"
