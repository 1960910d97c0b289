"""Log search rules, evaluated over what their Log Analytics workspace got since they last were.

Azure evaluates a rule every `evaluationFrequency`, over `windowSize`, so that a row may count several times. Here
that happens when alerts are asked for, and before the rule changes: over the rows that came since the last time,
at first those of one window before the rule. A row counts once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from azsandbox.arm.ground import Ground
from azsandbox.arm.logs import notices, rows
from azsandbox.arm.logs.evaluating import Evaluation, Table, written
from azsandbox.arm.logs.parsing import BadQuery, parsed
from azsandbox.arm.monitor.alerts import Fired, fire, holds_still, open_ones, quiet, resolve
from azsandbox.arm.monitor.durations import seconds
from azsandbox.arm.store import Record

RULES = "microsoft.insights/scheduledqueryrules"
_log = logging.getLogger(__name__)
Criterion = Mapping[str, Any]
Group = list[dict[str, Any]]
_RESOLVED_AFTER = 3  # evaluations in a row that the condition did not hold (AZ-MONITOR-55)
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "greaterthan": lambda value, limit: value > limit,
    "greaterthanorequal": lambda value, limit: value >= limit,
    "lessthan": lambda value, limit: value < limit,
    "lessthanorequal": lambda value, limit: value <= limit,
    "equals": lambda value, limit: value == limit,
}
_AGGREGATES: Mapping[str, Callable[[list[float]], float]] = {
    "average": lambda values: sum(values) / len(values) if values else 0.0,
    "minimum": lambda values: min(values, default=0.0),
    "maximum": lambda values: max(values, default=0.0),
    "total": lambda values: float(sum(values)),
}


def fresh(ground: Ground, properties: Mapping[str, Any], seen: int = 0) -> dict[str, Any]:
    """What is kept of a rule that is new, or that was off: since when its rows count, and after which of them."""
    return {"since": written(ground.clock.now() - seconds(str(properties["windowSize"]))), "seen": seen}


def evaluate_all(ground: Ground) -> None:
    """Evaluates every rule."""
    notices.catch_up(ground)
    for rule in ground.store.of_type(RULES):
        evaluate(ground, rule)


def evaluate(ground: Ground, rule: Record) -> None:
    """Fires for what is new, and resolves what is over; not while the rule is off or its workspace gone."""
    workspace = workspace_of(ground, rule.properties)
    if not rule.properties["enabled"] or workspace is None:
        return
    now, last = ground.clock.now(), rows.newest(ground, workspace)
    if last != rule.hidden["seen"]:
        tables = rows.tables(ground, workspace, rule.hidden["since"], written(now + 60), rule.hidden["seen"])
        # A table that exists and got nothing new exists all the same.
        known = {**{name: Table(each.columns, []) for name, each in _every(ground, workspace).items()}, **tables}
        rule.hidden = {**rule.hidden, "seen": last}
        ground.store.put(rule)
        try:
            _fire(ground, rule, workspace, known)
        except BadQuery as problem:
            _log.warning("%s cannot be evaluated: %s", rule.id, problem.message)
    if rule.properties["autoMitigate"]:
        pause = seconds(str(rule.properties["evaluationFrequency"])) * _RESOLVED_AFTER
        for alert in [one for one in open_ones(ground, rule) if quiet(ground, one) >= pause]:
            resolve(ground, alert)


def workspace_of(ground: Ground, properties: Mapping[str, Any]) -> Record | None:
    """The Log Analytics workspace that a rule is about."""
    return ground.store.get("/" + str(properties["scopes"][0]).strip("/").lower())


def result(ground: Ground, workspace: Record, query: str) -> Table:
    """The query over all that the workspace has: whether it can be evaluated at all. Raises BadQuery."""
    return Evaluation(_every(ground, workspace), ground.clock.now()).run(parsed(query))


def _every(ground: Ground, workspace: Record) -> dict[str, Table]:
    return rows.tables(ground, workspace, "", written(ground.clock.now() + 60))


def _fire(ground: Ground, rule: Record, workspace: Record, tables: Mapping[str, Table]) -> None:
    known = (
        {one.hidden["about"]: one for one in open_ones(ground, rule)} if rule.properties["autoMitigate"] else {}
    )
    for criterion in rule.properties["criteria"]["allOf"]:
        found = Evaluation(tables, ground.clock.now()).run(parsed(str(criterion["query"])))
        for about, group in _groups(criterion, found):
            if not _holds(criterion, group):
                continue
            if about in known:
                holds_still(ground, known[about])
                continue
            target, severity = _target(criterion, group, workspace), int(rule.properties["severity"])
            fire(ground, Fired(rule, target, severity, "Log Alerts V2", "Log", about))


def _groups(criterion: Criterion, found: Table) -> Iterator[tuple[str, Group]]:
    """The rows by the values of the dimensions; without any, all of them, if there are none too.

    Inferred (AZ-MONITOR-56): of rows in which a dimension is empty no alert is made.
    """
    dimensions = criterion.get("dimensions") or ()
    by = criterion.get("resourceIdColumn")
    if not dimensions and not by:
        yield "", found.rows
        return
    groups: dict[str, Group] = {}
    for row in found.rows:
        if all(_chosen(one, row) for one in dimensions):
            names = [*(str(one["name"]) for one in dimensions), *([str(by)] if by else [])]
            groups.setdefault("|".join(f"{name}={row.get(name)}" for name in names), []).append(row)
    yield from groups.items()


def _chosen(dimension: Criterion, row: Mapping[str, Any]) -> bool:
    value, listed = row.get(str(dimension["name"])), [str(one) for one in dimension["values"]]
    if value in (None, ""):
        return False
    among = "*" in listed or str(value) in listed
    return among if str(dimension["operator"]).lower() == "include" else str(value) not in listed


def _holds(criterion: Criterion, group: Group) -> bool:
    how = str(criterion.get("timeAggregation", "Count")).lower()
    if how == "count":
        value = float(len(group))
    else:
        column = str(criterion["metricMeasureColumn"])
        value = _AGGREGATES[how]([float(row[column]) for row in group if row.get(column) is not None])
    return _OPERATORS[str(criterion["operator"]).lower()](value, float(criterion["threshold"]))


def _target(criterion: Criterion, group: Group, workspace: Record) -> str:
    """The workspace, or the resource that the rows name in `resourceIdColumn` (AZ-MONITOR-63)."""
    column = criterion.get("resourceIdColumn")
    return str(group[0].get(str(column)) or workspace.id) if column and group else workspace.id
