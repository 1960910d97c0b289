"""The conditions of policy rules, one by one: what is compared, counted, missing, and what a rule is about."""

from __future__ import annotations

from typing import Any

import pytest

from azsandbox.arm.policy.applicability import is_about
from azsandbox.arm.policy.conditions import holds
from azsandbox.arm.policy.expressions import Expressions
from azsandbox.arm.policy.fields import field_of, known

TYPE = "Microsoft.KeyVault/vaults"
RULES = f"{TYPE}/networkAcls.ipRules[*]"
RESOURCE = {
    "type": TYPE,
    "name": "kv",
    "location": "East US 2",
    "tags": {"Owner": "ML", "it's": "x"},
    "properties": {
        "enableSoftDelete": True,
        "networkAcls": {"ipRules": [{"value": "10.0.0.1"}, {"value": "10.0.0.2"}]},
    },
}


def counted(operator: str, number: int, **where: Any) -> dict[str, Any]:
    return {"count": {"field": RULES, **where}, operator: number}


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ({"field": "type", "equals": TYPE.lower()}, True),
        ({"field": "location", "in": ["EastUS2"]}, True),
        ({"field": "tags['owner']", "equals": "ml"}, True),
        ({"field": "tags.OWNER", "equals": "ML"}, True),
        ({"field": "tags['it''s']", "equals": "x"}, True),
        ({"field": "tags[none]", "in": ["public"]}, False),
        ({"field": "tags[none]", "notIn": ["public"]}, True),
        ({"field": "tags[none]", "notEquals": "public"}, True),
        ({"field": "tags[none]", "exists": "false"}, True),
        ({"field": f"{TYPE}/enableSoftDelete", "equals": "true"}, True),
        ({"field": f"{TYPE}/enablePurgeProtection", "notEquals": True}, True),
        ({"field": "Microsoft.Storage/storageAccounts/encryption.keySource", "exists": "true"}, False),
        (counted("equals", 2), True),
        (counted("equals", 1, where={"field": f"{RULES}.value", "equals": "10.0.0.1"}), True),
        (counted("greater", 1, where={"field": f"{RULES}.value", "like": "10.*"}), True),
        (counted("equals", 1, where={"value": f"[current('{RULES}.value')]", "equals": "10.0.0.2"}), True),
        (counted("equals", 0, where={"field": "name", "equals": "other"}), True),
        ({"count": {"field": f"{TYPE}/none[*]"}, "equals": 0}, True),
        ({"count": {"value": ["a", "b"], "where": {"value": "[current()]", "equals": "B"}}, "equals": 1}, True),
        ({"count": {"value": "[parameters('all')]", "name": "n"}, "equals": 3}, True),
        ({"not": {"anyOf": [{"field": "name", "equals": "x"}, {"field": "name", "equals": "KV"}]}}, False),
        ({"value": "[last(split('a/b', '/'))]", "equals": "b"}, True),
        ({"value": "[first(parameters('all'))]", "equals": "1"}, True),
        ({"value": "[contains('abc', 'B')]", "equals": "true"}, True),
    ],
)
def test_a_condition_holds_or_does_not(condition: dict[str, Any], held: bool) -> None:
    field = field_of(RESOURCE)
    language = Expressions({"parameters": lambda name: ["1", "2", "3"], "field": field})
    seen: list[dict[str, Any]] = []
    assert holds(condition, field, language, seen) is held
    assert seen


OF_TYPE = {"field": "type", "equals": TYPE}
KIND = {"not": {"field": "kind", "equals": "project"}}
OTHER = {"field": "location", "equals": "nowhere"}


@pytest.mark.parametrize(
    ("condition", "resource", "about"),
    [
        ({"allOf": [OF_TYPE, OTHER]}, {"type": TYPE}, True),
        ({"allOf": [OF_TYPE, OTHER]}, {"type": "x/y"}, False),
        ({"allOf": [OF_TYPE, {"not": OTHER}]}, {"type": TYPE}, True),
        ({"anyOf": [OF_TYPE, OTHER]}, {"type": "x/y"}, True),
        ({"anyOf": [OF_TYPE, {"field": "type", "equals": "x/y"}]}, {"type": "x/z"}, False),
        ({"allOf": [OF_TYPE, KIND]}, {"type": TYPE, "kind": "Project"}, False),
        ({"allOf": [OF_TYPE, KIND]}, {"type": TYPE}, True),  # of the type alone: it may be
        ({"allOf": [OF_TYPE, {"field": "name", "like": "kv*"}]}, {"type": TYPE, "name": "other"}, False),
        ({"not": OF_TYPE}, {"type": TYPE}, False),
        (OTHER, {"type": TYPE}, True),
    ],
)
def test_a_rule_is_about_what_its_type_name_and_kind_say(
    condition: dict[str, Any], resource: dict[str, Any], about: bool
) -> None:
    assert is_about(condition, resource, Expressions({})) is about


@pytest.mark.parametrize(
    ("field", "is_known"),
    [
        ("Microsoft.MachineLearningServices/workspaces/encryption.status", True),
        ("microsoft.keyvault/vaults/ENABLEPURGEPROTECTION", True),
        ("Microsoft.KeyVault/vaults/enableSoftDelete", True),
        ("Microsoft.KeyVault/vaults/enableRbacAuthorization", True),
        ("Microsoft.Storage/storageAccounts/encryption.keySource", True),
        ("Microsoft.ContainerRegistry/registries/encryption.status", True),
        ("Microsoft.MachineLearningServices/workspaces/encryption.state", False),
        ("tags[anything]", True),
        ("properties.encryption", False),
    ],
)
def test_aliases_are_those_that_microsofts_definitions_name(field: str, is_known: bool) -> None:
    assert known(field) is is_known
