"""All rules, and the ARM resources that they are for a subscription."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.alarms.activityrules import ACTIVITY_RULES
from amlmigrate.alarms.alarm import AlarmResource, AlarmRule
from amlmigrate.alarms.context import AlarmContext
from amlmigrate.alarms.logrules import LOG_RULES
from amlmigrate.alarms.metricrules import METRIC_RULES
from amlmigrate.core.armid import name_of

__all__ = ["ACTIVITY_RULES", "ALARMS", "LOG_RULES", "METRIC_RULES", "resources", "rule_of"]

ALARMS: tuple[AlarmRule, ...] = (*LOG_RULES, *METRIC_RULES, *ACTIVITY_RULES)


def resources(context: AlarmContext) -> Iterator[AlarmResource]:
    """Every resource of every rule that lacks nothing."""
    for rule in ALARMS:
        if rule.lacks(context):
            continue
        at = f"{context.group}/providers/Microsoft.Insights/{rule.kind}/{context.name}-{rule.id}"
        for suffix, body in rule.bodies(context):
            yield AlarmResource(rule, f"{at}{suffix}", rule.kind, body)


def rule_of(alert_rule: str, name: str) -> AlarmRule | None:
    """The rule that a resource is of, by its ARM id or its name alone; `name` begins the names of all."""
    own = name_of(alert_rule).lower()
    begins = ((rule, f"{name}-{rule.id}".lower()) for rule in ALARMS)
    return next((rule for rule, begin in begins if own == begin or own.startswith(f"{begin}-")), None)
