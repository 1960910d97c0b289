"""What `guard check` calls missing or weaker, over documents as Azure answers them."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.guarding.guards import SCOPE, guardrail, old, workspace_id

from amlmigrate.core.documents import Document
from amlmigrate.guarding import bodies
from amlmigrate.guarding.checking import _exempted, ended, weaker
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.wanted import Stage


def told(stage: Stage, **changed: Any) -> list[str]:
    """The codes and texts of the gaps of an assignment in which this was changed."""
    wanted = guardrail(stage)
    there: Document = deepcopy(bodies.assignment(wanted))
    there["properties"] |= changed
    return [f"{one.code}: {one.text}" for one in weaker(wanted, there)]


@pytest.mark.parametrize("stage", Stage)
def test_an_assignment_as_the_file_asks_for_has_no_gap(stage: Stage) -> None:
    assert told(stage) == []


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"enforcementMode": "DoNotEnforce"}, "at stage dry-deny"),
        ({"parameters": {"cmkEffect": {"value": "disabled"}}}, "without its effect"),
        ({"parameters": {}}, "without its effect"),
        (
            {"parameters": {"cmkEffect": {"value": "Deny"}, "minimumRSAKeySize": {"value": 2048}}},
            "sets minimumRSAKeySize to 2048",
        ),
        ({"notScopes": ["/subscriptions/s"]}, "leaves out /subscriptions/s"),
        ({"overrides": [{"kind": "policyEffect", "value": "audit"}]}, "sets policyEffect to 'audit'"),
        ({"resourceSelectors": [{"name": "x"}]}, "selectors narrow it"),
        ({"policyDefinitionId": "/other"}, "another definition"),
    ],
)
def test_what_makes_an_assignment_do_less_is_told(changed: dict[str, Any], text: str) -> None:
    assert any(text in one for one in told(Stage.DENY_NEW, **changed))


def test_an_override_that_refuses_is_not_called_weaker() -> None:
    assert told(Stage.DENY, overrides=[{"kind": "policyEffect", "value": "Deny"}]) == []


def test_an_end_without_an_offset_is_in_utc_and_one_that_cannot_be_read_is_none() -> None:
    assert ended({"expiresOn": "2027-01-01T00:00:00"}) == datetime(2027, 1, 1, tzinfo=UTC)
    assert ended({"expiresOn": "2027-01-01T02:00:00+02:00"}) == datetime(2027, 1, 1, tzinfo=UTC)
    assert ended({"expiresOn": "soon"}) is None
    assert ended({}) is None


NOW = datetime(2026, 11, 30, tzinfo=UTC)


def exempted(at: str, **properties: Any) -> list[str]:
    """What is said of an exemption of the guardrail's assignment at a scope, where `ws` is still an old workspace."""
    wanted = guardrail(Stage.DENY_NEW)
    one = {
        "id": f"{at}/providers/Microsoft.Authorization/policyExemptions/x",
        "properties": {
            "policyAssignmentId": wanted.assignment_id.upper(),
            "expiresOn": "2027-01-01T00:00:00Z",
            **properties,
        },
    }
    return [gap.text for gap in _exempted(wanted, [one], GuardedEstate("", (old(),)), NOW)]


@pytest.mark.parametrize(
    ("at", "properties", "told"),
    [
        (workspace_id("ws"), {}, []),
        (workspace_id("ws"), {"expiresOn": None}, ["It has no end (expiresOn)."]),
        (
            workspace_id("ws"),
            {"expiresOn": "2026-11-29T00:00:00Z"},
            ["It ended on 2026-11-29, and the workspace is still under Microsoft's key: its updates are refused."],
        ),
        (
            workspace_id("moved"),
            {"expiresOn": "2026-11-29T00:00:00Z"},
            ["It ended on 2026-11-29 and exempts nothing any more."],
        ),
        (f"{SCOPE}/resourceGroups/g", {}, ["It exempts all of the resource group g."]),
        (SCOPE, {}, [f"It exempts all of {SCOPE}."]),
        (SCOPE, {"expiresOn": ""}, ["It has no end (expiresOn).", f"It exempts all of {SCOPE}."]),
        (SCOPE, {"policyAssignmentId": "/another"}, []),
    ],
)
def test_what_is_said_of_an_exemption(at: str, properties: dict[str, Any], told: list[str]) -> None:
    assert exempted(at, **properties) == told
