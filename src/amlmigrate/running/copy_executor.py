"""A step that is about bytes: copies what lies below a prefix or deletes what has no source; each is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from amlmigrate.bytes.copying import Copier
from amlmigrate.bytes.deleting import Deleter, Needed
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Gone, Step
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger.asynchronous import AsyncLedger

# Copies are recorded in batches, but none waits for long: a large one that is not known to be the tool's own
# has to be proven by reading it.
_BATCH = 200
_BATCH_SECONDS = 2.0


async def unneeded() -> Callable[[Location], str]:
    """Nothing of the target refers to any place."""
    return lambda _: ""


@dataclass(frozen=True, slots=True)
class CopyExecutor:
    """Carries out steps about blobs. `prior` is what all ledgers, this one too, knew when the run began.

    `apart` is where the blobs of the target lie that no copy touches; `needed` looks what of the target refers to
    a place as it is when it is asked.
    """

    copier: Copier
    deleter: Deleter
    ledger: AsyncLedger
    prior: OwnershipRecord
    apart: frozenset[Location] = frozenset()
    needed: Needed = unneeded

    async def carry_out(self, step: Step, amount: Bytes, state: State) -> None:
        """Copies what is missing and compares the rest; or deletes what is listed. Raises MigrateError."""
        record = StepRecord(self, step, amount.target.at(""))
        try:
            if step.action is Action.DELETE:
                note = await self.deleter.delete(step, amount, record, self.needed)
            else:
                apart, own = Apart(self.apart, amount.target), state is State.DOING
                note = await self.copier.copy(step, amount, record, found_is_own=own, apart=apart)
        finally:
            await record.write()
        await self.ledger.move(step.address, State.DONE, detail=note)


@dataclass(frozen=True, slots=True)
class Apart:
    """The paths of one container that no copy touches."""

    places: frozenset[Location]
    container: Location

    def __contains__(self, path: object) -> bool:
        return self.container.at(str(path)) in self.places


class StepRecord:
    """What the ledger knows of one step's blobs."""

    def __init__(self, copies: CopyExecutor, step: Step, container: Location) -> None:
        self._copies = copies
        self._step = step
        self._container = container
        self._arrived: list[tuple[str, Copied]] = []
        self._deleted: list[str] = []
        self._begun = False
        self._written = time.monotonic()

    def own(self, path: str) -> Copied | None:
        """What the tool copied to a path, or asked to be copied there, before this run."""
        return self._copies.prior.copied(self._container.at(path))

    async def begin(self, missing: Iterable[Blob]) -> None:
        """Says, before their first change, which blobs are asked for that are not there, by their new paths."""
        if not self._begun:
            self._begun = True
            await self._copies.ledger.begin_copy(self._step.address, self._container, missing)
        else:
            await self._copies.ledger.ask_for(self._container, missing)

    async def arrived(self, path: str, copied: Copied) -> None:
        """A copy is there."""
        self._arrived.append((path, copied))
        await self._in_time(len(self._arrived))

    async def asked(self) -> frozenset[str]:
        """What an earlier run asked to be deleted, and was not seen to be."""
        return await self._copies.ledger.asked(self._step.address)

    async def deleting(self, gone: Iterable[Gone]) -> None:
        """Says, before the first, which blobs are to be deleted."""
        await self._copies.ledger.begin_deleting(self._step.address, gone)

    async def deleted(self, path: str) -> None:
        """A blob is gone."""
        self._deleted.append(path)
        await self._in_time(len(self._deleted))

    async def left(self, left: Mapping[str, str]) -> None:
        """Says which blobs the step left alone: path to ETag."""
        await self._copies.ledger.leave(self._step.address, self._container, left)

    async def _in_time(self, waiting: int) -> None:
        if waiting >= _BATCH or time.monotonic() - self._written > _BATCH_SECONDS:
            await self.write()

    async def write(self) -> None:
        """Brings to the disk what has arrived, and what is gone."""
        self._written = time.monotonic()
        arrived, self._arrived = self._arrived, []
        deleted, self._deleted = self._deleted, []
        if arrived:
            await self._copies.ledger.copied(self._container, arrived)
        if deleted:
            await self._copies.ledger.deleted(self._step.address, deleted)
