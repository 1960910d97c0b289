"""The rules over the activity log of a subscription.

A rule is a resource for each operation: one for several operations is refused, and so is one with several scopes
(AZ-MONITOR-2, AZ-MONITOR-3). What is done to the keys themselves is not in this log, but in the vault's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amlmigrate.alarms.alarm import About, AlarmRule
from amlmigrate.alarms.context import AlarmContext
from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.documents import Document


@dataclass(frozen=True, slots=True)
class ActivityRule(AlarmRule):
    """An activity log alert for each of several operations, once they succeeded.

    `of_vaults`: also for those vaults that lie outside the scope. `of_alarms` are operations on alarms themselves:
    where the group in which these lie is outside the scope, they are watched there, too.
    """

    kind = "activityLogAlerts"

    operations: tuple[str, ...]
    of_vaults: bool = False
    of_alarms: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Every operation that it tells of."""
        return (*self.operations, *self.of_alarms)

    def bodies(self, context: AlarmContext) -> Iterator[tuple[str, Document]]:
        """One for each operation and place."""
        at = context.watched if self.of_vaults else (context.scope,)
        for scopes, operations in ((at, self.operations), (context.alarmed, self.of_alarms)):
            for scope in scopes:
                place = "" if key_of(scope) == key_of(context.scope) else f"-{name_of(scope)}"
                for operation in operations:
                    yield f"{_suffix(operation)}{place}", self._body(context, operation, scope)

    def _body(self, context: AlarmContext, operation: str, scope: str) -> Document:
        return {
            "location": "Global",
            "properties": {
                "description": f"{self.title}: {operation}",
                "enabled": True,
                "scopes": [scope],
                "condition": {
                    "allOf": [
                        {"field": "category", "equals": "Administrative"},
                        {"field": "operationName", "equals": operation},
                        {"field": "status", "containsAny": ["succeeded"]},
                    ]
                },
                "actions": {"actionGroups": [{"actionGroupId": context.action_group_id}]},
            },
        }


def _suffix(operation: str) -> str:
    """`Microsoft.Authorization/roleAssignments/write` as `-roleAssignments-write`."""
    return "".join(f"-{part}" for part in operation.split("/")[1:])


def _written(*types: str) -> tuple[str, ...]:
    return tuple(f"{type_}/{verb}" for type_ in types for verb in ("write", "delete"))


# What Azure gives every alert on an activity log; no body says it (AZ-MONITOR-53).
_SEVERITY = 4
_AUTHORIZATION, _INSIGHTS = "Microsoft.Authorization", "Microsoft.Insights"
_ALARMS = ("actionGroups", "scheduledQueryRules", "metricAlerts", "activityLogAlerts")
ACTIVITY_RULES = (
    ActivityRule(
        "vault-deleted",
        "A vault is deleted",
        _SEVERITY,
        About.KEYS,
        ("Microsoft.KeyVault/vaults/delete",),
        of_vaults=True,
    ),
    ActivityRule(
        "workspace-deleted",
        "A workspace is deleted",
        _SEVERITY,
        About.KEYS,
        ("Microsoft.MachineLearningServices/workspaces/delete",),
    ),
    ActivityRule(
        "access-changed",
        "Rights are given or taken",
        _SEVERITY,
        About.ACCESS,
        (*_written(f"{_AUTHORIZATION}/roleAssignments"), "Microsoft.KeyVault/vaults/accessPolicies/write"),
        of_vaults=True,
    ),
    ActivityRule(
        "locks-changed",
        "A resource lock is changed or removed",
        _SEVERITY,
        About.KEYS,
        _written(f"{_AUTHORIZATION}/locks"),
        of_vaults=True,
    ),
    ActivityRule(
        "policies-changed",
        "A guardrail is changed, removed, or something is exempt from it",
        _SEVERITY,
        About.KEYS,
        (
            *_written(f"{_AUTHORIZATION}/policyAssignments", f"{_AUTHORIZATION}/policyExemptions"),
            f"{_AUTHORIZATION}/policyDefinitions/write",
            f"{_AUTHORIZATION}/policySetDefinitions/write",
        ),
    ),
    ActivityRule(
        "tags-written",
        "A workspace or tags are written",
        _SEVERITY,
        About.KEYS,
        ("Microsoft.MachineLearningServices/workspaces/write", "Microsoft.Resources/tags/write"),
    ),
    ActivityRule(
        "watch-removed",
        "Logging or an alarm is changed or removed",
        _SEVERITY,
        About.KEYS,
        _written(f"{_INSIGHTS}/diagnosticSettings"),
        of_vaults=True,
        # A write can switch a rule off, or take a receiver away; an alert processing rule silences others. The
        # last one tells of rules like itself: before it, it would be told of those that are made with it.
        of_alarms=(
            *(f"{_INSIGHTS}/{one}/delete" for one in _ALARMS),
            # By Azure itself, when a query failed for a week (AZ-MONITOR-27).
            f"{_INSIGHTS}/scheduledQueryRules/disable/action",
            "Microsoft.AlertsManagement/actionRules/write",
            *(f"{_INSIGHTS}/{one}/write" for one in _ALARMS),
        ),
    ),
)
