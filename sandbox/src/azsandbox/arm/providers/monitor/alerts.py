"""Microsoft.AlertsManagement: the alerts that rules have fired, listed, counted, and set to another state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.monitor.alerts import ALERTS, KEPT_SECONDS, age, change
from azsandbox.arm.monitor.queryrules import evaluate_all
from azsandbox.arm.paging import NewestFirst, page
from azsandbox.arm.policy.exemptions import moment
from azsandbox.arm.queries import asked, positive, unbuilt
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_USUAL_PAGE, _LARGEST_PAGE = 25, 250
_RANGES = {"1h": 3_600, "1d": 86_400, "7d": 7 * 86_400, "30d": KEPT_SECONDS}
# What a summary names whether there is any or not.
_VALUES = {
    "severity": ("Sev0", "Sev1", "Sev2", "Sev3", "Sev4"),
    "alertState": ("New", "Acknowledged", "Closed"),
    "monitorCondition": ("Fired", "Resolved"),
}
_GROUPED = (*_VALUES, "monitorService", "signalType", "alertRule")
_FILTERS = (
    *("targetResource", "targetResourceType", "targetResourceGroup"),
    *("monitorService", "monitorCondition", "severity", "alertState", "alertRule"),
)


def _bad(message: str, code: str = "BadRequest", status: int = 400) -> ArmError:
    """A refusal in the shape that the description has; words ours (AZ-LOCAL-2)."""
    return ArmError(status, {"error": {"code": code, "message": message}})


def _found(call: Call) -> list[Record]:
    """What is wanted below the scope, of the last day unless the call says otherwise (AZ-MONITOR-54)."""
    if not call.subscription:
        raise _bad("Alerts are asked for in a subscription.")
    evaluate_all(call.context)
    first, last = _span(call)
    filters = {name: value for name in _FILTERS if (value := call.query.get(name.lower(), ""))}
    return [
        one for one in _below(call, call.route.parent) if first <= _at(call, one) <= last and _is(one, filters)
    ]


def _below(call: Call, scope: str) -> Iterator[Record]:
    """What is kept of alerts on a scope and on what is below it."""
    for one in call.context.store.children(f"/subscriptions/{call.subscription}".lower(), ALERTS):
        target = one.properties["essentials"]["targetResource"]
        if f"{target}/".startswith(f"{scope}/") and age(call.context, one) <= KEPT_SECONDS:
            yield one


def _at(call: Call, alert: Record) -> float:
    return call.context.clock.now() - age(call.context, alert)


def _span(call: Call) -> tuple[float, float]:
    """From when to when. Raises ArmError 400 for another range, and for times of more than thirty days ago."""
    now, custom, named = call.context.clock.now(), call.query.get("customtimerange"), call.query.get("timerange")
    if custom and named:
        raise _bad("Either timeRange or customTimeRange can be used, not both.")
    if not custom:
        if (named or "1d") not in _RANGES:
            raise _bad(f"timeRange: '{named}' is not one of {', '.join(_RANGES)}.")
        return now - _RANGES[named or "1d"], now + 1
    first, _, last = custom.partition("/")
    try:
        span = moment(first), moment(last)
    except ValueError as error:
        raise _bad(f"customTimeRange: '{custom}' is not valid.") from error
    if span[0] < now - KEPT_SECONDS or span[0] > span[1]:
        raise _bad("customTimeRange: it has to begin within the last 30 days, and before its end.")
    return span


def _is(alert: Record, filters: Mapping[str, str]) -> bool:
    """Without case, as ids are compared."""
    essentials = alert.properties["essentials"]
    return all(str(essentials[name]).lower() == value.lower() for name, value in filters.items())


@register
class Alerts(Kind):
    """`alerts` on any scope in a subscription: the newest first, 25 a page, for 30 days (AZ-MONITOR-54).

    The id of each has the subscription as its scope, as is recorded; it is found by those of its target too.
    """

    type = "Microsoft.AlertsManagement/alerts"
    obeys = frozenset({"newstate"})

    def find(self, call: Call) -> Record | None:
        """By its name, where the scope of the call is its target's or above."""
        if not call.subscription:
            return None
        named = (one for one in _below(call, call.route.parent) if one.name == call.name.lower())
        return next(named, None)

    def missing(self, call: Call) -> ArmError:
        """404."""
        return _bad(f"The alert '{call.name}' was not found.", "AlertNotFound", 404)

    async def list(self, call: Call) -> Response:
        """GET with the filters that the description has; an order, or only some members, is not built."""
        size = positive(call.query, "pagecount", _USUAL_PAGE)
        if size > _LARGEST_PAGE:
            raise _bad(f"pageCount: at most {_LARGEST_PAGE} alerts are on a page.")
        for name in ("includecontext", "includeegressconfig"):
            if asked(call.query, name):
                raise unbuilt(name)
        return page(call, NewestFirst(_found(call)), size, self.view)

    @action("POST", "changestate")
    async def change_state(self, call: Call) -> Response:
        """Sets `newState`: New, Acknowledged or Closed."""
        alert, wanted = self.require(call), call.query.get("newstate", "")
        state = next((one for one in _VALUES["alertState"] if one.lower() == wanted.lower()), None)
        if state is None:
            raise _bad(f"newState: '{wanted}' is not one of {', '.join(_VALUES['alertState'])}.")
        at = tracked_time(call.tick())
        change(
            self.context,
            alert,
            alertState=state,
            lastModifiedDateTime=at,
            lastModifiedUserName=call.principal.app_id,
        )
        return answer(200, alert.document)

    async def delete(self, call: Call) -> Response:
        """None are deleted."""
        raise self.unsupported(call)


@register
class AlertsSummary(Kind):
    """`alertsSummary`: counts by what `groupby` names, with values of which there is none (AZ-MONITOR-54)."""

    type = "Microsoft.AlertsManagement/alertsSummary"

    async def get(self, call: Call) -> Response:
        """There is nothing to read by itself."""
        raise self.unsupported(call)

    async def list(self, call: Call) -> Response:
        """GET with `groupby` and the filters of the list."""
        if asked(call.query, "includesmartgroupscount"):
            raise unbuilt("includesmartgroupscount")
        spelled = {name.lower(): name for name in _GROUPED}
        given = [each.strip().lower() for each in call.query.get("groupby", "").split(",")]
        if unknown := [each for each in given if each not in spelled]:
            raise _bad(f"groupby: '{unknown[0]}' is not one of {', '.join(_GROUPED)}.")
        found = [one.properties["essentials"] for one in _found(call)]
        counted = _counted(found, [spelled[each] for each in given])
        scope = call.request.path[: call.request.path.lower().rindex("/providers/")]
        head = {"id": f"{scope}/providers/{self.type}/current", "type": self.type, "name": "current"}
        return answer(200, {"properties": {**counted, "total": len(found)}, **head})


def _counted(found: list[dict[str, Any]], by: list[str]) -> dict[str, Any]:
    first, *others = by
    names = dict.fromkeys((*_VALUES.get(first, ()), *(str(one[first]) for one in found)))
    values = []
    for name in names:
        these = [one for one in found if one[first] == name]
        values.append({"name": name, "count": len(these), **(_counted(these, others) if others else {})})
    return {"groupedby": first, "values": values}
