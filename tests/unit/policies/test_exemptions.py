"""Exemptions of a source: which end too early, which matter, whose they are, and how they are made to last."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.unit.policies.policyarm import (
    ASSIGNMENT,
    DEFINITION,
    EXEMPTIONS,
    GROUP,
    SUBSCRIPTION,
    WORKSPACE,
    assignment,
    definition,
    exemption,
    knowing,
    marked,
)

from amlmigrate.core.finding import Finding
from amlmigrate.core.periods import RECOVERY, SOAK, needed_until
from amlmigrate.policies.endings import early_ends
from amlmigrate.policies.exemptions import Exemption, exemptions_of, own
from amlmigrate.policies.marks import exempted_by_guard, made_here

NOW, UNTIL = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 5, 12, tzinfo=UTC)
LIST = f"{WORKSPACE}/{EXEMPTIONS}"


def _arm(*exemptions: dict[str, Any], of: dict[str, Any] | None = None) -> Any:
    arm = knowing(definition(), of or assignment())
    arm.answers[LIST.lower()] = list(exemptions)
    return arm


def _ends(arm: Any) -> list[Finding]:
    return asyncio.run(early_ends(arm, WORKSPACE, UNTIL, NOW))


def test_one_that_ends_too_early_is_told_with_the_command_that_prolongs_it() -> None:
    [found] = _ends(_arm(exemption()))
    assert (found.severity, found.code, found.about) == ("warning", "exemption-ends", exemption()["id"])
    assert "'Keys' ends on 2026-03-01" in found.summary and "until 2026-03-05 at least" in found.summary
    assert found.remedy == (
        f"az policy exemption update --name aml-cmk --scope {WORKSPACE} --expires-on 2026-03-05T23:59:59Z"
    )


def test_a_guardrails_own_is_prolonged_by_its_file() -> None:
    [found] = _ends(_arm(exemption(**marked())))
    assert "migrate guard apply FILE" in found.remedy and "from 2026-03-05 on" in found.remedy
    assert SUBSCRIPTION in found.remedy and "az policy" not in found.remedy


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (None, ""),
        ("2026-03-05T12:00:00Z", ""),
        ("2026-03-05T11:59:59Z", "ends on 2026-03-05"),
        ("2026-03-05T11:59:59", "ends on 2026-03-05"),
        ("2026-01-31T00:00:00Z", "ended on 2026-01-31"),
        ("soon", "has an end that cannot be read: 'soon'"),
    ],
)
def test_which_ends_are_too_early(ends: str | None, told: str) -> None:
    found = _ends(_arm(exemption(ends=ends)))
    assert [told in one.summary for one in found] == [True] * bool(told)


def test_those_above_the_workspace_count_and_those_of_others_do_not() -> None:
    below = exemption(f"{WORKSPACE}/onlineEndpoints/e")
    beside = exemption(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws2")
    above = exemption("/providers/Microsoft.Management/managementGroups/mg", "all")
    found = _ends(_arm(exemption(GROUP, "group"), exemption(SUBSCRIPTION, "whole"), above, below, beside))
    assert [one.about.rpartition("/")[2] for one in found] == ["group", "whole", "all"]


def test_one_that_another_covers_for_longer_is_not_told() -> None:
    early, late = exemption(name="early"), exemption(GROUP, "late", ends=None)
    assert _ends(_arm(early, late)) == []
    other = exemption(GROUP, "late", ends=None, policyAssignmentId=f"{ASSIGNMENT}2")
    part = exemption(GROUP, "late", ends=None, policyDefinitionReferenceIds=["a"])
    narrowed = exemption(GROUP, "late", ends=None, resourceSelectors=[{"name": "x", "selectors": []}])
    for one in (other, part, narrowed):
        assert len(_ends(_arm(early, one))) == 1
    wide = exemption(GROUP, "late", ends=None, policyDefinitionReferenceIds=["a", "B"])
    narrow = exemption(name="early", policyDefinitionReferenceIds=["b"])
    assert _ends(_arm(narrow, wide)) == []


def test_one_whose_policy_refuses_nothing_is_not_told() -> None:
    for of in (assignment("Audit"), assignment(enforcementMode="DoNotEnforce")):
        assert _ends(_arm(exemption(), of=of)) == []
    gone = _arm(exemption())
    del gone.answers[ASSIGNMENT.lower()]
    assert _ends(gone) == [], "the assignment is not there any more"
    # Nothing more is read where nothing ends early.
    lasting = _arm(exemption(ends=None))
    assert _ends(lasting) == [] and lasting.read == [LIST]


@pytest.mark.parametrize("unread", [refusal(), refusal(404, "x"), refusal(429, "x"), refusal(500, "x"), silence()])
def test_what_may_refuse_counts_as_if_it_did(unread: Exception) -> None:
    for path in (ASSIGNMENT, DEFINITION):
        arm = _arm(exemption())
        arm.answers[path.lower()] = unread
        assert [one.code for one in _ends(arm)] == ["exemption-ends"], path


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
def test_exemptions_that_cannot_be_read_are_not_checked(status: int) -> None:
    arm = _arm()
    arm.answers[LIST.lower()] = refusal(status, "Code")
    [found] = _ends(arm)
    assert (found.severity, found.code, found.about) == ("warning", "exemptions-unread", WORKSPACE)
    assert "Microsoft.Authorization/policyExemptions/read" in found.remedy
    arm.answers[LIST.lower()] = silence()
    assert "got no answer" in _ends(arm)[0].summary


def test_those_at_the_resource_itself() -> None:
    async def listed() -> list[str]:
        read = await exemptions_of(_arm(exemption(), exemption(GROUP)), WORKSPACE.upper())
        return [one.id for one in own(read.value or (), WORKSPACE)]

    arm_id = exemption()["id"]
    # The list is asked for by the path as it is spelled.
    assert asyncio.run(listed()) == [arm_id]


def test_whose_an_exemption_is() -> None:
    ours = exemption(**marked())
    assert exempted_by_guard(ours) and Exemption.of(ours).guardrail == SUBSCRIPTION
    assert exempted_by_guard(exemption(**marked(f"{SUBSCRIPTION.upper()}/")))
    copied = exemption(name="theirs", **marked())
    another = exemption(policyAssignmentId=f"{ASSIGNMENT}2", **marked())
    unmarked, elsewhere, nonsense = exemption(), exemption(**marked(GROUP)), exemption(metadata="x")
    for one in (copied, another, unmarked, elsewhere, nonsense):
        assert not exempted_by_guard(one) and Exemption.of(one).guardrail == ""
    assert made_here(ours, SUBSCRIPTION.upper()) and not made_here(ours, GROUP)
    assert not made_here(unmarked, "")


def test_until_when_the_source_must_be_able_to_change() -> None:
    assert needed_until(NOW, 60) == NOW + timedelta(seconds=60) + SOAK + RECOVERY
    soaked = NOW + timedelta(days=2)
    assert needed_until(NOW, 60, soaked) == soaked + RECOVERY
    assert needed_until(NOW, 60, NOW - timedelta(days=2)) == NOW + RECOVERY


@pytest.mark.parametrize(
    "odd",
    [
        {"properties": "x"},
        {"properties": None},
        {"systemData": "x"},
        {"id": ""},
        *(
            {"properties": {"policyAssignmentId": ASSIGNMENT, "policyDefinitionReferenceIds": one}}
            for one in (5, "amlCmk")
        ),
    ],
)
def test_a_list_that_cannot_be_read_is_told_and_taken_for_no_empty_one(odd: dict[str, Any]) -> None:
    arm = _arm(exemption(), exemption() | odd)
    read = asyncio.run(exemptions_of(arm, WORKSPACE))
    assert (read.value, read.refused) == (None, "Azure's list has exemptions that cannot be read.")
    assert [one.code for one in _ends(arm)] == ["exemptions-unread"]
