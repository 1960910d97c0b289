"""Alert processing rules: whether one takes the action groups from an alert as it fires (AZ-MONITOR-68)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from azsandbox.arm.ground import Ground

RULES = "microsoft.alertsmanagement/actionrules"
_REMOVES = "removeallactiongroups"
Essentials = Mapping[str, Any]


def _type(target: str) -> str:
    """`microsoft.keyvault/vaults` of an id; empty for a group and a subscription."""
    _, found, rest = target.rpartition("/providers/")
    parts = rest.split("/")
    return "/".join((parts[0], *parts[1::2])) if found else ""


# What a filter may be about, in lower case, and where an alert has it; of its payload none is made here.
FIELDS: Mapping[str, Callable[[Essentials], str]] = {
    "severity": lambda alert: str(alert["severity"]),
    "monitorservice": lambda alert: str(alert["monitorService"]),
    "monitorcondition": lambda alert: str(alert["monitorCondition"]),
    "signaltype": lambda alert: str(alert["signalType"]),
    "targetresourcetype": lambda alert: _type(alert["targetResource"]),
    "targetresource": lambda alert: str(alert["targetResource"]),
    "targetresourcegroup": lambda alert: str(alert["targetResourceGroup"]),
    "alertruleid": lambda alert: str(alert["alertRule"]),
    "alertrulename": lambda alert: str(alert["alertRule"]).rpartition("/")[2],
    "description": lambda alert: str(alert["description"]),
}
_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "equals": lambda value, listed: value in listed,
    "notequals": lambda value, listed: value not in listed,
    "contains": lambda value, listed: any(one in value for one in listed),
    "doesnotcontain": lambda value, listed: all(one not in value for one in listed),
}
OPERATORS = frozenset(_OPERATORS)


def suppressed(ground: Ground, alert: Essentials) -> bool:
    """Whether any rule of the subscription of its target takes its action groups."""
    target = str(alert["targetResource"])
    own = "/".join(target.split("/")[:3])
    now = datetime.fromtimestamp(ground.clock.now(), UTC)
    return any(_takes(one.properties, alert, now) for one in ground.store.of_type(RULES, own))


def _takes(rule: Mapping[str, Any], alert: Essentials, now: datetime) -> bool:
    target = f"{alert['targetResource']}/".lower()
    return (
        rule["enabled"]
        and any(str(one["actionType"]).lower() == _REMOVES for one in rule["actions"])
        and any(target.startswith(f"/{scope.strip('/')}/".lower()) for scope in rule["scopes"])
        and all(_passes(one, alert) for one in rule.get("conditions") or ())
        and works(rule.get("schedule") or {}, now)
    )


def _passes(condition: Mapping[str, Any], alert: Essentials) -> bool:
    """Without case (AZ-MONITOR-70); of several values that an alert must not have it has none (AZ-MONITOR-69)."""
    field, listed = str(condition["field"]).lower(), [str(one).lower() for one in condition["values"]]
    if field == "targetresourcegroup":
        listed = [one.rpartition("/")[2] for one in listed]
    return _OPERATORS[str(condition["operator"]).lower()](FIELDS[field](alert).lower(), listed)


def works(schedule: Mapping[str, Any], now: datetime) -> bool:
    """Whether a time is in a schedule, whose times are UTC (AZ-MONITOR-71)."""
    first, last = (schedule.get(name) for name in ("effectiveFrom", "effectiveUntil"))
    wall = now.replace(tzinfo=None)
    if (first and wall < datetime.fromisoformat(first)) or (last and wall > datetime.fromisoformat(last)):
        return False
    recurrences = schedule.get("recurrences") or ()
    return not recurrences or any(_recurs(one, wall) for one in recurrences)


def _recurs(recurrence: Mapping[str, Any], wall: datetime) -> bool:
    kind = str(recurrence["recurrenceType"]).lower()
    if kind == "weekly" and f"{wall:%A}" not in recurrence["daysOfWeek"]:
        return False
    if kind == "monthly" and wall.day not in recurrence["daysOfMonth"]:
        return False
    first, last = (recurrence.get(name) for name in ("startTime", "endTime"))
    if not first or not last:
        return True
    begins, ends, at = time.fromisoformat(first), time.fromisoformat(last), wall.time()
    return begins <= at < ends if begins <= ends else at >= begins or at < ends
