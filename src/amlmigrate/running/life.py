"""The life of one step: read the source again, do the one changing call, read the target back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from amlmigrate.bytes.copying import Copier
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Blob
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ConflictError, DriftError, ExitCode, MigrateError, TargetLostError
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.prior import Prior
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import Kind, all_kinds
from amlmigrate.kinds._base import Port
from amlmigrate.ledger import Ledger
from amlmigrate.running.recorder import Recorder

# A read right after a write may be stale; it is asked again before it counts.
_READ_BACK_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
# Copies are recorded in batches, but none waits for long: a large one that is not known to be the tool's own
# has to be proven by reading it.
_BATCH = 200
_BATCH_SECONDS = 2.0


@dataclass(slots=True)
class Life:
    """Carries out steps between two workspaces. `present` is what the target held when the run began."""

    source: Port
    target: Port
    copier: Copier
    recorder: Recorder
    ledger: Ledger
    present: dict[Address, Asset]
    prior: Prior
    # Reads the target workspace itself.
    reads_target: Callable[[], Awaitable[object]]

    async def carry_out(self, step: Step, state: State) -> None:
        """Does one step to its end. Raises MigrateError; TargetLostError where no other step can be done."""
        try:
            await self._carry_out(step, state)
        except MigrateError as error:
            if error.exit_code is ExitCode.DENIED:
                await self._refuse_lost()
            raise

    async def _refuse_lost(self) -> None:
        """A target that cannot even be read any more takes no other step either (azure-facts, section 1.6)."""
        try:
            await self.reads_target()
        except MigrateError as error:
            if error.exit_code is not ExitCode.DENIED:
                return
            raise TargetLostError(
                f"The target can no longer be used. {error.summary}",
                address=error.address,
                remedy="See that its key is enabled, not expired and open to its identity (migrate doctor --target"
                " GROUP/NAME), then go on with `migrate run --resume`.",
            ) from error

    async def _carry_out(self, step: Step, state: State) -> None:
        if step.bytes:
            await self._bytes(step, step.bytes)
        elif step.action is Action.ADOPT:
            await self._adopt(step)
        else:
            await self._document(step, state)

    # Documents.

    async def _document(self, step: Step, state: State) -> None:
        kind = all_kinds()[step.address.kind]
        body = step.body or {}
        await self._same_source(kind, step)
        if state is not State.CREATED and not await self._settled(kind, step, body, state):
            await self.recorder.move(step.address, State.DOING)
            new = await self._put(kind, step, body)
            await self.recorder.move(step.address, State.CREATED, target_id=new)
        await self._done(kind, step, await self._read_back(kind, step, body))

    async def _put(self, kind: Kind, step: Step, body: Document) -> str:
        """The one changing call; a refusal because something is there is settled by reading it. The new id."""
        filled = await kind.fill(self.source, self.target, step.address, body)
        try:
            answer = await kind.put(self.target, step.address, filled)
        except ServiceError as error:
            if not error.taken:
                raise
            there = await kind.wait(self.target, step.address)
            if there is None:
                raise
            if found := kind.compare(step.address, body, there):
                raise _conflict(step, f"{found[0].field} differs") from error
            answer = there
        return str(answer.get("id") or step.target_id)

    async def _settled(self, kind: Kind, step: Step, body: Document, state: State) -> bool:
        """Whether the target has it already; a foreign thing in the way is a conflict."""
        if step.action is Action.UPDATE:
            return False
        there = self.present.get(step.address.item)
        if there is None:
            return False
        found = kind.compare(step.address, body, there.document)
        if found:
            raise _conflict(step, f"{found[0].field} differs")
        # Only a step that was under way can have left it there; anybody else's is adopted as it is.
        if state is State.DOING:
            await self.recorder.move(step.address, State.CREATED, target_id=step.target_id)
        return True

    async def _adopt(self, step: Step) -> None:
        kind = all_kinds()[step.address.kind]
        await self._same_source(kind, step)
        there = await kind.wait(self.target, step.address)
        if there is None:
            raise _conflict(step, "it is gone")
        if found := kind.compare(step.address, step.body or {}, there):
            raise _conflict(step, f"{found[0].field} differs")
        await self._done(kind, step, there)

    async def _same_source(self, kind: Kind, step: Step) -> None:
        document = await self.source.get(kind.path(step.address))
        if document is None or kind.digest(Asset(step.address.item, document)) != step.source_sha256:
            raise DriftError(
                "The source asset is not what it was when the plan was made.",
                address=str(step.address),
                remedy="Make a new plan: it will hold just the difference.",
            )

    async def _read_back(self, kind: Kind, step: Step, body: Document) -> Document:
        why = "it is not there"
        for seconds in (*_READ_BACK_SECONDS, 0.0):
            there = await kind.wait(self.target, step.address)
            if there is not None:
                found = kind.compare(step.address, body, there)
                if not found:
                    return there
                why = f"{found[0].field} is {found[0].actual!r}, not {found[0].expected!r}"
            await asyncio.sleep(seconds)
        raise MigrateError(
            f"The target does not answer what was written: {why}.",
            address=str(step.address),
            remedy="Look at the asset in the target, then go on with `migrate run --resume`.",
        )

    async def _done(self, kind: Kind, step: Step, there: Document) -> None:
        new = str(there.get("id") or step.target_id)
        old = "" if step.address.archive else step.source_id
        await self.recorder.do(self.ledger.move, step.address, State.DONE, target_id=new, source_id=old)

    # Bytes.

    async def _bytes(self, step: Step, amount: Bytes) -> None:
        container = Location(amount.target.account, amount.target.container)
        own = await self.recorder.do(self.ledger.blobs, amount.target)

        def mine(path: str) -> str | None:
            return own.get(path) or self.prior.copied(Location(container.account, container.container, path))

        if step.action is Action.COPY:
            await self.recorder.move(step.address, State.DOING)
        arrived: list[tuple[str, str]] = []
        recorded = time.monotonic()

        async def copied(blob: Blob, path: str) -> None:
            nonlocal recorded
            arrived.append((path, blob.etag))
            now = time.monotonic()
            if len(arrived) >= _BATCH or now - recorded > _BATCH_SECONDS:
                recorded = now
                await self._record(container, arrived)

        try:
            note = await self.copier.copy(step, amount, mine, copied)
        finally:
            await self._record(container, arrived)
        await self.recorder.move(step.address, State.DONE, detail=note)

    async def _record(self, container: Location, arrived: list[tuple[str, str]]) -> None:
        batch = arrived.copy()
        arrived.clear()
        if batch:
            await self.recorder.do(self.ledger.copied, container, batch)


def _conflict(step: Step, why: str) -> ConflictError:
    return ConflictError(
        f"The target has another one that this tool did not make: {why}.",
        address=str(step.address),
        remedy="Remove or rename it in the target, then go on with `migrate run --resume`.",
    )
