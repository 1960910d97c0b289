"""Rights that come and go by themselves, as Privileged Identity Management gives them: none can be given back."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document
from amlmigrate.posture.limits import until
from amlmigrate.posture.reading import tried
from amlmigrate.posture.unproven import NO_LICENCE


@dataclass(frozen=True, slots=True)
class Passing:
    """What is in force with its end, what may be activated, and why either is not known; empty where both are."""

    timed: tuple[Document, ...] = ()
    eligible: tuple[Document, ...] = ()
    unread: str = ""

    def until(self, assignment: Document) -> str | None:
        """When an assignment ends, as Azure writes it; None where it has no end, or none that is known."""
        return until(self.timed, assignment)


async def passing(roles: Roles, scope: str) -> Passing:
    """Reads it at a scope, above and below it. Raises ServiceError where ARM is out of order.

    Inferred: in a tenant without the licence for it nobody has a role for a time, or may activate one.
    """
    timed, eligible = await tried(roles.schedules(scope)), await tried(roles.eligible(scope))
    unread = [one.refused for one in (timed, eligible) if one.refused and one.code != NO_LICENCE]
    shown = sorted(eligible.value or (), key=lambda one: str(one["id"]))
    return Passing(tuple(timed.value or ()), tuple(shown), unread[0] if unread else "")
