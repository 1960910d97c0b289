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

    `of_vaults`: also for those vaults that lie outside the scope.
    """

    kind = "activityLogAlerts"

    operations: tuple[str, ...]
    of_vaults: bool = False

    def bodies(self, context: AlarmContext) -> Iterator[tuple[str, Document]]:
        """One for each operation and place."""
        for scope in context.watched if self.of_vaults else (context.scope,):
            for operation in self.operations:
                place = "" if key_of(scope) == key_of(context.scope) else f"-{name_of(scope)}"
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
        "Logging is changed or removed, or an alarm is removed",
        _SEVERITY,
        About.KEYS,
        (
            *_written(f"{_INSIGHTS}/diagnosticSettings"),
            f"{_INSIGHTS}/scheduledQueryRules/delete",
            # By Azure itself, when a query failed for a week (AZ-MONITOR-27).
            f"{_INSIGHTS}/scheduledQueryRules/disable/action",
            f"{_INSIGHTS}/metricAlerts/delete",
            f"{_INSIGHTS}/activityLogAlerts/delete",
            f"{_INSIGHTS}/actionGroups/delete",
        ),
        of_vaults=True,
    ),
)
