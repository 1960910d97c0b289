"""Takes assignments away and gives them back; each is done at most once, and read back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ExitCode, MigrateError
from amlmigrate.core.events import Emit, Event
from amlmigrate.core.rights import KEPT
from amlmigrate.freezing.record import Assignment, Record, State

# Has a record on disk when it returns.
Keep = Callable[[Record], None]
# Role assignments may take a while to show (azure-facts, section 3: eventual consistency).
_READ_BACK_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(slots=True)
class Back:
    """What came of giving back: made again, there all the time, there under another name, not done and why."""

    record: Record
    made: list[Assignment] = field(default_factory=list)
    there: list[Assignment] = field(default_factory=list)
    renamed: list[Assignment] = field(default_factory=list)
    failed: list[tuple[Assignment, str]] = field(default_factory=list)
    denied: bool = False


async def take_away(roles: Roles, record: Record, assignments: list[Assignment], keep: Keep, emit: Emit) -> Record:
    """Deletes each and reads that it is gone; the record says so before each deletion is asked for.

    Raises ServiceError, MigrateError for one that stays.
    """
    for one in assignments:
        emit(Event("freeze.removing", {"id": one.id, "text": str(one)}))
        before, record = record, record.became(one, State.TAKEN)
        keep(record)
        try:
            await roles.remove(one.id)
        except MigrateError as error:
            if _refused(error):
                # It was not taken away, so it is not to be given back either.
                keep(before)
            raise
    for one in assignments:
        await _read_back(roles, one, lambda there: None if there is None else "it is still there")
    return record


def _refused(error: MigrateError) -> bool:
    """Whether the service has said no, and no attempt before may have been served."""
    answer = error.__cause__ if isinstance(error.__cause__, ServiceError) else error
    return isinstance(answer, ServiceError) and not answer.doubtful and not answer.transient


async def give_back(roles: Roles, record: Record, keep: Keep, emit: Emit) -> Back:
    """Makes each again that was taken away and is gone, as it was, and reads it back.

    All are tried: one that cannot be given, as of a principal that is no more, does not keep the others away. Only
    where nothing answers at all the rest is left untried: each would wait as long for as little.
    """
    came = Back(record)
    for number, one in enumerate(record.taken):
        try:
            (await _give(roles, one, came, emit)).append(one)
        except OutOfReachError as error:
            came.failed += [(other, error.summary) for other in record.taken[number:]]
            break
        except MigrateError as error:
            came.failed.append((one, error.summary))
            came.denied |= error.exit_code is ExitCode.DENIED
        else:
            came.record = came.record.became(one, State.GIVEN)
            keep(came.record)
    return came


async def _give(roles: Roles, one: Assignment, came: Back, emit: Emit) -> list[Assignment]:
    """Gives one back; the list that it goes into. Raises MigrateError."""
    there = await roles.get(one.id)
    if there is not None:
        if why := _unlike(one, there):
            raise _wrong(one, f"there is another one of this name: {why}")
        return came.there
    emit(Event("freeze.restoring", {"id": one.id, "text": str(one)}))
    if not await roles.assign(one.id, one.properties):
        return came.renamed
    await _read_back(roles, one, lambda found: _unlike(one, found))
    return came.made


def _unlike(one: Assignment, there: Document | None) -> str | None:
    if there is None:
        return "it is not there"
    now = Assignment.of(there, one.role).properties
    wrong = [key for key in KEPT if str(now.get(key, "")).lower() != str(one.properties.get(key, "")).lower()]
    return f"{', '.join(wrong)} differ" if wrong else None


async def _read_back(roles: Roles, one: Assignment, wrong: Callable[[Document | None], str | None]) -> None:
    why: str | None = None
    for seconds in (*_READ_BACK_SECONDS, 0.0):
        why = wrong(await roles.get(one.id))
        if why is None:
            return
        await asyncio.sleep(seconds)
    raise _wrong(one, str(why))


def _wrong(one: Assignment, why: str) -> MigrateError:
    return MigrateError(
        f"The role assignment is not as it should be: {why}.",
        address=one.id,
        remedy="Look at it in the portal, then run the same command again.",
    )
