"""When a role assignment ends by itself, read afresh for one alone: right before it is taken."""

from __future__ import annotations

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document
from amlmigrate.core.frozen import Assignment
from amlmigrate.freezing.freeze import End
from amlmigrate.posture.limits import until
from amlmigrate.posture.reading import tried


def ending(roles: Roles) -> End:
    """Asks Privileged Identity Management at the assignment's own scope.

    Where that may not be read, or the tenant has no licence for it, the end is what the listing said. Raises
    ServiceError where ARM is out of order.
    """

    async def end(listed: Assignment, there: Document) -> str:
        timed = await tried(roles.schedules(listed.scope))
        return listed.end if timed.refused else until(timed.value or (), there) or ""

    return end
