"""What a rule says of a resource: true, false, or not to be told; never a false that is not certain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.builders.world import SOURCE

from amlmigrate.policies.conditions import ResourceFacts, denies_deletion, holds, selected

TYPE = "microsoft.machinelearningservices/workspaces"
TAGGED = ResourceFacts({"type": TYPE, "location": "westeurope"}, {"env": "prod"})
OF_TYPE = {"field": "type", "equals": TYPE}
OF_OTHER = {"field": "type", "in": ["microsoft.storage/storageaccounts", "microsoft.keyvault/vaults"]}
UNKNOWN = {"value": "[resourcegroup().name]", "equals": "g"}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (OF_TYPE, True),
        (OF_OTHER, False),
        ({"field": "type", "notequals": TYPE}, False),
        ({"field": "type", "notin": ["x"]}, True),
        ({"field": "type", "in": ["[field('x')]"]}, None),
        ({"field": "type", "equals": "[parameters('x')]"}, None),
        ({"field": "type", "notin": ["[field('x')]"]}, None),
        ({"field": "type", "in": [TYPE, "[x]"]}, True),
        ({"field": "type", "equals": 1}, None),
        ({"field": "type", "in": "x"}, None),
        ({"field": "type", "equals": ["x"]}, None),
        ({"field": "type", "like": "microsoft.storage/*"}, None),
        ({"field": "type", "equals": "x", "notequals": "y"}, None),
        ({"field": "location", "equals": "west europe"}, True),
        ({"field": "location", "in": ["eastus"]}, False),
        ({"field": "kind", "equals": "hub"}, None),
        ({"field": "tags.env", "equals": "prod"}, True),
        ({"field": "tags['env']", "equals": "dev"}, False),
        ({"field": "tags[env]", "exists": "true"}, True),
        ({"field": "tags.none", "exists": False}, True),
        ({"field": "tags.none", "exists": "[x]"}, None),
        ({"field": "tags.none", "equals": "prod"}, False),
        ({"field": "tags.none", "notequals": "prod"}, None),
        ({"field": "[concat('tags[', 'env', ']')]", "equals": "prod"}, None),
        (UNKNOWN, None),
        ({"not": OF_OTHER}, True),
        ({"not": UNKNOWN}, None),
        ({"allof": [OF_TYPE, UNKNOWN]}, None),
        ({"allof": [OF_OTHER, UNKNOWN]}, False),
        ({"allof": [OF_TYPE, {"field": "tags.env", "equals": "prod"}]}, True),
        ({"anyof": [OF_OTHER, UNKNOWN]}, None),
        ({"anyof": [OF_TYPE, UNKNOWN]}, True),
        ({"anyof": [OF_OTHER]}, False),
        ({"allof": []}, None),
        ({"allof": "x"}, None),
        ("x", None),
        (None, None),
    ],
)
def test_a_condition(condition: Any, found: bool | None) -> None:
    assert holds(condition, TAGGED) is found


def _rule(**details: Any) -> str:
    return json.dumps({"if": OF_TYPE, "then": {"effect": "denyaction", "details": details}})


def test_only_the_action_delete_is_about_a_deletion() -> None:
    assert denies_deletion(_rule(actionnames=["delete"]), TAGGED) is True
    assert denies_deletion(_rule(actionnames=["move"]), TAGGED) is False
    assert denies_deletion(_rule(actionnames=["[x]"]), TAGGED) is True
    assert denies_deletion(_rule(), TAGGED) is True
    assert denies_deletion("no rule", TAGGED) is None


def _selecting(*selectors: Any) -> dict[str, Any]:
    return {"properties": {"resourceSelectors": [{"name": "s", "selectors": list(selectors)}]}}


def test_selectors_leave_out_only_what_they_name_for_certain() -> None:
    assert selected({"properties": {}}, TAGGED) is True
    assert (
        selected(_selecting({"kind": "resourceType", "in": ["Microsoft.Storage/storageAccounts"]}), TAGGED)
        is False
    )
    assert selected(_selecting({"kind": "resourceLocation", "notIn": ["West Europe"]}), TAGGED) is False
    assert selected(_selecting({"kind": "resourceLocation", "in": ["westeurope"]}), TAGGED) is True
    assert selected(_selecting({"kind": "resourceWithoutLocation", "in": ["x"]}), TAGGED) is None
    for odd in ("x", ["x"], [{"selectors": "x"}], [{"selectors": ["x"]}]):
        assert selected({"properties": {"resourceSelectors": odd}}, TAGGED) is None


def test_what_a_document_does_not_say_is_not_known_but_a_tag() -> None:
    found = ResourceFacts.of("A/B", {"location": "West Europe", "tags": {"Env": "Prod"}})
    assert found == ResourceFacts({"type": "a/b", "location": "west europe"}, {"env": "prod"})
    assert ResourceFacts.of("a/b", {}) == ResourceFacts({"type": "a/b"}, {})
    assert ResourceFacts.of("a/b", {"tags": None}).tags == {}
    assert ResourceFacts.of(TYPE, SOURCE.document).fields["type"] == TYPE
