"""The calls that remove a workspace: what blocks its deletion, itself, and for good. What they come to: `gone`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.operations import Ending, Operation, going
from amlmigrate.cloud.polling import ended, failed
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.clock import Clock, Pace
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.events import Emit
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.decommissioning.gate import locked
from amlmigrate.decommissioning.gone import GoneLook, Sight
from amlmigrate.decommissioning.progress import Removing
from amlmigrate.kinds import all_kinds

_READS = "Microsoft.MachineLearningServices/workspaces/read"
_LOCKS = "providers/Microsoft.Authorization/locks"
# The version with which others could purge what is soft-deleted already (AZ-DEL-3).
_PURGES = {"api-version": "2024-04-01", "forceToPurge": "true"}


async def locks(arm: Arm, id_: str) -> list[dict[str, Any]]:
    """The locks on a resource, its group and its subscription."""
    return [lock async for lock in arm.pages(f"{id_}/{_LOCKS}")]


async def look(port: WorkspaceClient, workspace_id: str) -> GoneLook:
    """One look at a workspace: it, and its group's list. Raises what is not about it: refusals, no answer."""
    try:
        found = await port.find()
        listed = found is None and await _listed(port)
    except ServiceError as error:
        if error.transient or error.status in (401, 403):
            raise
        return GoneLook(Sight.UNKNOWN, error.summary)
    if found is not None:
        return of_document(found, workspace_id)
    return GoneLook(Sight.UNKNOWN, "its resource group still lists it") if listed else GoneLook(Sight.ABSENT)


def of_document(found: Document, workspace_id: str) -> GoneLook:
    """What a document under the workspace's name shows. One without an id is not another workspace's."""
    properties = properties_of(found)
    seen = str(properties.get("workspaceId") or "")
    if not seen:
        return GoneLook(Sight.UNKNOWN, "a document without workspaceId")
    if seen.lower() != workspace_id.lower():
        return GoneLook(Sight.ANOTHER, seen)
    return GoneLook(Sight.GOING if going(found) else Sight.LIVING)


async def not_in_list(port: WorkspaceClient) -> list[str]:
    """Why the group's list could not show later that the source has gone: it does not show that it is there.

    A list leaves out what its reader may not see.
    """
    group = ArmId.of(port.ref.id).group_id
    try:
        listed = await _listed(port)
    except ServiceError as error:
        if error.transient or error.status == 401:
            raise
        return [
            f"The list of the workspaces in {group}, by which a removal is seen, could not be read ({error.code}):"
            f" it takes '{_READS}' there."
        ]
    missing = f"The list of the workspaces in {group}, by which a removal is seen, does not have the source."
    return [] if listed else [missing]


async def _listed(port: WorkspaceClient) -> bool:
    """Whether the group's list still has it (AZ-DEL-4); that of a group that is shown to be gone has nothing."""
    ref = port.ref
    try:
        ids = [ArmId.of(item.get("id")) async for item in port.arm.pages(ArmId.of(ref.id).collection)]
    except ServiceError as error:
        if error.status == 404 and await port.arm.absent(error, ref.id):
            return False
        raise
    return ArmId.of(ref.id) in ids


async def clear(port: WorkspaceClient, source: Inventory, emit: Emit) -> None:
    """Removes what blocks the workspace's deletion; assets go with it."""
    for asset in blocking(source):
        emit(Removing(str(asset.address)))
        await all_kinds()[asset.address.kind].retire(port, asset)


async def delete(
    port: WorkspaceClient, first: Callable[[], Awaitable[object]], *, purge: bool = False
) -> Document | None:
    """Asks for the workspace's deletion, always the soft one unless it is gone already and is to be purged.

    `first` is awaited right before each attempt, and raises where it must not be made.

    Returns what a ledger keeps of an accepted deletion: the operation's address and how it stands. None where it
    was not accepted: there is nothing under this name.
    """
    try:
        answer = await port.arm.call("DELETE", port.ref.id, query=_PURGES if purge else {}, first=first)
    except ServiceError as error:
        if await port.arm.absent(error, port.ref.id):
            return None
        raise
    if answer.status not in (200, 202):
        return None
    operation = Operation.of(answer.status, answer.headers)
    # 202 without an address: it was accepted, and nothing will say how it ended.
    ending = Ending.SUCCEEDED if answer.status == 200 else Ending.UNKNOWN
    return operation.as_dict() if operation else {"url": "", "ending": str(ending)}


async def ending(
    port: WorkspaceClient, accepted: Document | None, clock: Clock
) -> tuple[Ending, ServiceError | None]:
    """How a deletion ended that was recorded as accepted, and the service's words for one that failed.

    `UNKNOWN` too for one that does not end within an hour.
    """
    if accepted is None:
        return Ending.UNKNOWN, None
    if not accepted["url"]:
        return Ending(accepted["ending"]), None
    operation = Operation.of_dict(accepted)
    try:
        found, answer = await ended(lambda: port.arm.poll(operation), Pace(clock))
    except ServiceError as error:
        # Its address is forgotten after a time, or something in between answers for it.
        if error.transient or error.status in (401, 403):
            raise
        return Ending.UNKNOWN, None
    if found is Ending.UNDER_WAY:
        return Ending.UNKNOWN, None
    return found, failed(answer.body, port.ref.id) if found is Ending.FAILED else None


async def held_by(arm: Arm, ref: WorkspaceRef) -> list[str]:
    """Why a name must not be purged as far as locks go: those at its group and subscription are read there.

    The workspace itself is not there to be asked. A lock that could not be read is one that may be there.
    """
    group = str(ArmId.of(ref.id).group_id)
    scopes = (group, f"/subscriptions/{ref.subscription}")
    found: list[str] = []
    for scope in scopes:
        try:
            at = [lock for lock in await locks(arm, scope) if _is_at(lock, (*scopes, ref.id))]
        except ServiceError as error:
            if error.transient or error.status == 401:
                raise
            found.append(f"Whether a lock is on {scope} is not known: its locks could not be read ({error.code}).")
        else:
            found += [locked(lock) for lock in at]
    return list(dict.fromkeys(found))


def _is_at(lock: Document, scopes: tuple[str, ...]) -> bool:
    """Whether a lock is one of these scopes' own: a list has those of everything below, too."""
    scope = str(lock.get("id", "")).lower().rpartition(f"/{_LOCKS}/".lower())[0]
    return scope in {each.lower() for each in scopes}


def not_purged(ref: WorkspaceRef) -> RefusedError:
    """The service answered as for a workspace that it does not know."""
    return RefusedError(
        "The service does not purge the deleted workspace: it answered as for one that it does not know.",
        address=ref.id,
        remedy="Purge it in the Azure portal (Azure Machine Learning, Recently deleted); Microsoft documents that"
        " it goes by itself after 14 days.",
    )


def not_shown_purged(ref: WorkspaceRef) -> MigrateError:
    """The service took the purge, and its operation tells no end."""
    return MigrateError(
        "The service took the purge, and nothing shows how it ended.",
        address=ref.id,
        remedy="Run the same command again: it says whether there is still something to purge.",
    )


def blocking(source: Inventory) -> list[Asset]:
    """What goes before the workspace, in that order: what lies in another or refers to it before that."""
    kinds = [kind for kind in reversed(all_kinds().values()) if kind.blocks_deletion]
    order = {kind.name: place for place, kind in enumerate(kinds)}
    found = (asset for asset in (*source.assets.values(), *source.by_hand) if asset.address.kind in order)
    # What could not be listed has no name, and nothing that could be removed.
    named = (asset for asset in found if asset.address.path)
    return sorted(named, key=lambda asset: (order[asset.address.kind], str(asset.address)))
