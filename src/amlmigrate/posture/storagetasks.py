"""Storage tasks (Azure Storage Actions) that are assigned to an account: what they do is not looked at, and told.

A task's operations may delete blobs, set their tier or their tags (learn.microsoft.com/javascript/api/
@azure/arm-storageactions/storagetaskoperationname). An assignment has it run on an account
(learn.microsoft.com/azure/storage-actions/storage-tasks/storage-task-assignment-create), and the account lists its
own (storage description, `storageTaskAssignments`, from 2023-05-01 on).
"""

from __future__ import annotations

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, shown_properties
from amlmigrate.core.few import few
from amlmigrate.posture.reading import tried_list

_NAMED = 5


async def unseen(side: Side, account: str) -> list[str]:
    """What a verification has to say of an account, by its ARM id; nothing where no assignment is on.

    Raises ServiceError and OutOfReachError where ARM is out of order.
    """
    found = await tried_list(side.arm, f"{account}/storageTaskAssignments")
    name = name_of(account)
    if found.refused:
        return [f"whether a storage task is assigned to '{name}', which might delete copies: {found.refused}"]
    on = [str(one.get("name")) for one in found.value or () if _is_on(one)]
    return [
        f"whether storage tasks assigned to '{name}' delete or archive copies: {few(sorted(on), _NAMED)}"
    ] * bool(on)


def _is_on(assignment: Document) -> bool:
    """Only one that says so is off."""
    properties = shown_properties(assignment)
    return properties is None or properties.get("enabled") is not False
