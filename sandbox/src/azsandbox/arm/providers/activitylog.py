"""microsoft.insights/eventtypes/management/values: the activity log of a subscription, read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from azsandbox.arm.activity import EVENTS
from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import Kind
from azsandbox.arm.paging import NewestFirst, page
from azsandbox.arm.policy.exemptions import moment
from azsandbox.arm.policy.refusals import unbuilt
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_KEPT = 90 * 86_400  # seconds for which the log is kept
_TERM = re.compile(r"(\w+)\s+(ge|le|eq)\s+'([^']*)'", re.IGNORECASE)
# What may be asked for beside the time, by the member that it is compared with.
_MEMBERS = {
    "resourcegroupname": lambda document: document["resourceGroupName"],
    "resourceuri": lambda document: document["resourceId"],
    "resourceprovider": lambda document: document["resourceProviderName"]["value"],
    "correlationid": lambda document: document["correlationId"],
}


@register
class EventTypes(Kind):
    """The level above the log; nothing is stored of it."""

    type = "microsoft.insights/eventtypes"
    implied = True

    async def get(self, call: Call) -> Response:
        """There is nothing to read."""
        raise self.unsupported(call)

    async def list(self, call: Call) -> Response:
        """There is nothing to list."""
        raise self.unsupported(call)


@register
class EventValues(Kind):
    """The events, the newest first, 200 a page. `$filter` has to begin with a time (AZ-POLICY-25).

    The description of the API has the forms of the filter: a time from which on, and one up to which, and one of
    group, resource, provider and correlation. `eventChannels` is what Azure's own clients add. Inferred
    (AZ-POLICY-26): `resourceUri` is that of the event and of nothing below it.
    """

    type = "microsoft.insights/eventtypes/values"
    page_size = 200

    def missing(self, call: Call) -> ArmError:
        """No event is read by itself."""
        return _bad("An event cannot be read by itself.")

    async def get(self, call: Call) -> Response:
        """There is no such call."""
        raise self.unsupported(call)

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With the members that `$select` names, or all."""
        wanted = [each.strip().lower() for each in call.query.get("$select", "").split(",") if each.strip()]
        return {name: value for name, value in record.document.items() if not wanted or name.lower() in wanted}

    async def list(self, call: Call) -> Response:
        """GET with `$filter` and `$select`, of a subscription."""
        if call.route.levels[-1].name.lower() != "management":
            raise self.unsupported(call)
        if not call.subscription:
            raise unbuilt("the activity log of what is no subscription")
        asked = _parsed(call.query.get("$filter", ""))
        since = _time(asked, "ge")
        if since is None or since < call.context.clock.now() - _KEPT:
            raise _bad("$filter: a start time within the last 90 days is required.")
        until = _time(asked, "le")
        beside = {name: value for (name, _), value in asked.items() if name in _MEMBERS}
        if len(beside) > 1:
            raise _bad("$filter: one of group, resource, provider and correlation can be asked for.")

        def wanted(record: Record) -> bool:
            at = moment(str(record.document["eventTimestamp"]))
            in_time = since <= at and (until is None or at <= until)
            return in_time and _is_of(record.document, beside)

        records = NewestFirst(self.context.store.children(call.route.parent, EVENTS))
        return page(call, records, self.page_size, self.view, wanted)


def _is_of(document: Mapping[str, Any], beside: Mapping[str, str]) -> bool:
    return all(str(_MEMBERS[name](document)).lower() == value.lower() for name, value in beside.items())


def _parsed(text: str) -> dict[tuple[str, str], str]:
    """The comparisons of a filter. Raises ArmError 400 for any other."""
    found: dict[tuple[str, str], str] = {}
    for term in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE) if text.strip() else ():
        match = _TERM.fullmatch(term.strip())
        name, operator = (match[1].lower(), match[2].lower()) if match else ("", "")
        timed = name == "eventtimestamp" and operator in ("ge", "le")
        if match is None or not (timed or (operator == "eq" and name in (*_MEMBERS, "eventchannels"))):
            raise _bad(f"$filter: '{term}' is not valid.")
        found[name, operator] = match[3]
    return found


def _time(asked: Mapping[tuple[str, str], str], operator: str) -> float | None:
    text = asked.get(("eventtimestamp", operator))
    try:
        return moment(text) if text is not None else None
    except ValueError as error:
        raise _bad(f"$filter: '{text}' is no time.") from error


def _bad(message: str) -> ArmError:
    """400 as this provider has it: code and message alone (AZ-POLICY-25). Its words are ours (AZ-LOCAL-2)."""
    return ArmError(400, {"code": "BadRequest", "message": message})
