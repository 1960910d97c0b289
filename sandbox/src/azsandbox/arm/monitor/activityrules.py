"""Rules on the activity log: which events they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from azsandbox.arm.ground import Ground
from azsandbox.arm.monitor.alerts import Fired, fire
from azsandbox.arm.store import Record

RULES = "microsoft.insights/activitylogalerts"
Event = Mapping[str, Any]
# What a leaf may be about, in lower case, and where an event has it.
FIELDS: Mapping[str, Callable[[Event], Any]] = {
    "caller": lambda event: event["caller"],
    "category": lambda event: event["category"]["value"],
    "level": lambda event: event["level"],
    "operationname": lambda event: event["operationName"]["value"],
    "resourcegroup": lambda event: event["resourceGroupName"],
    "resourceid": lambda event: event["resourceId"],
    "resourceprovider": lambda event: event["resourceProviderName"]["value"],
    "resourcetype": lambda event: event["resourceType"]["value"],
    "status": lambda event: event["status"]["value"],
    "substatus": lambda event: event["subStatus"]["value"],
}
PROPERTIES = "properties."


def alarm(ground: Ground, event: Event) -> None:
    """Fires every rule that is about an event, once; these alerts have severity 4 (AZ-MONITOR-53)."""
    for rule in _about(ground, event):
        fire(ground, Fired(rule, str(event["resourceId"]), 4, "ActivityLog Administrative", "Log"))


def _about(ground: Ground, event: Event) -> Iterator[Record]:
    own = f"/subscriptions/{event['subscriptionId']}".lower()
    for rule in ground.store.of_type(RULES, own):
        wanted = rule.properties
        if wanted["enabled"] and _in_scope(wanted["scopes"], event) and _all(wanted["condition"]["allOf"], event):
            yield rule


def _in_scope(scopes: list[str], event: Event) -> bool:
    id_ = f"{event['resourceId']}/".lower()
    return any(id_.startswith(f"/{scope.strip('/')}/".lower()) for scope in scopes)


def _all(parts: list[Mapping[str, Any]], event: Event) -> bool:
    return all(any(_is(leaf, event) for leaf in part.get("anyOf") or (part,)) for part in parts)


def _is(leaf: Mapping[str, Any], event: Event) -> bool:
    """Without case (AZ-MONITOR-51)."""
    wanted = leaf.get("containsAny") or (leaf["equals"],)
    return str(_value(str(leaf["field"]), event)).lower() in {str(each).lower() for each in wanted}


def _value(field: str, event: Event) -> Any:
    read = FIELDS.get(field.lower())
    if read is not None:
        return read(event)
    name = field[len(PROPERTIES) :].lower()
    return next((value for each, value in event["properties"].items() if each.lower() == name), "")
