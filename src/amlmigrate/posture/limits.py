"""Role assignments that end, as Privileged Identity Management gives them: when they do. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.rights import granted, permissions
from amlmigrate.core.roleends import shows, time_of, until
from amlmigrate.posture.assignments import conditional, role_name, scope
from amlmigrate.posture.facts import PostureFacts


@dataclass(frozen=True, slots=True)
class Limit:
    """When a right ends, and what gives it until then. `at` is as Azure writes it."""

    end: datetime
    at: str
    by: str


def first_to_end(facts: PostureFacts, assignments: Iterable[Document], operations: Iterable[str]) -> Limit | None:
    """Of data operations, the first to end of those that only assignments with an end give without a condition."""
    some = [one for one in assignments if not conditional(one)]
    limits = [limit for operation in operations if (limit := _of(facts, some, operation))]
    return min(limits, key=lambda limit: limit.end, default=None)


def _of(facts: PostureFacts, some: list[Document], operation: str) -> Limit | None:
    giving = [one for one in some if granted(permissions(facts.definition(one) or {}), operation, data=True)]
    ends = [_limit(facts, one) for one in giving]
    known = [one for one in ends if one is not None]
    return max(known, key=lambda limit: limit.end) if known and len(known) == len(ends) else None


def _limit(facts: PostureFacts, assignment: Document) -> Limit | None:
    """The end of an assignment; None where it has none."""
    timed = facts.timed.value or ()
    last = until(timed, assignment)
    if last is None:
        return None
    told = [properties_of(one) for one in timed if shows(one, assignment)]
    kind = {str(one.get("assignmentType") or "") for one in told} - {""}
    activated = " (activated)" if kind == {"Activated"} else ""
    return Limit(
        time_of(last), last, f"the role '{role_name(facts, assignment)}'{activated} at {scope(assignment)}"
    )
