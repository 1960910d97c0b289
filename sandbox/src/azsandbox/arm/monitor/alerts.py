"""Alerts that rules have fired: made, resolved, and kept for thirty days (AZ-MONITOR-54)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.clock import TICKS_PER_SECOND, tracked_time
from azsandbox.arm.ground import Ground
from azsandbox.arm.monitor.processing import suppressed
from azsandbox.arm.store import Record

ALERTS = "microsoft.alertsmanagement/alerts"
_SPELLED = "Microsoft.AlertsManagement/alerts"
KEPT_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Fired:
    """What a rule has to say: on which resource, how severe, by which service of Monitor, of which signal.

    `about` tells alerts of one rule apart: a rule that looks at each value of a dimension has one for each.
    """

    rule: Record
    target: str
    severity: int
    service: str
    signal: str
    about: str = ""


def fire(ground: Ground, what: Fired) -> Record:
    """Makes an alert, in the subscription of its target; one that is suppressed is listed like any other."""
    ticks, name = ground.clock.tick(), str(uuid.uuid4())
    at, target = tracked_time(ticks), what.target.lower()
    parts = target.strip("/").split("/")
    scope = "/".join(("", *what.target.strip("/").split("/")[:2]))
    essentials: dict[str, Any] = {
        "severity": f"Sev{what.severity}",
        "signalType": what.signal,
        "alertState": "New",
        "monitorCondition": "Fired",
        "monitorService": what.service,
        "targetResource": target,
        "targetResourceName": parts[-1],
        "targetResourceGroup": parts[3] if len(parts) > 3 and parts[2] == "resourcegroups" else "",
        "targetResourceType": parts[-2],
        "sourceCreatedId": str(uuid.uuid4()),
        "alertRule": _spelled(what.rule),
        "startDateTime": at,
        "lastModifiedDateTime": at,
        "lastModifiedUserName": "System",
        "description": str(what.rule.properties.get("description") or ""),
    }
    essentials["actionStatus"] = {"isSuppressed": suppressed(ground, essentials)}
    id_ = f"{scope}/providers/{_SPELLED}/{name}"
    document = {"properties": {"essentials": essentials}, "id": id_, "type": _SPELLED, "name": what.rule.name}
    hidden = {"ticks": ticks, "held": ticks, "rule": what.rule.key, "about": what.about}
    made = Record(id_.lower(), ALERTS, scope.lower(), id_, name, document, hidden)
    ground.store.put(made)
    return made


def _spelled(rule: Record) -> str:
    """The id of a rule as alerts have it: with the provider in lower case (AZ-MONITOR-54)."""
    place, _, rest = rule.id.rpartition("/providers/")
    _, type_, name = rest.split("/")
    type_ = type_.lower() if type_ == "scheduledQueryRules" else type_
    return f"{place}/providers/microsoft.insights/{type_}/{name}"


def open_ones(ground: Ground, rule: Record) -> Iterator[Record]:
    """The alerts of a rule whose condition still holds."""
    for alert in ground.store.of_type(ALERTS):
        essentials = alert.properties["essentials"]
        if alert.hidden["rule"] == rule.key and essentials["monitorCondition"] == "Fired":
            yield alert


def holds_still(ground: Ground, alert: Record) -> None:
    """Notes that the condition of an open alert holds again."""
    alert.hidden = {**alert.hidden, "held": ground.clock.tick()}
    ground.store.put(alert)


def resolve(ground: Ground, alert: Record) -> None:
    """Says of an alert that its condition holds no longer."""
    at = tracked_time(ground.clock.tick())
    change(
        ground, alert, monitorCondition="Resolved", monitorConditionResolvedDateTime=at, lastModifiedDateTime=at
    )


def change(ground: Ground, alert: Record, **members: Any) -> None:
    """Changes members of an alert's essentials."""
    essentials = {**alert.properties["essentials"], **members}
    alert.document = {**alert.document, "properties": {**alert.properties, "essentials": essentials}}
    ground.store.put(alert)


def age(ground: Ground, alert: Record) -> float:
    """Seconds since it was fired."""
    return ground.clock.now() - float(alert.hidden["ticks"]) / TICKS_PER_SECOND


def quiet(ground: Ground, alert: Record) -> float:
    """Seconds since its condition held last."""
    return ground.clock.now() - float(alert.hidden["held"]) / TICKS_PER_SECOND
