"""A step that is about bytes: copies what lies below a prefix, and records each copy as the tool's own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from amlmigrate.bytes.copying import Copier
from amlmigrate.core.asset import Blob
from amlmigrate.core.plan import Bytes, Step
from amlmigrate.core.prior import Copied, Prior
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger
from amlmigrate.running.recorder import Recorder

# Copies are recorded in batches, but none waits for long: a large one that is not known to be the tool's own
# has to be proven by reading it.
_BATCH = 200
_BATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Copies:
    """Carries out steps that copy blobs. `prior` is what all ledgers, this one too, knew when the run began."""

    copier: Copier
    recorder: Recorder
    ledger: Ledger
    prior: Prior

    async def carry_out(self, step: Step, amount: Bytes, state: State) -> None:
        """Copies what is missing, and compares the rest. Raises MigrateError."""
        record = Record(self, step, Location(amount.target.account, amount.target.container))
        try:
            note = await self.copier.copy(step, amount, record, found_is_own=state is State.DOING)
        finally:
            await record.write()
        await self.recorder.move(step.address, State.DONE, detail=note)


class Record:
    """What the ledger knows of one step's copies."""

    def __init__(self, copies: Copies, step: Step, container: Location) -> None:
        self._copies = copies
        self._step = step
        self._container = container
        self._arrived: list[tuple[str, Copied]] = []
        self._written = time.monotonic()

    def own(self, path: str) -> Copied | None:
        """What the tool copied to a path, or asked to be copied there, before this run."""
        return self._copies.prior.copied(Location(self._container.account, self._container.container, path))

    async def begin(self, missing: Iterable[Blob]) -> None:
        """Says, before the first change, which blobs are asked for that are not there, by their new paths."""
        do = self._copies.recorder.do
        await do(self._copies.ledger.begin_copy, self._step.address, self._container, list(missing))

    async def arrived(self, path: str, copied: Copied) -> None:
        """A copy is there."""
        self._arrived.append((path, copied))
        if len(self._arrived) >= _BATCH or time.monotonic() - self._written > _BATCH_SECONDS:
            await self.write()

    async def write(self) -> None:
        """Brings to the disk what has arrived."""
        self._written = time.monotonic()
        batch = self._arrived.copy()
        self._arrived.clear()
        if batch:
            await self._copies.recorder.do(partial(self._copies.ledger.copied, self._container, batch))
