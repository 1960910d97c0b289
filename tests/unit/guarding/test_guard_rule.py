"""The rule by classification, judged by the engine of the local Azure: what it catches, and what it lets be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.guarding.guards import guardrail, workspace_id

from amlmigrate.guarding import bodies
from amlmigrate.guarding.wanted import Guardrail
from azsandbox.arm.policy.conditions import holds
from azsandbox.arm.policy.definitions import PolicyRule, with_defaults
from azsandbox.arm.policy.fields import field_of

ENABLED = {"encryption": {"status": "Enabled"}}
CASES = [
    ({"data-classification": "restricted"}, {}, "Default", True),
    ({"data-classification": "RESTRICTED"}, {"encryption": {"status": "Disabled"}}, "Default", True),
    ({"DATA-CLASSIFICATION": "confidential"}, {}, "Hub", True),
    ({"data-classification": "unheard of"}, {}, "Default", True),
    ({"data-classification": ""}, {}, "Default", True),
    ({"data-classification": "restricted"}, ENABLED, "Default", False),
    ({"data-classification": "Public"}, {}, "Default", False),
    ({"data-classification": "internal"}, {}, "Default", False),
    ({"data-classification": "restricted"}, {}, "Project", False),
]


def denied(wanted: Guardrail, tags: dict[str, str], properties: dict[str, Any], kind: str) -> bool:
    document = bodies.definition(wanted)
    rule = PolicyRule(document, with_defaults(document, {"effect": "Deny"}))
    resource = {
        "id": workspace_id("ws"),
        "type": "Microsoft.MachineLearningServices/workspaces",
        "kind": kind,
        "tags": tags,
        "properties": properties,
    }
    field = field_of(resource)
    condition = document["properties"]["policyRule"]["if"]
    return rule.effect == "deny" and holds(condition, field, rule.expressions(field=field), [])


@pytest.mark.parametrize(("tags", "properties", "kind", "expected"), CASES)
def test_protected_data_without_a_key_is_caught_and_nothing_else(
    tags: dict[str, str], properties: dict[str, Any], kind: str, expected: bool
) -> None:
    wanted = guardrail()
    assert denied(wanted, tags, properties, kind) is expected
    if kind == "Default" and properties != ENABLED:
        # What the product says of it beforehand is the same.
        assert wanted.needs_key(tags) is expected


@pytest.mark.parametrize("untagged_needs_key", [True, False])
def test_untagged_workspaces_are_caught_unless_the_file_says_otherwise(untagged_needs_key: bool) -> None:
    wanted = guardrail(untagged_needs_key=untagged_needs_key)
    for tags in ({}, {"other": "restricted"}):
        assert denied(wanted, tags, {}, "Default") is untagged_needs_key
        assert wanted.needs_key(tags) is untagged_needs_key
    assert denied(wanted, {"data-classification": "restricted"}, {}, "Default")


def test_nothing_hangs_on_what_azure_makes_of_a_field_that_is_missing() -> None:
    """No condition asks a field that may be missing by a negative operator (AZ-POLICY-2)."""
    for untagged in (True, False):
        rule = json.dumps(bodies.definition(guardrail(untagged_needs_key=untagged))["properties"]["policyRule"])
        assert not [name for name in ("notIn", "notEquals", "notLike", "notContains") if f'"{name}"' in rule]


def test_a_workspace_without_a_kind_is_judged() -> None:
    document = bodies.definition(guardrail())
    rule = PolicyRule(document, with_defaults(document, {"effect": "Deny"}))
    field = field_of({"id": workspace_id("ws"), "type": bodies.WORKSPACES, "tags": {}, "properties": {}})
    assert holds(document["properties"]["policyRule"]["if"], field, rule.expressions(field=field), [])
