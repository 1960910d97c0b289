"""The rules over a vault's metrics, each for one vault: a rule over several needs them in one region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amlmigrate.alarms.alarm import About, AlarmRule
from amlmigrate.alarms.context import AlarmContext
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document

_VAULTS = "Microsoft.KeyVault/vaults"


@dataclass(frozen=True, slots=True)
class MetricRule(AlarmRule):
    """A metric alert with a fixed threshold; `statuses` are the only HTTP statuses of calls that count."""

    kind = "metricAlerts"

    metric: str
    aggregation: str
    operator: str
    threshold: int
    frequency: str = "PT5M"
    window: str = "PT5M"
    statuses: tuple[str, ...] = ()

    def bodies(self, context: AlarmContext) -> Iterator[tuple[str, Document]]:
        """One for each vault."""
        for vault in context.vaults:
            yield f"-{name_of(vault)}", self._body(context, vault)

    def _body(self, context: AlarmContext, vault: str) -> Document:
        only = [{"name": "StatusCode", "operator": "Include", "values": list(self.statuses)}]
        criterion = {
            "criterionType": "StaticThresholdCriterion",
            "name": self.id,
            "metricName": self.metric,
            "metricNamespace": _VAULTS,
            "dimensions": only if self.statuses else [],
            "operator": self.operator,
            "threshold": self.threshold,
            "timeAggregation": self.aggregation,
        }
        return {
            "location": "global",
            "properties": {
                "description": self.title,
                "severity": self.severity,
                "enabled": True,
                "scopes": [vault],
                "evaluationFrequency": self.frequency,
                "windowSize": self.window,
                "criteria": {
                    "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    "allOf": [criterion],
                },
                "autoMitigate": True,
                "actions": [{"actionGroupId": context.action_group_id}],
            },
        }


# The thresholds of availability and latency are those of Azure Monitor Baseline Alerts (AZ-MONITOR-7).
METRIC_RULES = (
    MetricRule(
        "vault-availability",
        "A vault does not answer",
        1,
        About.KEYS,
        *("Availability", "Average", "LessThan", 90),
        frequency="PT1M",
    ),
    MetricRule(
        "vault-latency",
        "A vault answers slowly",
        3,
        About.KEYS,
        *("ServiceApiLatency", "Average", "GreaterThan", 1000),
    ),
    MetricRule(
        "vault-refusals",
        "A vault refuses calls (403)",
        2,
        About.KEYS,
        *("ServiceApiResult", "Count", "GreaterThan", 0),
        window="PT15M",
        statuses=("403",),
    ),
)
