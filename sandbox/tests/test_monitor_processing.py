"""Alert processing rules: what of them is taken, how they are shown, and which alerts they silence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, ArmClient, client
from monitor import ALERTS, INSIGHTS, VAULT, metric_body, prepared

from azsandbox.arm.monitor import byhand
from azsandbox.arm.monitor.processing import works

LIST = "providers/Microsoft.AlertsManagement/actionRules"
QUIET, METRIC = f"{GROUP}/{LIST}/quiet", f"{INSIGHTS}/metricAlerts/rule"
REMOVE = [{"actionType": "RemoveAllActionGroups"}]


def rule(*conditions: Any, **properties: Any) -> dict[str, Any]:
    filled = {"scopes": [GROUP], "actions": REMOVE, "conditions": list(conditions), **properties}
    return {"location": "Global", "properties": filled}


def only(field: str, operator: str, *values: str) -> dict[str, Any]:
    return {"field": field, "operator": operator, "values": list(values)}


@pytest.fixture
async def arm(tmp_path: Path) -> ArmClient:
    made = client(tmp_path)
    await made.group()
    await prepared(made)
    await made.ok("PUT", METRIC, metric_body())
    return made


async def test_it_is_made_read_listed_switched_off_and_deleted(arm: ArmClient) -> None:
    """Spelled as in Azure/azure-cli-extensions' recording (AZ-MONITOR-73)."""
    made = await arm.send("PUT", QUIET, rule())
    assert made.status == 201
    shown = await arm.ok("GET", QUIET)
    assert (shown["type"], shown["location"], shown["id"]) == (
        "Microsoft.AlertsManagement/actionRules",
        "Global",
        QUIET,
    )
    assert shown["properties"] == {"scopes": [GROUP], "actions": REMOVE, "conditions": [], "enabled": True}
    assert {"createdBy", "createdAt", "lastModifiedBy"} <= {*shown["systemData"]}
    assert (await arm.send("PUT", QUIET, shown)).status == 200
    for scope in (GROUP, f"/subscriptions/{SUBSCRIPTION}"):
        assert [one["name"] for one in await arm.every(f"{scope}/{LIST}")] == ["quiet"]
    off = await arm.ok("PATCH", QUIET, {"properties": {"enabled": False}, "tags": {"a": "b"}})
    assert (off["properties"]["enabled"], off["tags"]) == (False, {"a": "b"})
    await arm.error(400, "PATCH", QUIET, {"properties": {"scopes": []}}, code="BadRequest")
    assert [(await arm.send("DELETE", QUIET)).status for _ in range(2)] == [200, 204]
    assert await arm.every(f"{GROUP}/{LIST}") == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (rule(scopes=[]), "scopes"),
        (rule(scopes=["/subscriptions/99999999-2222-3333-4444-555555555555"]), "subscription"),
        (rule(actions=[]), "actions"),
        (rule(actions=[{"actionType": "Page"}]), "actionType"),
        (rule(actions=[{"actionType": "AddActionGroups"}]), "actionGroupIds"),
        (rule(colour="red"), "colour"),
        (rule(only("Colour", "Equals", "red")), "Colour"),
        (rule(only("Severity", "Matches", "Sev1")), "Matches"),
        (rule(only("Severity", "Equals", *"123456")), "one to 5"),
        (rule(schedule={"effectiveUntil": "2026-12-01T00:00:00Z"}), "offset"),
        (rule(schedule={"recurrences": [{"recurrenceType": "Weekly"}]}), "Weekly"),
        (rule(schedule={"recurrences": [{"recurrenceType": "Monthly"}]}), "daysOfMonth"),
        (rule(schedule={"recurrences": [{"recurrenceType": "Daily", "startTime": "noon"}]}), "noon"),
    ],
)
async def test_what_cannot_be_is_refused(arm: ArmClient, body: dict[str, Any], says: str) -> None:
    await arm.error(400, "PUT", QUIET, body, code="BadRequest", says=says)


@pytest.mark.parametrize(
    "body", [rule(schedule={"timeZone": "Pacific Standard Time"}), rule(only("AlertContext", "Contains", "x"))]
)
async def test_what_is_not_built_is_refused_loudly(arm: ArmClient, body: dict[str, Any]) -> None:
    await arm.error(501, "PUT", QUIET, body, code="NotImplemented")


@pytest.mark.parametrize(
    ("body", "silent"),
    [
        (rule(), True),
        (rule(scopes=[f"/subscriptions/{SUBSCRIPTION}"]), True),
        (rule(scopes=[f"{GROUP}2"]), False),
        (rule(scopes=[METRIC]), False),
        (rule(enabled=False), False),
        (rule(actions=[{"actionType": "AddActionGroups", "actionGroupIds": ["/g"]}]), False),
        (rule(only("Severity", "Equals", "Sev1"), only("SignalType", "Equals", "metric")), True),
        (rule(only("Severity", "Equals", "Sev1"), only("SignalType", "Equals", "Log")), False),
        (rule(only("MonitorService", "NotEquals", "Platform", "Nagios")), False),
        (rule(only("TargetResourceType", "Equals", "Microsoft.KeyVault/vaults")), True),
        (rule(only("TargetResource", "DoesNotContain", "/vaults/kv")), False),
        (rule(only("TargetResourceGroup", "Equals", GROUP)), True),
        (rule(only("AlertRuleId", "Equals", METRIC)), True),
        (rule(only("AlertRuleName", "Equals", "other")), False),
        (rule(only("Description", "Contains", "not answer")), True),
        (rule(only("MonitorCondition", "Equals", "Resolved")), False),
        (rule(schedule={"effectiveUntil": "2020-01-01T00:00:00"}), False),
    ],
)
async def test_an_alert_is_listed_whether_it_is_silenced_or_not(
    arm: ArmClient, tmp_path: Path, body: dict[str, Any], silent: bool
) -> None:
    await arm.ok("PUT", QUIET, body)
    byhand.ask(tmp_path, METRIC)
    byhand.ByHand(arm.arm._context, tmp_path).carry_out()
    [alert] = await arm.every(ALERTS)
    essentials = alert["properties"]["essentials"]
    assert (essentials["targetResource"], essentials["actionStatus"]) == (VAULT.lower(), {"isSuppressed": silent})


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        ({}, "2026-12-01T00:00", True),
        ({"effectiveFrom": "2026-12-02T00:00:00"}, "2026-12-01T00:00", False),
        ({"recurrences": [{"recurrenceType": "Daily", "startTime": "17:00:00", "endTime": "09:00:00"}]}, "2026-12-01T08:59", True),
        ({"recurrences": [{"recurrenceType": "Daily", "startTime": "17:00:00", "endTime": "09:00:00"}]}, "2026-12-01T12:00", False),
        ({"recurrences": [{"recurrenceType": "Daily", "startTime": "06:00:00", "endTime": "14:00:00"}]}, "2026-12-01T14:00", False),
        ({"recurrences": [{"recurrenceType": "Weekly", "daysOfWeek": ["Tuesday"]}]}, "2026-12-01T12:00", True),
        ({"recurrences": [{"recurrenceType": "Weekly", "daysOfWeek": ["Sunday"]}]}, "2026-12-01T12:00", False),
        ({"recurrences": [{"recurrenceType": "Monthly", "daysOfMonth": [1]}]}, "2026-12-01T12:00", True),
        ({"recurrences": [{"recurrenceType": "Monthly", "daysOfMonth": [2]}]}, "2026-12-01T12:00", False),
    ],
)  # fmt: skip
def test_it_works_at_its_times(schedule: dict[str, Any], at: str, expected: bool) -> None:
    assert works(schedule, datetime.fromisoformat(at).replace(tzinfo=UTC)) is expected
