"""The rules over a vault's audit log: log search alerts, whose queries are written from trees.

A call is in the log up to ten minutes later (AZ-LOG-5), so each evaluation looks back by more than the time since
the last: one call is told up to three times, rather than never. None resolves by itself: while an alert of such a
rule is open, the next call of the same caller is told to nobody (AZ-MONITOR-6). Of very many alerts at
once not each becomes a mail (AZ-MONITOR-28).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from amlmigrate.alarms.alarm import About, AlarmRule
from amlmigrate.alarms.context import AlarmContext
from amlmigrate.alarms.predicates import All, Among, AtLeast, NotAmong, RowTest
from amlmigrate.alarms.rows import (
    CALLER,
    CHANGES,
    COPIES,
    KEY,
    OPERATION,
    STATUS,
    USES,
    VAULT,
    AuditRow,
    both,
)
from amlmigrate.core.documents import Document

# A rotation as it was planned is nobody's alarm.
_ROTATIONS = ("KeyRotate", "KeyRotateIfDue")
# What a vault tells by itself (AZ-LOG-16).
_NEAR, _EXPIRED = "KeyNearExpiryEventGridNotification", "KeyExpiredEventGridNotification"
_POLICY = "VaultAccessPolicyChangedEventGridNotification"
_OF_VAULTS = ("VaultPut", "VaultPatch", "VaultDelete", "VaultRecover", "VaultPurge")
# By these an alarm says what was done, by whom, with what: each combination is an alert of its own, on its vault.
_TOLD = (OPERATION, CALLER, KEY)
# For a dimension that is empty none may be raised (AZ-MONITOR-56).
_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class LogRule(AlarmRule):
    """A log search alert: `test` makes the condition on a row, and `window` is what each evaluation looks at."""

    kind = "scheduledQueryRules"

    test: Callable[[AlarmContext], RowTest]
    frequency: str = "PT5M"
    window: str = "PT15M"
    needs_callers: bool = False

    def lacks(self, context: AlarmContext) -> str:
        """Without a vault there is no log; without callers every use would be somebody unexpected."""
        if not context.vaults:
            return "no vault is watched"
        if self.needs_callers and not context.callers:
            return "nobody is named who is expected to use the keys"
        return ""

    def condition(self, context: AlarmContext) -> RowTest:
        """What a row is told for."""
        return All((Among(VAULT, context.vaults), self.test(context)))

    def fires(self, row: AuditRow, context: AlarmContext) -> bool:
        """Whether a row is told."""
        return self.condition(context).holds(row)

    def query(self, context: AlarmContext) -> str:
        """The query: every row of it is told."""
        filled = (f"{one.name} = iff({one.name} == '', '{_NOBODY}', {one.name})" for one in (CALLER, KEY))
        return f"{both()} | where {self.condition(context).kql()} | extend {', '.join(filled)}"

    def bodies(self, context: AlarmContext) -> Iterator[tuple[str, Document]]:
        """One for all vaults, validated: what cannot run is refused, not switched off later (AZ-MONITOR-5)."""
        criterion = {
            "query": self.query(context),
            "timeAggregation": "Count",
            # The alert is about the vault, and not about the workspace with its log (AZ-MONITOR-63).
            "resourceIdColumn": VAULT.name,
            "dimensions": [{"name": one.name, "operator": "Include", "values": ["*"]} for one in _TOLD],
            "operator": "GreaterThan",
            "threshold": 0,
            "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
        }
        yield (
            "",
            {
                "location": context.location,
                "properties": {
                    "displayName": self.title,
                    "description": self.title,
                    "severity": self.severity,
                    "enabled": True,
                    "scopes": [context.log_workspace_id],
                    "evaluationFrequency": self.frequency,
                    "windowSize": self.window,
                    "criteria": {"allOf": [criterion]},
                    "autoMitigate": False,
                    "skipQueryValidation": False,
                    "actions": {"actionGroups": [context.action_group_id]},
                },
            },
        )


def _operations(*names: str) -> Callable[[AlarmContext], RowTest]:
    return lambda _: Among(OPERATION, names)


def _by_strangers(context: AlarmContext) -> RowTest:
    return All((Among(OPERATION, USES), NotAmong(CALLER, context.callers)))


def _refused(_: AlarmContext) -> RowTest:
    # Every client's first call is refused with 401, and made again with a token.
    return All((Among(OPERATION, ("KeyWrap", "KeyUnwrap")), AtLeast(STATUS, 400), NotAmong(STATUS, (401,))))


LOG_RULES = (
    LogRule(
        "unexpected-caller",
        "A key is used by somebody who is not expected to",
        1,
        About.KEYS,
        _by_strangers,
        needs_callers=True,
    ),
    LogRule(
        "key-changed",
        "A key or its vault is changed, deleted, copied or restored",
        1,
        About.KEYS,
        _operations(*(one for one in CHANGES if one not in _ROTATIONS), *COPIES, *_OF_VAULTS),
    ),
    LogRule("use-refused", "A key refuses to wrap or to unwrap", 1, About.KEYS, _refused),
    LogRule(
        "key-expiring",
        "A key expires soon, or has expired",
        2,
        About.KEYS,
        _operations(_NEAR, _EXPIRED),
        frequency="PT1H",
        window="PT2H",
    ),
    LogRule(
        "access-policy-changed",
        "An access policy of a vault is changed",
        2,
        About.ACCESS,
        _operations(_POLICY),
    ),
)
