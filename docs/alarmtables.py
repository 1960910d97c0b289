"""The tables of `docs/reference/alarms.md`: each rule, when it tells, and the query of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from amlmigrate.alarms.activityrules import ACTIVITY_RULES
from amlmigrate.alarms.alarm import AlarmRule
from amlmigrate.alarms.context import AlarmContext
from amlmigrate.alarms.logrules import LOG_RULES
from amlmigrate.alarms.metricrules import METRIC_RULES

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]
_HEAD = ("rule", "severity", "tells that", "about")
_EXAMPLE = AlarmContext(
    group="",
    name="",
    scope="",
    action_group_id="",
    log_workspace_id="",
    location="",
    vaults=("VAULT-ID",),
    callers=("OBJECT-ID",),
)


def blocks(table: Table) -> dict[str, str]:
    """A block for each source of what is told, and one for a query as it is sent."""
    logs = ([*_cells(one), f"`{one.test(_EXAMPLE).kql()}`", one.frequency] for one in LOG_RULES)
    metrics = (
        [
            *_cells(one),
            f"{one.aggregation} of `{one.metric}`{_only(one.statuses)}",
            f"{one.operator} {one.threshold}",
        ]
        for one in METRIC_RULES
    )
    activity = ([*_cells(one), "<br>".join(f"`{name}`" for name in one.told)] for one in ACTIVITY_RULES)
    example = next(one for one in LOG_RULES if one.needs_callers).query(_EXAMPLE)
    return {
        "alarms:logs": table((*_HEAD, "rows of the log", "looked at every"), logs),
        "alarms:metrics": table((*_HEAD, "metric", "threshold"), metrics),
        "alarms:activity": table((*_HEAD, "operations that succeeded"), activity),
        "alarms:query": f"```text\n{_broken(example)}\n```",
    }


def _cells(one: AlarmRule) -> list[str]:
    return [f"`{one.id}`", str(one.severity), one.title, one.about.value]


def _broken(query: str) -> str:
    """A query with a line for each of its steps."""
    return query.replace(" | ", "\n| ").replace("), (", "),\n(")


def _only(statuses: Iterable[str]) -> str:
    named = ", ".join(statuses)
    return f", only status {named}" if named else ""
