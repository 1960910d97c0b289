"""When a role assignment ends by itself, read afresh for one alone: right before it is taken."""

from __future__ import annotations

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document
from amlmigrate.core.freeze_record import Assignment
from amlmigrate.core.roleends import NO_LICENCE, until
from amlmigrate.freezing.freeze import End
from amlmigrate.posture.reading import tried


def ending(roles: Roles) -> End:
    """Asks Privileged Identity Management at the assignment's own scope.

    None where it may not be read: what may have an end is not taken, since it would be given back for good. Only a
    tenant without the licence has no such thing, as it says itself; any other refusal proves nothing. A tenant
    that has it answers even 400 `InsufficientPermissions`, and not 403, to who may not see the others' (its
    message: Azure/azure-powershell#18163, JustinGrote/JAz.PIM#10).
    Inferred (AZ-RIGHT-2): an assignment that no instance shows has no end. Raises ServiceError where ARM is out of
    order.
    """

    async def end(listed: Assignment, there: Document) -> str | None:
        timed = await tried(roles.schedules(listed.scope))
        if timed.refused and timed.code != NO_LICENCE:
            return None
        return until(timed.value or (), there) or ""

    return end
