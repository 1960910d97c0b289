"""When a role assignment ends by itself, read afresh for one alone: right before it is taken."""

from __future__ import annotations

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document
from amlmigrate.core.frozen import Assignment
from amlmigrate.freezing.freeze import End
from amlmigrate.posture.limits import until
from amlmigrate.posture.reading import tried

_DENIED = ("AuthorizationFailed", "LinkedAuthorizationFailed")


def ending(roles: Roles) -> End:
    """Asks Privileged Identity Management at the assignment's own scope.

    None where it may not be read: what may have an end is not taken, since it would be given back for good. Where
    the service has no such thing, as without a licence, nothing has an end. Inferred: any refusal but that of the
    right says so. Raises ServiceError where ARM is out of order.
    """

    async def end(listed: Assignment, there: Document) -> str | None:
        timed = await tried(roles.schedules(listed.scope))
        if timed.code in _DENIED:
            return None
        return until(timed.value or (), there) or ""

    return end
