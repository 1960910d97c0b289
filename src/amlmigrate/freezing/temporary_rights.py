"""Rights that come and go by themselves, as Privileged Identity Management gives them: none can be given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.roleends import NO_LICENCE, until
from amlmigrate.posture.reading import tried


@dataclass(frozen=True, slots=True)
class Passing:
    """What is in force with its end, what may be activated, and why either is not known; empty where both are."""

    timed: tuple[Document, ...] = ()
    eligible: tuple[Document, ...] = ()
    unread: str = ""
    # What is given, or may be activated, from a later time on.
    coming: tuple[Document, ...] = ()

    def until(self, assignment: Document) -> str | None:
        """When an assignment ends, as Azure writes it; None where it has no end, or none that is known."""
        return until(self.timed, assignment)


# `Date` has no fractions, and the time that is counted on from there may be behind by as much again.
_WHOLE = timedelta(seconds=2)


async def passing(roles: Roles, scope: str, now: datetime) -> Passing:
    """Reads it at a scope, above and below it: what begins after `now` is to come.

    Raises ServiceError where ARM is out of order.
    Inferred (AZ-RIGHT-3): in a tenant without the licence for it nobody has a role for a time, or may activate
    one; not either where it had the licence once.
    """
    timed, eligible = await tried(roles.schedules(scope)), await tried(roles.eligible(scope))
    coming = await tried(roles.coming(scope))
    unread = [one.refused for one in (timed, eligible, coming) if one.refused and one.code != NO_LICENCE]
    shown = sorted(eligible.value or (), key=lambda one: str(one["id"]))
    found = (one for one in coming.value or () if _is_later(one, now))
    later = sorted(found, key=lambda one: str(one["id"]))
    return Passing(tuple(timed.value or ()), tuple(shown), unread[0] if unread else "", tuple(later))


def begins(schedule: Document) -> str:
    """When a schedule begins, as Azure writes it."""
    return str(properties_of(schedule).get("startDateTime") or "")


def _is_later(schedule: Document, now: datetime) -> bool:
    """Whether it begins after now, of which Azure's clock tells whole seconds; one that cannot be read may."""
    try:
        told = datetime.fromisoformat(begins(schedule))
    except ValueError:
        return bool(begins(schedule))
    return (told if told.tzinfo else told.replace(tzinfo=UTC)) > now + _WHOLE
