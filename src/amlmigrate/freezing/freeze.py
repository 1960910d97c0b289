"""Takes assignments away: each as it is just then, recorded before it is asked for and after it was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.roles import Removed
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.events import Emit
from amlmigrate.core.freeze_record import Assignment, FreezeState, differing, strange
from amlmigrate.evidence.frozen import FreezeRecord
from amlmigrate.freezing.atomic_deeds import whole
from amlmigrate.freezing.progress import RightTaken

# When a right ends by itself, as Azure writes it; '' where it has no end, None where that may not be read.
End = Callable[[Assignment, Document], Awaitable[str | None]]
# Role assignments may take a while to show (AZ-PACE-4).
_READ_BACK_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_END_UNREAD = (
    "whether it ends by itself may not be read (GET roleAssignmentScheduleInstances of"
    " Microsoft.Authorization is refused): given back it could last for good"
)
# What makes it another one: whether that may be taken was not looked at.
_FIXED = ("roleDefinitionId", "principalId", "principalType")


class FreezePort(Protocol):
    """What is asked of Azure."""

    async def get(self, assignment_id: str) -> Document | None: ...
    async def remove(self, assignment_id: str) -> Removed: ...
    async def assign(self, assignment_id: str, properties: Document) -> bool: ...
    async def directly(self, scope: str, object_id: str) -> list[Document]: ...


class Book(Protocol):
    """Where deeds are recorded: on disk when `add` returns."""

    record: FreezeRecord

    def add(self, one: Assignment) -> Assignment: ...


@dataclass(slots=True)
class TakenRights:
    """What came of it: taken by us; still there, and why; gone by somebody else; gone, and not known by whom."""

    taken: list[Assignment] = field(default_factory=list)
    stayed: list[tuple[Assignment, str]] = field(default_factory=list)
    gone: list[Assignment] = field(default_factory=list)
    unknown: list[Assignment] = field(default_factory=list)


async def take_away(
    roles: FreezePort, book: Book, assignments: list[Assignment], end: End, emit: Emit
) -> TakenRights:
    """Takes each away and reads that it is gone.

    Raises ServiceError, MigrateError for the first that cannot be taken, or stays: those before are recorded.
    """
    came = TakenRights()
    asked = {one.key for one in assignments}
    for one in book.record.assignments:
        if one.state is FreezeState.TAKING and one.key not in asked and await roles.get(one.id) is None:
            came.unknown.append(
                book.add(replace(one, state=FreezeState.UNKNOWN, note="cut off while it was taken"))
            )
    for one in assignments:
        emit(RightTaken(one.id, str(one)))
        await whole(_take(roles, book, one, end, came))
    for one in came.taken:
        await read_back(roles, one, lambda there: None if there is None else "it is still there")
    return came


async def _take(roles: FreezePort, book: Book, listed: Assignment, end: End, came: TakenRights) -> None:
    there = await roles.get(listed.id)
    # An attempt that was cut off may have been served: what is gone then may be gone by us.
    unsettled = book.record.state_of(listed) in (FreezeState.TAKING, FreezeState.UNKNOWN)
    if there is None:
        if unsettled:
            one = replace(listed, since=book.record.found[listed.key].since)
            came.unknown.append(
                book.add(replace(one, state=FreezeState.UNKNOWN, note="cut off while it was taken"))
            )
        else:
            came.gone.append(listed)
        return
    ends = await end(listed, there)
    if ends is None:
        came.stayed.append((listed, _END_UNREAD))
        return
    one = replace(Assignment.of(there, listed.role), end=ends)
    if why := _another(listed, one) or strange(one, book.record.source.id, book.record.account):
        came.stayed.append((one, why))
        return
    narrowed = differing(listed, one)
    note = f"changed since it was listed: {', '.join(narrowed)}" if narrowed else ""
    taking = book.add(replace(one, state=FreezeState.TAKING, note=note))
    try:
        removed = await roles.remove(one.id)
    except MigrateError as error:
        if refused(error) and not unsettled:
            # It was not taken away, so it is not to be given back either.
            book.add(replace(taking, state=FreezeState.LISTED, note=error.summary))
        raise
    _settle(book, taking, removed, came, unsettled=unsettled)


def _another(listed: Assignment, now: Assignment) -> str | None:
    """Why what is there just then is not taken: whoever listed it decided about another one."""
    if changed := [name for name in differing(listed, now) if name in _FIXED]:
        return f"it is another one than was listed ({', '.join(changed)} differ): freeze again"
    if now.end != listed.end:
        return f"it {f'ends at {now.end}' if now.end else 'has no end'} now: freeze again"
    return None


def _settle(book: Book, taking: Assignment, removed: Removed, came: TakenRights, *, unsettled: bool) -> None:
    """Records what the service said of the deletion: what it showed is what was taken."""
    if removed.deleted:
        one = replace(taking, properties=_shown(taking, removed), state=FreezeState.TAKEN)
        changed = differing(taking, one)
        note = f"changed while it was taken: {', '.join(changed)}" if changed else taking.note
        came.taken.append(book.add(replace(one, note=note)))
    elif unsettled or removed.doubtful:
        came.unknown.append(
            book.add(replace(taking, state=FreezeState.UNKNOWN, note="no answer showed who took it"))
        )
    else:
        gone = replace(taking, state=FreezeState.GONE, note="somebody else took it away at the same time")
        came.gone.append(book.add(gone))


def _shown(taking: Assignment, removed: Removed) -> Document:
    """What was taken, as the answer to its deletion shows it.

    What the answer does not name is as it was read right before: in the reference's example it has neither a
    condition nor a description (RoleAssignments_Delete, 2022-04-01). So nobody gets more back than was there.
    """
    shown = Assignment.of(removed.document, taking.role).properties if removed.document else {}
    return {**taking.properties, **shown}


def refused(error: MigrateError) -> bool:
    """Whether the service has said no, and no attempt before may have been served."""
    answer = error.__cause__ if isinstance(error.__cause__, ServiceError) else error
    return isinstance(answer, ServiceError) and not answer.doubtful and not answer.transient


async def read_back(roles: FreezePort, one: Assignment, wrong: Callable[[Document | None], str | None]) -> None:
    """Reads one until it is as it should be. Raises MigrateError where it does not come to that."""
    why: str | None = None
    for seconds in (*_READ_BACK_SECONDS, 0.0):
        why = wrong(await roles.get(one.id))
        if why is None:
            return
        await asyncio.sleep(seconds)
    raise unlike(one, str(why))


def unlike(one: Assignment, why: str) -> MigrateError:
    """That one is not as it should be."""
    return MigrateError(
        f"The role assignment is not as it should be: {why}.",
        address=one.id,
        remedy="Look at it in the portal, then run the same command again.",
    )
