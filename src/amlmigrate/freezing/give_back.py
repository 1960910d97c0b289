"""Gives back what is recorded as taken and not yet given, as it was: all are tried, the rest is named with why."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ExitCode, MigrateError
from amlmigrate.core.events import Emit
from amlmigrate.core.freeze_record import Assignment, FreezeState, differing
from amlmigrate.freezing.atomic_deeds import whole
from amlmigrate.freezing.freeze import Book, End, FreezePort, read_back, refused
from amlmigrate.freezing.progress import RightGiven
from amlmigrate.freezing.samerole import falls_short

# Between looks at one whose taking was cut off: what one look shows may be older than that.
_LOOK_SECONDS = (0.5, 1.0, 2.0)
# After so many one after the other of which nothing was heard, nothing is.
_SILENT = 2
_NOT_FOUND = 404
# Nothing shows whether it is the tool that has it taken, or not given.
_UNPROVEN = frozenset({FreezeState.TAKING, FreezeState.GIVING, FreezeState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Source:
    """The source workspace as it is when its rights are given back.

    `other`: why what has its name is not it. `removed`: when the plan's own tombstone says that it went.
    """

    id: str
    other: str = ""
    gone: bool = False
    removed: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True)
class LetGo:
    """What people decided, by address: what is let go, and what is given though nobody can prove who took it."""

    let_go: Mapping[str, str] = field(default_factory=dict)
    give: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Back:
    """What came of giving back.

    `made` again, `there` all the time, `renamed`: there under another name; `ended` by itself meanwhile;
    `let_go` by a decision; `placeless`: at the workspace that was removed; `unknown`: nobody knows who took it;
    `failed`: not given, and why.
    """

    made: list[Assignment] = field(default_factory=list)
    there: list[Assignment] = field(default_factory=list)
    renamed: list[Assignment] = field(default_factory=list)
    ended: list[Assignment] = field(default_factory=list)
    let_go: list[Assignment] = field(default_factory=list)
    placeless: list[Assignment] = field(default_factory=list)
    unknown: list[Assignment] = field(default_factory=list)
    failed: list[tuple[Assignment, str]] = field(default_factory=list)
    denied: bool = False

    @property
    def left(self) -> list[tuple[Assignment, str]]:
        """What somebody still has to do or decide, and why."""
        why = "it is not known who took it away: the tool was cut off, or got no answer"
        return [*self.failed, *((one, why) for one in self.unknown)]


async def give_back(
    roles: FreezePort,
    book: Book,
    source: Source,
    decided: LetGo,
    end: End,
    emit: Emit,
    now: datetime,
) -> Back:
    """Makes each again that is owed and is gone, as it was, and reads it back.

    One that cannot be given, as of a principal that is no more, does not keep the others away. Only where nothing
    answers at all the rest is left untried: each would wait as long for as little. Raises FileError, RefusedError
    where a deed cannot be recorded: then it is not done.
    """
    came = Back(let_go=[one for one in book.record.owed if one.address in decided.let_go])
    owed = [one for one in book.record.owed if one.address not in decided.let_go]
    giving = _Giving(roles, book, source, decided.give, came, end, emit, now)
    silent = 0
    for number, one in enumerate(owed):
        try:
            await whole(giving.give(one))
            silent = 0
        except (OutOfReachError, ServiceError) as error:
            came.failed.append((one, error.summary))
            came.denied |= error.exit_code is ExitCode.DENIED
            silent = silent + 1 if isinstance(error, OutOfReachError) else 0
            if silent == _SILENT:
                came.failed += [(other, f"not tried: {error.summary}") for other in owed[number + 1 :]]
                break
    return came


@dataclass(frozen=True, slots=True)
class _Giving:
    """Gives one back."""

    roles: FreezePort
    book: Book
    source: Source
    decided: Mapping[str, str]
    came: Back
    end: End
    emit: Emit
    now: datetime

    async def give(self, one: Assignment) -> None:
        """Raises ServiceError, OutOfReachError; MigrateError where nothing can be recorded."""
        there = await self.roles.get(one.id) if not self._elsewhere(one) else None
        if there is not None:
            await self._is_there(one, there)
        elif self._elsewhere(one):
            self._no_place(one)
        else:
            await self._is_gone(one)

    async def _is_gone(self, one: Assignment) -> None:
        if one.state in _UNPROVEN and one.address not in self.decided:
            why = one.note if one.state is FreezeState.UNKNOWN else f"cut off while it was '{one.state}'"
            self.came.unknown.append(self._known_by_nobody(one, why))
        elif one.end and _over(one.end, self.now):
            self.came.ended.append(
                self.book.add(replace(one, state=FreezeState.ENDED, note=f"it ended at {one.end}"))
            )
        elif one.end:
            self.came.failed.append((one, f"it is given for a time, until {one.end}, and not for good"))
        else:
            await self._make(one)

    def _elsewhere(self, one: Assignment) -> bool:
        """Whether its place is not the one that it was taken from."""
        return one.within(self.source.id) and bool(self.source.other or self.source.removed)

    def _no_place(self, one: Assignment) -> None:
        if self.source.other:
            self.came.failed.append((one, self.source.other))
        else:
            self.came.placeless.append(one)

    def _known_by_nobody(self, one: Assignment, why: str) -> Assignment:
        unknown = replace(one, state=FreezeState.UNKNOWN, note=why)
        return one if one.state is FreezeState.UNKNOWN else self.book.add(unknown)

    async def _is_there(self, one: Assignment, there: Document) -> None:
        if wrong := _unlike(one, there):
            self.came.failed.append((one, f"another one is there under its name, and stays: {wrong}"))
            return
        if not _made_anew(one, there) and await self._goes(one):
            # What was looked at was there before it was taken.
            await self._is_gone(one)
        elif one.state is FreezeState.TAKING:
            self.came.there.append(self.book.add(replace(one, state=FreezeState.LISTED, note="it was not taken")))
        elif _is_the_same(one, there):
            why = "Azure still shows it as it was before it was taken: wait some minutes, then run this again"
            self.came.failed.append((one, why))
        else:
            self.came.there.append(self.book.add(replace(one, state=FreezeState.GIVEN, note="it was there")))

    async def _goes(self, one: Assignment) -> bool:
        """Whether further looks do not show it any more: Azure's regions hear of it one by one."""
        for seconds in _LOOK_SECONDS:
            await asyncio.sleep(seconds)
            if await self.roles.get(one.id) is None:
                return True
        return False

    async def _make(self, one: Assignment) -> None:
        self.emit(RightGiven(one.id, str(one)))
        giving = self.book.add(replace(one, state=FreezeState.GIVING, note=self.decided.get(one.address, "")))
        try:
            # An attempt that nobody heard of may have been served: then it is under its own name.
            made = await self.roles.assign(one.id, one.properties) or await self.roles.get(one.id) is not None
        except asyncio.CancelledError:
            # A signal: whoever runs it again is not asked about what can be seen now.
            if await self._still_gone(one):
                self.book.add(one)
            raise
        except (ServiceError, OutOfReachError) as error:
            if not refused(error) and not await self._still_gone(one):
                # It was served, though nobody was told.
                made = True
            else:
                self.book.add(one)
                if self._without_place(one, error):
                    return
                raise
        if not made:
            await self._is_there_already(one, giving)
            return
        given = self.book.add(replace(giving, state=FreezeState.GIVEN))
        self.came.made.append(given)
        await self._read_back(given)

    async def _is_there_already(self, one: Assignment, giving: Assignment) -> None:
        """Azure gives a role once: who has it under another name has it, unless that is another one, or ends."""
        # Nothing was given: until it is known to be as good it is owed as before.
        self.book.add(one)
        if why := await falls_short(self.roles, one, self.end):
            self.came.failed.append((one, why))
            return
        given = replace(giving, state=FreezeState.GIVEN, note="there under another name")
        self.came.renamed.append(self.book.add(given))

    def _without_place(self, one: Assignment, error: MigrateError) -> bool:
        gone = self.source.gone and one.within(self.source.id) and getattr(error, "status", 0) == _NOT_FOUND
        if gone:
            self.came.failed.append((one, "the workspace is not there, and no removal by this plan is recorded"))
        return gone

    async def _still_gone(self, one: Assignment) -> bool:
        """Whether what nobody answered was not done, as far as looks for a while show."""
        for seconds in (*_LOOK_SECONDS, 0.0):
            if await self.roles.get(one.id) is not None:
                return False
            await asyncio.sleep(seconds)
        return True

    async def _read_back(self, one: Assignment) -> None:
        try:
            await read_back(self.roles, one, lambda found: _unlike(one, found))
        except MigrateError as error:
            self.came.made.remove(one)
            self.came.failed.append((one, f"the service gave it back, and does not show it yet: {error.summary}"))


def _made_anew(one: Assignment, there: Document) -> bool:
    """Whether what is there was made after the one that was taken.

    `createdOn` is when it was made (Role Assignments - Get). Inferred (AZ-RIGHT-9): a PUT on one that is there
    leaves it as it is, and one that is made under an old name has another.
    """
    created = Assignment.of(there, one.role).created
    return bool(one.created and created) and created != one.created


def _is_the_same(one: Assignment, there: Document) -> bool:
    """Whether what is there can be nothing but the one whose deletion Azure has confirmed."""
    created = Assignment.of(there, one.role).created
    return one.state is FreezeState.TAKEN and bool(created) and created == one.created


def _unlike(one: Assignment, there: Document | None) -> str | None:
    if there is None:
        return "it is not there"
    wrong = differing(one, Assignment.of(there, one.role))
    return f"{', '.join(wrong)} differ" if wrong else None


def _over(end: str, now: datetime) -> bool:
    """Whether an end is past. One that cannot be read counts as past: nobody gets a right for longer."""
    found = moment(end)
    return found is None or found <= now
