"""Microsoft.AlertsManagement/actionRules: alert processing rules, which silence alerts or tell more people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.monitor.processing import FIELDS, OPERATORS
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind
from azsandbox.messages import Response

_MEMBERS = frozenset(("scopes", "conditions", "schedule", "actions", "description", "enabled"))
_SCHEDULE = frozenset(("effectiveFrom", "effectiveUntil", "timeZone", "recurrences"))
_RECURRENCE = frozenset(("recurrenceType", "startTime", "endTime", "daysOfWeek", "daysOfMonth"))
_DAYS = frozenset(("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"))
_ACTIONS = frozenset(("addactiongroups", "removeallactiongroups"))
# learn azure/azure-monitor/alerts/alerts-processing-rules: so many values has a filter at most.
_MOST = 5


def _bad(message: str, status: int = 400, code: str = "BadRequest") -> ArmError:
    """A refusal in the shape that the description has; words ours (AZ-LOCAL-2)."""
    return ArmError(status, {"error": {"code": code, "message": message}})


def _unbuilt(what: str) -> ArmError:
    return _bad(f"The sandbox does not {what}.", 501, "NotImplemented")


@register
class AlertProcessingRules(TrackedKind):
    """`actionRules`: they silence alerts as these fire (AZ-MONITOR-68), at their times (AZ-MONITOR-71).

    Answers have who wrote one (AZ-MONITOR-73). A member that the description does not know is refused
    (AZ-MONITOR-59). Time zones other than UTC, and filters by the payload of alerts, are refused with 501.
    """

    type = "Microsoft.AlertsManagement/actionRules"
    shows_system_data = True
    own_rate = "resource-requests"

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With type and location as they are recorded."""
        return {**super().view(call, record), "type": self.type, "location": "Global"}

    async def patch(self, call: Call) -> Response:
        """Changes tags and `enabled`, and nothing else. Raises ArmError 400."""
        body = call.body()
        sent = {*body} | {f"properties.{name}" for name in body.get("properties") or ()}
        if beyond := sorted(sent - {"tags", "properties", "properties.enabled"}):
            raise _bad(f"{beyond[0]}: it cannot be patched.")
        return await super().patch(call)

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """With `enabled`. Raises ArmError 400 for what is not described, 501 for what is not built."""
        known = {name: value for name, value in properties.items() if value is not None}
        _check_names("properties", known, _MEMBERS)
        own = f"/subscriptions/{call.subscription}/".lower()
        scopes, actions = known.get("scopes"), known.get("actions")
        if not isinstance(scopes, list) or not scopes:
            raise _bad("properties.scopes: it is required.")
        for one in scopes:
            if not f"/{str(one).strip('/')}/".lower().startswith(own):
                raise _bad(f"properties.scopes: '{one}' is not in the subscription of the rule.")
        if not isinstance(actions, list) or not actions:
            raise _bad("properties.actions: it is required.")
        for one in actions:
            if not isinstance(one, dict) or str(one.get("actionType")).lower() not in _ACTIONS:
                raise _bad("properties.actions: actionType is not known.")
            if str(one["actionType"]).lower() == "addactiongroups" and not one.get("actionGroupIds"):
                raise _bad("properties.actions: actionGroupIds is required.")
        for one in known.get("conditions") or ():
            _check_condition(one)
        _check_schedule(known.get("schedule") or {})
        return {**known, "enabled": known.get("enabled") is not False}


def _check_names(where: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted({*given} - known):
        raise _bad(f"{where}.{unknown[0]}: it is not known.")


def _check_condition(one: Mapping[str, Any]) -> None:
    _check_names("properties.conditions", one, frozenset(("field", "operator", "values")))
    field, operator, values = str(one.get("field")).lower(), str(one.get("operator")).lower(), one.get("values")
    if field == "alertcontext":
        raise _unbuilt("make the payload of alerts, by which a filter could look")
    if field not in FIELDS or operator not in OPERATORS:
        raise _bad(f"properties.conditions: {one.get('field')} {one.get('operator')} is not known.")
    if not isinstance(values, list) or not 0 < len(values) <= _MOST:
        raise _bad(f"properties.conditions: a filter has one to {_MOST} values.")


def _check_schedule(schedule: Mapping[str, Any]) -> None:
    _check_names("properties.schedule", schedule, _SCHEDULE)
    if schedule and str(schedule.get("timeZone", "UTC")).upper() != "UTC":
        raise _unbuilt("know other time zones than UTC")
    recurrences = [*(schedule.get("recurrences") or ())]
    try:
        first_and_last = [schedule[name] for name in ("effectiveFrom", "effectiveUntil") if schedule.get(name)]
        offset = any(datetime.fromisoformat(text).tzinfo for text in first_and_last)
        for text in _times(recurrences):
            time.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _bad(f"properties.schedule: {error}.") from error
    if offset:
        raise _bad("properties.schedule: a time has an offset.")
    for one in recurrences:
        _check_names("properties.schedule.recurrences", one, _RECURRENCE)
        kind = str(one.get("recurrenceType")).lower()
        days, dates = one.get("daysOfWeek") or (), one.get("daysOfMonth") or ()
        weekly = bool(days) and {*days} <= _DAYS
        if kind not in ("daily", "weekly", "monthly") or (kind == "weekly" and not weekly):
            raise _bad(
                f"properties.schedule.recurrences: {one.get('recurrenceType')} is not known, or has no days."
            )
        if kind == "monthly" and not dates:
            raise _bad("properties.schedule.recurrences: daysOfMonth is required.")


def _times(recurrences: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in recurrences:
        yield from (one[name] for name in ("startTime", "endTime") if one.get(name))
