"""Takes assignments away and puts them back; each is done at most once, and read back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.roles import Roles
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.events import Emit, Event
from amlmigrate.core.rights import KEPT
from amlmigrate.freezing.record import Assignment

# Role assignments may take a while to show (azure-facts, section 3: eventual consistency).
_READ_BACK_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


_NOT_TAKEN = frozenset({400, 404, 409})


@dataclass(frozen=True, slots=True)
class Thawed:
    """What came of putting back: made again, there all the time, there under another name, refused."""

    made: list[Assignment]
    there: list[Assignment]
    renamed: list[Assignment]
    failed: list[tuple[Assignment, str]]


async def still_there(roles: Roles, assignments: tuple[Assignment, ...]) -> list[Assignment]:
    """Those that a freeze has not taken away yet."""
    return [one for one in assignments if await roles.get(one.id) is not None]


async def take_away(roles: Roles, assignments: list[Assignment], emit: Emit) -> None:
    """Deletes each and reads that it is gone. Raises ServiceError, MigrateError for one that stays."""
    for one in assignments:
        emit(Event("freeze.removing", {"id": one.id, "text": str(one)}))
        await roles.remove(one.id)
    for one in assignments:
        await _read_back(roles, one, lambda there: None if there is None else "it is still there")


async def put_back(roles: Roles, assignments: tuple[Assignment, ...], emit: Emit) -> Thawed:
    """Makes each again that is gone, as it was, and reads it back.

    One that the service does not take, as of a principal that is no more, does not keep the others away.
    """
    came = Thawed([], [], [], [])
    for one in assignments:
        there = await roles.get(one.id)
        if there is not None:
            why = _unlike(one, there)
            if why:
                came.failed.append((one, f"there is another one of this name: {why}"))
            else:
                came.there.append(one)
            continue
        emit(Event("freeze.restoring", {"id": one.id, "text": str(one)}))
        try:
            made = await roles.assign(one.id, one.properties)
        except ServiceError as error:
            if error.status not in _NOT_TAKEN:
                raise
            came.failed.append((one, f"{error.code}: {error.message}"))
            continue
        if made:
            await _read_back(roles, one, lambda found, one=one: _unlike(one, found))  # type: ignore[misc]
            came.made.append(one)
        else:
            came.renamed.append(one)
    return came


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
