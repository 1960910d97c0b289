"""Custom roles with which commands do their work and nothing more, made from the table of needs.

One for everything, or one for each duty: none of these both changes keys and writes to a workspace.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from amlmigrate.alarms.rows import TABLES
from amlmigrate.core.workspace import DATASTORES, WorkspaceRef
from amlmigrate.doctor.need import (
    ACCOUNT,
    ASSIGN,
    AUTHORIZATION,
    BEFORE,
    CUTOVER,
    DECOMMISSION,
    DESTINATIONS,
    ROLE,
    RUN,
    STAGES,
    VAULT,
    VERIFY,
    WS,
    Need,
)
from amlmigrate.doctor.needs import NEEDS, needs
from amlmigrate.kinds import Elsewhere, all_kinds, holding


class Duty(StrEnum):
    """What one person or pipeline does; `adopt` is what others do about a key that its custodian has rotated."""

    PLAN = "plan"
    RUN = "run"
    ASSIGN = ASSIGN
    DESTINATIONS = DESTINATIONS
    VERIFY = "verify"
    FREEZE = "freeze"
    CUTOVER = "cutover"
    GRANTS = "grants"
    DECOMMISSION = "decommission"
    KEY = "key"
    ADOPT = "adopt"
    DRILL = "drill"
    GUARD = "guard"
    ALARMS = "alarms"
    AUDIT = "audit"


_NEEDED: dict[Duty, tuple[Need, ...]] = {
    Duty.PLAN: needs(*BEFORE),
    Duty.RUN: needs(*BEFORE, RUN),
    Duty.VERIFY: needs(VERIFY),
    Duty.CUTOVER: needs(VERIFY, CUTOVER),
    Duty.DECOMMISSION: needs(VERIFY, DECOMMISSION),
}
_ASSIGNMENTS = f"{AUTHORIZATION}/roleAssignments"
# Who may write to the source is read before it is frozen; that a cutover reads it too is in the table.
_WRITERS = (
    f"{WS}/read",
    f"{WS}/{DATASTORES}/read",
    f"{ACCOUNT}/read",
    *holding().permissions.read,
    f"{_ASSIGNMENTS}/read",
    *(f"{AUTHORIZATION}/{name}/read" for name in ("roleDefinitions", "permissions")),
    *(f"{AUTHORIZATION}/role{name}/read" for name in ("AssignmentSchedules", "AssignmentScheduleInstances")),
    *(f"{AUTHORIZATION}/role{name}/read" for name in ("EligibilitySchedules", "EligibilityScheduleInstances")),
    "Microsoft.Resources/subscriptions/read",
)
# What a plan with `--grants` reads, and the cutover then writes, wherever identities of the source have rights.
_GRANTS = (
    *(
        action
        for kind in all_kinds().values()
        if isinstance(kind, Elsewhere)
        for action in (*kind.permissions.read, *kind.permissions.write, *kind.permissions.delete)
    ),
    *(f"{AUTHORIZATION}/{name}/read" for name in ("roleDefinitions", "permissions")),
    # When one ends by itself.
    f"{AUTHORIZATION}/roleAssignmentScheduleInstances/read",
    "Microsoft.Resources/subscriptions/read",
)


def _apart(duty: str) -> tuple[str, ...]:
    """What is in the role of that duty alone."""
    return tuple(one.action for one in NEEDS if one.apart == duty)


_LEASE = holding().permissions.data.write
_POLICIES = tuple(
    f"{AUTHORIZATION}/{name}"
    for name in ("policyDefinitions", "policySetDefinitions", "policyAssignments", "policyExemptions")
)
_POLICY_READS = (
    *(f"{name}/read" for name in _POLICIES),
    # Whether the scope is there, and has Azure ML at all.
    *(f"Microsoft.Resources/subscriptions/{name}read" for name in ("", "resourceGroups/", "providers/")),
    # A POST; both are among the provider's operations.
    *(f"Microsoft.PolicyInsights/policyStates/queryResults/{name}" for name in ("read", "action")),
    # By whom a tag was changed.
    "Microsoft.Insights/eventtypes/values/read",
)
_KEY_READS = (f"{VAULT}/keys/read", f"{VAULT}/keyrotationpolicies/read")
_DEPENDANTS = (f"{WS}/read", f"{ACCOUNT}/read", "Microsoft.ContainerRegistry/registries/read")
# What answers requests of others; a drill is not made where there are any.
ENDPOINTS = tuple(name for name, kind in all_kinds().items() if kind.serves)
_STORE_READ = holding().permissions.read
_CHANGED_KEYS = ("keys/create/action", "keys/rotate/action", "keys/update/action", "keyrotationpolicies/write")
# Actions, and data actions, of the duties that no stage of a move has.
_OTHERS: dict[Duty, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Duty.FREEZE: ((*_WRITERS, f"{_ASSIGNMENTS}/write", f"{_ASSIGNMENTS}/delete"), _LEASE),
    # Beside that of a run, at the target alone: where there are role assignments that move.
    Duty.ASSIGN: ((f"{WS}/read", *_apart(ASSIGN), f"{_ASSIGNMENTS}/read"), ()),
    # Beside that of a run, at what the source's diagnostic settings send to.
    Duty.DESTINATIONS: (_apart(DESTINATIONS), ()),
    Duty.GRANTS: (_GRANTS, ()),
    Duty.KEY: (
        (f"{VAULT}/read", *_DEPENDANTS),
        (*_KEY_READS, *(f"{VAULT}/{name}" for name in _CHANGED_KEYS)),
    ),
    Duty.ADOPT: (
        (f"{VAULT}/read", *_DEPENDANTS, *(name.replace("/read", "/write") for name in _DEPENDANTS)),
        _KEY_READS,
    ),
    # Enables and disables versions of keys, and only reads what is under them.
    Duty.DRILL: (
        (
            f"{VAULT}/read",
            *_DEPENDANTS,
            f"{ACCOUNT}/encryptionScopes/read",
            "Microsoft.ContainerRegistry/registries/pull/read",
            *_STORE_READ,
            *(f"{WS}/{name}/read" for name in (DATASTORES, *ENDPOINTS)),
            *(
                f"{AUTHORIZATION}/{name}/read"
                for name in ("permissions", "roleAssignments", "roleDefinitions", "denyAssignments")
            ),
            *(f"{AUTHORIZATION}/role{name}ScheduleInstances/read" for name in ("Assignment", "Eligibility")),
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Insights/diagnosticSettings/read",
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/query/read",
            *(f"Microsoft.OperationalInsights/workspaces/query/{table}/read" for table in TABLES),
        ),
        (
            *_KEY_READS,
            *(f"{VAULT}/keys/{name}/action" for name in ("update", "wrap", "unwrap")),
            *holding().permissions.data.read,
        ),
    ),
    Duty.GUARD: (
        (
            f"{WS}/read",
            *_POLICY_READS,
            *(f"{name}/write" for name in _POLICIES),
            f"{AUTHORIZATION}/policyAssignments/exempt/action",
            f"{AUTHORIZATION}/policyExemptions/delete",
        ),
        (),
    ),
    # Beside `guard`, for a file with alarms.
    Duty.ALARMS: (
        (
            f"{WS}/read",
            f"{VAULT}/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            *(
                f"Microsoft.Insights/{name}/{verb}"
                for name in ("actionGroups", "activityLogAlerts", "metricAlerts", "scheduledQueryRules")
                for verb in ("read", "write")
            ),
            *(f"Microsoft.Insights/diagnosticSettings/{verb}" for verb in ("read", "write")),
            "Microsoft.Insights/actionGroups/createNotifications/action",
            "Microsoft.Insights/actionGroups/notificationStatus/read",
            *(f"Microsoft.AlertsManagement/{name}/read" for name in ("actionRules", "alerts")),
            f"{AUTHORIZATION}/roleAssignments/read",
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
            "Microsoft.OperationalInsights/workspaces/query/read",
            *(f"Microsoft.OperationalInsights/workspaces/query/{table}/read" for table in TABLES),
        ),
        (),
    ),
    # Reads what is said of keys and rights, and no data.
    Duty.AUDIT: (
        (
            *(one.action for one in needs(*BEFORE, VERIFY) if not one.data and one.action.endswith("/read")),
            *_POLICY_READS,
        ),
        _KEY_READS,
    ),
}


def least_role(refs: Iterable[WorkspaceRef]) -> dict[str, Any]:
    """A role for every command, as `az role definition create --role-definition` takes it.

    Its assignable scopes are the subscriptions of the workspaces, since accounts and vault may lie in other
    groups; what counts is where it is assigned.
    """
    told = f"What migrate {', '.join(STAGES)}, cutover and doctor need, and nothing more."
    return _role(ROLE, told, _of(NEEDS, data=False), _of(NEEDS, data=True), refs)


def duty_role(duty: Duty, refs: Iterable[WorkspaceRef]) -> dict[str, Any]:
    """The role of one duty, in the same form."""
    needed, (actions, data) = _NEEDED.get(duty, ()), _OTHERS.get(duty, ((), ()))
    return _role(
        f"{ROLE}: {duty.value}",
        f"The duty '{duty.value}' of migrate, and nothing more.",
        _of(needed, data=False) | set(actions),
        _of(needed, data=True) | set(data),
        refs,
    )


def _of(wanted: Iterable[Need], *, data: bool) -> set[str]:
    return {need.action for need in wanted if need.data is data and not need.apart}


def _role(name: str, told: str, actions: set[str], data: set[str], refs: Iterable[WorkspaceRef]) -> dict[str, Any]:
    return {
        "Name": name,
        "IsCustom": True,
        "Description": told,
        "Actions": sorted(actions),
        "NotActions": [],
        "DataActions": sorted(data),
        "NotDataActions": [],
        "AssignableScopes": sorted({f"/subscriptions/{ref.subscription}" for ref in refs}),
    }
