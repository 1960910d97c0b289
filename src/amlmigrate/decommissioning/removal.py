"""Removes the workspace: first what blocks its deletion, then itself, and waits until it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.asset import Inventory, Leftover
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.events import Emit, Event
from amlmigrate.decommissioning import computes
from amlmigrate.kinds import all_kinds

# What ARM names as nested when it refuses to delete a workspace, children first (azure-facts, section 3).
_BLOCKING = ("schedules", "onlineEndpoints", "batchEndpoints", computes.COLLECTION)
_GOING = frozenset({"deleting", "softdeleting"})
# For so long after its deletion a workspace may still be shown (azure-facts, section 3: eventual consistency).
SETTLING = 30.0
_LONGEST = 3600.0
# The version with which others could purge what is soft-deleted already (azure-facts, section 3).
_PURGES = {"api-version": "2024-04-01", "forceToPurge": "true"}


async def locks(arm: Arm, id_: str) -> list[dict[str, Any]]:
    """The locks on a resource, its group and its subscription."""
    path = f"{id_}/providers/Microsoft.Authorization/locks"
    return [lock async for lock in arm.pages(path)]


async def gone(port: WorkspacePort, workspace_id: str, *, settling: float = 0.0) -> bool:
    """Waits while the workspace is being deleted; whether there is none of this id after that.

    One that stands, as after a deletion that failed, is waited for `settling` seconds, and then it is not gone.
    """
    clock = asyncio.get_running_loop().time
    begun, pause = clock(), 0.5
    while True:
        found = await port.find()
        properties = (found or {}).get("properties") or {}
        if found is None or properties.get("workspaceId") != workspace_id:
            return True
        going = str(properties.get("provisioningState")).lower() in _GOING
        if clock() - begun >= (_LONGEST if going else settling):
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 15.0)


async def remove(
    port: WorkspacePort, source: Inventory, *, purge: bool, emit: Emit, deleting: Callable[[], object]
) -> None:
    """Deletes the workspace and waits until it is gone; assets go with it. `deleting` is called right before.

    Raises MigrateError when the service says that it is deleted and still shows it.
    """
    for left in blocking(source):
        emit(Event("decommission.removing", {"address": str(left.address)}))
        await port.delete(str(left.address), computes.query_of(left))
    for asset in source.assets.values():
        await all_kinds()[asset.address.kind].retire(port, asset)
    emit(Event("decommission.removing", {"address": port.ref.id}))
    deleting()
    await port.arm.delete(port.ref.id, {"forceToPurge": "true"} if purge else {})
    if not await gone(port, source.workspace.workspace_id, settling=SETTLING):
        raise MigrateError(
            "The service took the deletion of the workspace and still shows it.",
            address=port.ref.id,
            remedy="Look at its activity log in the Azure portal, then run the same command again.",
        )


async def purge(port: WorkspacePort, until: str | None, emit: Emit) -> None:
    """Deletes for good what is soft-deleted until `until`. Raises RefusedError where the service does not."""
    if until and datetime.fromisoformat(until) < datetime.now(UTC):
        return
    if await port.find() is not None:
        raise RefusedError(
            "Another workspace has the name now: the deleted one cannot be purged by it.",
            address=port.ref.id,
            remedy="Run the same command without --purge.",
        )
    emit(Event("decommission.removing", {"address": port.ref.id}))
    answer = await port.arm.call("DELETE", port.ref.id, query=_PURGES)
    if answer.status not in (200, 202):
        raise RefusedError(
            f"The service does not purge the deleted workspace: it answered {answer.status}, as for one that it"
            " does not know.",
            address=port.ref.id,
            remedy="Purge it in the Azure portal (Azure Machine Learning, Recently deleted); it goes by itself in"
            " 14 days.",
        )
    await port.arm.finish(answer, port.ref.id)


def blocking(source: Inventory) -> list[Leftover]:
    """What goes before the workspace, in that order."""
    return sorted((left for left in source.leftovers if left.address.kind in _BLOCKING), key=_children_first)


def _children_first(left: Leftover) -> tuple[int, bool, str]:
    return (_BLOCKING.index(left.address.kind), left.address.version is None, str(left.address))
