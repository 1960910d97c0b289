"""Which alert processing rules keep anybody from being told of which alarm: scopes, filters, schedules, actions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from amlmigrate.alarms.processing import over, silences, when
from amlmigrate.alarms.processingfilters import Alarming

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SUB = "/subscriptions/11111111-2222-4333-8444-555555555555"
GROUP = f"{SUB}/resourceGroups/keys"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
LOGS = f"{SUB}/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/law"
MACHINE = f"{SUB}/resourceGroups/apps/providers/Microsoft.Compute/virtualMachines/vm"
REMOVE, ADD = {"actionType": "RemoveAllActionGroups"}, {"actionType": "AddActionGroups", "actionGroupIds": ["/g"]}


def alarm(kind: str, *targets: str, wide: bool = False, **properties: Any) -> Alarming:
    id_ = f"{GROUP}/providers/Microsoft.Insights/{kind}/aml-cmk-{kind}"
    return Alarming(id_, kind, {"properties": properties}, targets, wide)


METRIC = alarm("metricAlerts", VAULT, severity=1, description="A vault answers slowly")
LOG = alarm("scheduledQueryRules", LOGS, VAULT, severity=1, displayName="A key is changed", description="A key")
ACTIVITY = alarm("activityLogAlerts", SUB, description="Rights are given: write")
EVERY = (METRIC, LOG, ACTIVITY)


def rule(*conditions: Any, **properties: Any) -> dict[str, Any]:
    filled = {"scopes": [SUB], "actions": [REMOVE], "enabled": True, **properties}
    return {"properties": {**filled, **({"conditions": list(conditions)} if conditions else {})}}


def judged(of: dict[str, Any]) -> tuple[bool | None, ...]:
    """Of an alarm by a metric, by a log, and by the activity log."""
    return tuple(silences(of, one, NOW) for one in EVERY)


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"enabled": None}, True),
        ({"actions": [ADD]}, False),
        ({"actions": [ADD, REMOVE]}, True),
        ({"actions": [{"actionType": "removeallactiongroups"}]}, True),
        # What nobody here knows is never none.
        ({"actions": []}, None),
        ({"actions": [{"actionType": "PageNobody"}]}, None),
        ({"actions": ["x"]}, None),
        ({"scopes": []}, None),
        ({"scopes": "x"}, None),
        ({"conditions": []}, True),
        ({"conditions": "x"}, None),
        ({"conditions": ["x"]}, None),
    ],
)
def test_a_rule_that_is_on_takes_action_groups_and_covers_the_alarm_silences_it(
    properties: dict[str, Any], found: bool | None
) -> None:
    assert judged(rule(**properties)) == (found,) * 3


@pytest.mark.parametrize(
    ("scopes", "found"),
    [
        ([SUB.upper()], (True, True, True)),
        ([f"{SUB}/"], (True, True, True)),
        # An alert on a log is on the vault that its row names, or on the workspace with the log.
        ([VAULT], (True, None, None)),
        ([LOGS], (False, None, None)),
        ([VAULT, LOGS], (True, True, None)),
        ([GROUP], (True, None, None)),
        ([f"{GROUP}-2"], (False, False, None)),
        ([METRIC.id], (None, False, None)),
        # Nothing of a key happens at a machine.
        ([MACHINE], (False, False, False)),
        (["/subscriptions/99999999-2222-4333-8444-555555555555"], (False, False, False)),
        (["keys"], (None, None, None)),
    ],
)
def test_scopes_cover_what_alerts_are_on(scopes: list[str], found: tuple[bool | None, ...]) -> None:
    assert judged(rule(scopes=scopes)) == found


def test_what_has_nothing_to_do_with_keys_counts_where_everything_is_asked_for() -> None:
    wide = alarm("activityLogAlerts", SUB, wide=True)
    of_machines = {
        "field": "TargetResourceType",
        "operator": "Equals",
        "values": ["Microsoft.Compute/virtualMachines"],
    }
    for one in (rule(scopes=[MACHINE]), rule(of_machines)):
        assert (silences(one, ACTIVITY, NOW), silences(one, wide, NOW)) == (False, None)
        assert silences(one, METRIC, NOW) is False


YES, NO, MAY = (True,) * 3, (False,) * 3, (None,) * 3


@pytest.mark.parametrize(
    ("field", "operator", "values", "found"),
    [
        ("Severity", "Equals", ["Sev1"], (True, True, None)),
        ("Severity", "Equals", ["Sev0", "Sev1"], (True, True, None)),
        ("Severity", "Equals", ["Sev3"], (False, False, None)),
        ("Severity", "Equals", ["critical"], MAY),
        ("Severity", "NotEquals", ["Sev3"], (True, True, None)),
        ("Severity", "NotEquals", ["Sev1"], (False, False, None)),
        # Whether one of several that differs is enough, nobody says.
        ("Severity", "NotEquals", ["Sev1", "Sev3"], MAY),
        ("MonitorService", "Equals", ["Platform"], (True, False, False)),
        ("MonitorService", "Equals", ["Log Analytics"], (False, None, False)),
        ("MonitorService", "Equals", ["Log Analytics", "Log Alerts V2"], (False, None, False)),
        ("MonitorService", "Equals", ["Activity Log - Administrative"], (False, False, True)),
        ("MonitorService", "Equals", ["Application Insights", "VM Insights"], NO),
        ("MonitorService", "Equals", ["Azure Monitor"], MAY),
        ("MonitorCondition", "Equals", ["Fired"], YES),
        ("MonitorCondition", "Equals", ["Resolved"], NO),
        ("MonitorCondition", "NotEquals", ["Resolved"], YES),
        ("SignalType", "Equals", ["Metric"], (True, False, False)),
        ("SignalType", "Equals", ["Log"], (False, True, None)),
        ("TargetResourceType", "Equals", ["microsoft.keyvault/vaults"], (True, None, None)),
        ("TargetResourceType", "NotEquals", ["Microsoft.Compute/VirtualMachines"], YES),
        ("TargetResourceType", "Contains", ["MICROSOFT.KEYVAULT"], (True, None, None)),
        ("TargetResourceType", "DoesNotContain", ["vaults"], (False, None, None)),
        ("TargetResourceType", "Equals", ["Key vaults"], MAY),
        ("TargetResource", "Equals", [VAULT], (True, None, None)),
        ("TargetResource", "NotEquals", [VAULT], (False, None, None)),
        ("TargetResource", "Equals", [f"{VAULT}2"], (False, False, None)),
        ("TargetResource", "Equals", [MACHINE], NO),
        ("TargetResource", "Equals", ["kv"], MAY),
        ("TargetResourceGroup", "Equals", ["KEYS"], (True, None, None)),
        ("TargetResourceGroup", "NotEquals", [GROUP], (False, None, None)),
        ("TargetResourceGroup", "NotEquals", [GROUP.replace("1111", "2222")], (True, True, None)),
        ("TargetResourceGroup", "Equals", ["other"], (False, False, None)),
        ("AlertRuleId", "Equals", [METRIC.id.lower()], (True, False, False)),
        ("AlertRuleId", "NotEquals", [METRIC.id], (False, True, True)),
        ("AlertRuleId", "Contains", ["/scheduledqueryrules/"], (False, True, False)),
        ("AlertRuleName", "Contains", ["aml-cmk"], (True, None, True)),
        ("AlertRuleName", "Equals", ["A key is changed"], (False, None, False)),
        ("AlertRuleName", "Equals", ["AML-CMK-metricAlerts"], (None, False, False)),
        ("Description", "Contains", ["Rights"], (False, False, True)),
        ("Description", "Contains", ["rights"], (False, False, None)),
        ("Description", "Equals", ["Rights are given"], (False, False, None)),
        ("AlertContext", "Contains", ["x"], MAY),
        ("AlertContext", "DoesNotContain", ["x"], MAY),
        ("Colour", "Equals", ["red"], MAY),
        ("Severity", "Matches", ["Sev1"], MAY),
        ("Severity", "Equals", [], MAY),
        ("Severity", "Equals", None, MAY),
    ],
)
def test_a_filter_lets_through_what_it_names_and_what_is_not_known_may_be(
    field: str, operator: str, values: Any, found: tuple[bool | None, ...]
) -> None:
    assert judged(rule({"field": field, "operator": operator, "values": values})) == found


def test_all_filters_have_to_let_it_through() -> None:
    fired = {"field": "MonitorCondition", "operator": "Equals", "values": ["Fired"]}
    context = {"field": "AlertContext", "operator": "Contains", "values": ["x"]}
    other = {"field": "AlertRuleName", "operator": "Equals", "values": ["backup"]}
    assert judged(rule(fired, context)) == MAY
    assert judged(rule(fired, context, other)) == NO


@pytest.mark.parametrize(
    ("schedule", "past"),
    [
        (None, False),
        ({}, False),
        ("x", False),
        ({"effectiveUntil": "2026-12-01T12:00:00", "timeZone": "UTC"}, False),
        ({"effectiveUntil": "2026-12-01T11:59:59", "timeZone": "utc"}, True),
        # Its zone is one of Windows' names: it is over once it is over everywhere.
        ({"effectiveUntil": "2026-12-01T00:00:00", "timeZone": "Pacific Standard Time"}, False),
        ({"effectiveUntil": "2026-11-30T23:59:59", "timeZone": "Pacific Standard Time"}, True),
        ({"effectiveUntil": "2026-12-01T00:00:00"}, False),
        ({"effectiveUntil": "9999-12-31T23:59:59"}, False),
        ({"effectiveUntil": "never", "timeZone": "UTC"}, False),
        ({"effectiveFrom": "2027-01-01T00:00:00", "timeZone": "UTC"}, False),
        ({"effectiveUntil": "2020-01-01T00:00:00", "recurrences": [{"recurrenceType": "Daily"}]}, True),
    ],
)
def test_a_schedule_that_is_over_does_not_count_and_any_other_does(schedule: Any, past: bool) -> None:
    assert over(schedule, NOW) is past
    assert judged(rule(schedule=schedule)) == (not past,) * 3


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        (None, "at all times"),
        ({"timeZone": "UTC"}, "at all times"),
        ("x", "at times that cannot be read"),
        (
            {"effectiveFrom": "2026-12-24T00:00:00", "effectiveUntil": "2027-01-02T00:00:00", "timeZone": "UTC"},
            "from 2026-12-24T00:00:00 on, until 2027-01-02T00:00:00 (UTC)",
        ),
        ({"effectiveFrom": "2026-12-24T00:00:00"}, "from 2026-12-24T00:00:00 on (it names no time zone)"),
        (
            {
                "timeZone": "Eastern Standard Time",
                "recurrences": [
                    {"recurrenceType": "Daily", "startTime": "17:00:00", "endTime": "09:00:00"},
                    {"recurrenceType": "Weekly", "daysOfWeek": ["Saturday", "Sunday"]},
                    {"recurrenceType": "Monthly", "daysOfMonth": [1, 15]},
                    "x",
                ],
            },
            "daily from 17:00:00 to 09:00:00 and weekly on Saturday, Sunday and monthly on 1, 15 and at times that"
            " cannot be read (Eastern Standard Time)",
        ),
        ({"recurrences": "x"}, "at times that cannot be read (it names no time zone)"),
    ],
)
def test_when_it_works_is_told_in_its_own_time(schedule: Any, told: str) -> None:
    assert when(schedule) == told
