"""Whether an alert processing rule keeps anybody from being told of an alarm, and when. Pure.

Such a rule takes all action groups from an alert as it fires; the alert itself is listed and counted as before
(AZ-MONITOR-68). True: it does; False: it does not; None: it may.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.alarms.processingfilters import Alarming, every, let_through, some
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of

# Times are those of a zone with Windows' name. Nowhere is it longer than so much before UTC (AZ-MONITOR-71).
_LATEST = timedelta(hours=12)
_ALWAYS = "at all times"


def silences(rule: Document, alarm: Alarming, now: datetime) -> bool | None:
    """Whether it takes the action groups from alerts of the alarm, now or at a time to come."""
    properties = properties_of(rule)
    return every(_judged(properties, alarm, now))


def _judged(properties: Document, alarm: Alarming, now: datetime) -> Iterator[bool | None]:
    yield properties.get("enabled") is not False
    yield not over(properties.get("schedule"), now)
    yield _removes(properties.get("actions"))
    yield _covers(properties.get("scopes"), alarm)
    yield let_through(properties.get("conditions"), alarm)


def _removes(actions: Any) -> bool | None:
    """Whether it takes action groups away; one that adds some takes none, and of others nothing is known."""
    if not isinstance(actions, list) or not actions:
        return None
    types = {str(one.get("actionType")).lower() if isinstance(one, dict) else "" for one in actions}
    if "removeallactiongroups" in types:
        return True
    return False if types == {"addactiongroups"} else None


def _covers(scopes: Any, alarm: Alarming) -> bool | None:
    """Whether the targets of its alerts lie in one of the scopes (AZ-MONITOR-72); None where only some may."""
    if not isinstance(scopes, list) or not scopes:
        return None
    found = [some(_holds(ArmId.of(one), ArmId.of(target), alarm) for one in scopes) for target in alarm.targets]
    return every(found) if False not in found else None if some(found) is not False else False


def _holds(scope: ArmId, target: ArmId, alarm: Alarming) -> bool | None:
    if not scope.subscription:
        return None
    if target.within(scope):
        return True
    if scope == ArmId.of(alarm.id):
        # A rule is no target by any page; whoever names it means its alerts.
        return None
    inside = alarm.below and scope.within(target) and (not scope.types or alarm.concerns(scope.type))
    return None if inside else False


def over(schedule: Any, now: datetime) -> bool:
    """Whether its last moment is over wherever its time zone is."""
    found = schedule if isinstance(schedule, dict) else {}
    slack = timedelta() if str(found.get("timeZone")).upper() == "UTC" else _LATEST
    try:
        until = datetime.fromisoformat(str(found.get("effectiveUntil")))
    except ValueError:
        return False
    return until < now if until.tzinfo else until.replace(tzinfo=UTC) < now - slack


def when(schedule: Any) -> str:
    """When it works, in words and in its own time zone."""
    if not schedule:
        return _ALWAYS
    if not isinstance(schedule, dict):
        return "at times that cannot be read"
    first, last, zone = (schedule.get(name) for name in ("effectiveFrom", "effectiveUntil", "timeZone"))
    recurring = schedule.get("recurrences") or ()
    each = (
        [_recurring(one) for one in recurring]
        if isinstance(recurring, list | tuple)
        else ["at times that cannot be read"]
    )
    parts = [
        *([" and ".join(each)] if each else []),
        *([f"from {first} on"] if first else []),
        *([f"until {last}"] if last else []),
    ]
    if not parts:
        return _ALWAYS
    return f"{', '.join(parts)} ({zone or 'it names no time zone'})"


def _recurring(recurrence: Any) -> str:
    if not isinstance(recurrence, dict):
        return "at times that cannot be read"
    kind = str(recurrence.get("recurrenceType"))
    days = recurrence.get("daysOfWeek") or recurrence.get("daysOfMonth") or ()
    on = f" on {', '.join(map(str, days))}" if isinstance(days, list) and days else ""
    first, last = recurrence.get("startTime"), recurrence.get("endTime")
    at = f" from {first} to {last}" if first and last else ""
    return f"{kind.lower()}{on}{at}"
