"""What an assignment denies by its definition: overrides count, and what could not be read is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.unit.policies.policyarm import (
    DEFINITION,
    SUBSCRIPTION,
    WORKSPACE,
    PolicyArm,
    assignment,
    definition,
    knowing,
)

from amlmigrate.policies.denials import NOT_DENYING, Denial, Denials, denials_of, enforced, left_out

SET = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policySetDefinitions/s"


def _denials(arm: Any, document: dict[str, Any]) -> Denials:
    return asyncio.run(denials_of(arm, document))


def _initiative(*references: str) -> dict[str, Any]:
    members = [
        {
            "policyDefinitionId": DEFINITION,
            "policyDefinitionReferenceId": one,
            "parameters": {"effect": {"value": "[parameters('How')]"}},
        }
        for one in references
    ]
    return {
        "id": SET,
        "properties": {"policyDefinitions": members, "parameters": {"how": {"defaultValue": "Deny"}}},
    }


def _references(overrides: list[dict[str, Any]], *references: str) -> list[str]:
    arm = knowing(definition(), _initiative(*references))
    found = _denials(arm, assignment(policyDefinitionId=SET, parameters={}, overrides=overrides))
    assert found.unread == ()
    return [one.reference for one in found.rules]


def test_the_effect_is_the_assignments() -> None:
    arm = knowing(definition())
    assert len(_denials(arm, assignment("Deny")).rules) == 1
    assert _denials(arm, assignment("audit")) == Denials()
    assert _denials(arm, assignment(parameters={})) == Denials(), "its default is to audit"


def test_an_override_counts_for_the_members_that_its_selectors_take() -> None:
    def override(value: str, **selector: Any) -> dict[str, Any]:
        selectors = [{"kind": "policyDefinitionReferenceId", **selector}] if selector else []
        return {"kind": "policyEffect", "value": value, "selectors": selectors}

    assert _references([], "a", "b") == ["a", "b"]
    assert _references([override("Audit")], "a", "b") == []
    assert _references([override("Disabled", **{"in": ["A"]})], "a", "b") == ["b"]
    assert _references([override("Audit", notIn=["A"])], "a", "b") == ["a"]
    # The first counts.
    assert _references([override("Deny", **{"in": ["a"]}), override("Audit")], "a", "b") == ["a"]
    assert _references([{"kind": "definitionVersion", "value": "1.*.*"}], "a") == ["a"]


def test_an_override_for_some_regions_takes_no_denial_away_and_adds_one() -> None:
    some = {"kind": "resourceLocation", "in": ["eastus2"]}
    weaker = {"kind": "policyEffect", "value": "Audit", "selectors": [some]}
    assert _references([weaker], "a") == ["a"]
    arm = knowing(definition())
    stricter = {"kind": "policyEffect", "value": "Deny", "selectors": [some]}
    assert len(_denials(arm, assignment("Audit", overrides=[stricter])).rules) == 1


@pytest.mark.parametrize("unread", [None, refusal(), refusal(500), silence()])
def test_a_definition_that_cannot_be_read_is_told(unread: Any) -> None:
    assert _denials(PolicyArm({DEFINITION.lower(): unread}), assignment()) == Denials(unread=(DEFINITION,))
    arm = PolicyArm({SET.lower(): _initiative("a"), DEFINITION.lower(): unread})
    assert _denials(arm, assignment(policyDefinitionId=SET)).unread == (DEFINITION,)


def test_only_the_members_that_an_exemption_names() -> None:
    found = Denials((Denial("x", "a"), Denial("y", "B")), ("unread",))
    assert found.among(()) == found
    assert [one.rule for one in found.among(("b",)).rules] == ["y"]
    assert found.among(("b",)).unread == ("unread",)


@pytest.mark.parametrize(
    ("mode", "so"), [("Default", True), ("DoNotEnforce", False), ("Enroll", True), ("", True)]
)
def test_whether_it_is_enforced(mode: str, so: bool) -> None:
    assert enforced({"properties": {"enforcementMode": mode}}) is so


def _odd(**properties: Any) -> dict[str, Any]:
    """A definition in force that denies, but for what is said of it otherwise."""
    found = definition("Deny")
    return {**found, "properties": {**found["properties"], **properties}}


@pytest.mark.parametrize(
    "odd",
    [
        {"id": DEFINITION},
        {"id": DEFINITION, "properties": "x"},
        _odd(policyRule=None),
        _odd(policyRule="x"),
        _odd(policyRule={"then": ["deny"]}),
        _odd(policyRule={"then": {}}),
        _odd(policyRule={"then": {"effect": "[parameters('nowhere')]"}}),
        _odd(policyRule={"then": {"effect": "[concat('De', 'ny')]"}}),
        _odd(policyRule={"then": {"effect": "Refuse"}}),
        _odd(policyRule={"then": {"effect": 1}}),
        _odd(parameters=["effect"]),
        _odd(parameters={"effect": "Deny"}),
        _odd(policyDefinitions=None),
        _odd(policyDefinitions={"a": 1}),
        _odd(policyDefinitions=["x"]),
        _odd(policyDefinitions=[{"policyDefinitionReferenceId": "a"}]),
        _odd(policyDefinitions=[{"policyDefinitionId": DEFINITION, "parameters": ["x"]}]),
    ],
)
def test_a_definition_of_another_form_is_not_read_and_not_one_that_denies_nothing(odd: dict[str, Any]) -> None:
    arm = PolicyArm({DEFINITION.lower(): odd})
    assert _denials(arm, assignment(parameters={})) == Denials(unread=(DEFINITION,))


@pytest.mark.parametrize(
    "odd",
    [
        {"policyDefinitionId": ""},
        {"policyDefinitionId": None},
        {"policyDefinitionId": 5},
        {"parameters": ["effect"]},
        {"parameters": {"effect": "Deny"}},
        {"overrides": {"kind": "policyEffect"}},
        {"overrides": ["Deny"]},
    ],
)
def test_an_assignment_of_another_form_is_not_read(odd: dict[str, Any]) -> None:
    found = assignment(**odd)
    assert _denials(knowing(definition()), found) == Denials(unread=(found["id"],))


@pytest.mark.parametrize(
    "selectors", ["x", ["x"], [{"kind": "policyDefinitionReferenceId", "in": "a"}]], ids=["a word", "words", "one"]
)
def test_an_override_whose_selectors_cannot_be_read_leaves_the_definition_unread(selectors: Any) -> None:
    override = {"kind": "policyEffect", "value": "Audit", "selectors": selectors}
    assert _denials(knowing(definition()), assignment(overrides=[override])).unread == (DEFINITION,)


@pytest.mark.parametrize(
    "scopes", ["x", {}, [5], [None], [""], ["/providers/Microsoft.Management/managementGroups/mg"]]
)
def test_scopes_that_cannot_be_read_or_whose_subscriptions_are_not_known_leave_out_nothing_for_certain(
    scopes: Any,
) -> None:
    assert left_out(assignment(notScopes=scopes), WORKSPACE) is (None if scopes else False)
    both = [*scopes, SUBSCRIPTION] if isinstance(scopes, list) else [SUBSCRIPTION]
    assert left_out(assignment(notScopes=both), WORKSPACE) is True


def test_an_assignment_without_properties_counts_as_enforced() -> None:
    for odd in ({"id": "a"}, {"id": "a", "properties": "x"}, {"id": "a", "properties": ["x"]}):
        assert enforced(odd) and left_out(odd, WORKSPACE) is False
        assert _denials(PolicyArm(), odd).unread == ("a",)


@pytest.mark.parametrize("effect", sorted(NOT_DENYING))
def test_every_other_effect_denies_nothing(effect: str) -> None:
    assert _denials(knowing(definition()), assignment(effect.upper())) == Denials()
