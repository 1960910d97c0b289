"""Exemptions: which of them keeps an assignment from a resource, at this moment.

Source: learn.microsoft.com, "Azure Policy exemption structure" (AZ-POLICY-5): one that has ended is kept and not
honoured; of the modes of resource providers it counts for those of clusters, vaults and networks alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy.assignments import Assigned, selected
from azsandbox.arm.store import Record

EXEMPTIONS = "microsoft.authorization/policyexemptions"
_MODES = (
    *("all", "indexed"),
    *("microsoft.kubernetes.data", "microsoft.keyvault.data", "microsoft.network.data"),
)


def exemption(context: Context, scope: str, assigned: Assigned, resource: Mapping[str, Any]) -> Record | None:
    """The first that is at the scope (a key of the store) or above it, and exempts the resource from the rule."""
    if assigned.rule.mode.lower() not in _MODES:
        return None
    records = (each for place in context.access.chain(scope) for each in context.store.children(place, EXEMPTIONS))
    return next((each for each in records if _counts(context, each, assigned, resource)), None)


def _counts(context: Context, record: Record, assigned: Assigned, resource: Mapping[str, Any]) -> bool:
    given = record.properties
    if str(given["policyAssignmentId"]).lower() != assigned.record.key or is_over(context, record):
        return False
    # One for an assignment that was deleted is none for another of its name (AZ-POLICY-7).
    if record.hidden["instance"] != assigned.record.properties.get("instanceId"):
        return False
    references = [str(each).lower() for each in given.get("policyDefinitionReferenceIds") or ()]
    if references and assigned.rule.reference.lower() not in references:
        return False
    return selected(given.get("resourceSelectors") or (), resource)


def is_over(context: Context, record: Record) -> bool:
    """Whether the time of an exemption has ended."""
    ends = record.properties.get("expiresOn")
    return bool(ends) and moment(str(ends)) <= context.clock.now()


def moment(text: str) -> float:
    """Seconds since 1970 of a time in ISO 8601; without an offset it is UTC. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
