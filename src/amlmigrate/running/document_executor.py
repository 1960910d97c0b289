"""A step that is about a document: read the source again, do the one changing call, read the target back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.givensecrets import GivenSecrets
from amlmigrate.cloud.operations import Ending, of_resource, under_way
from amlmigrate.cloud.retrying import retrying_late
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.clock import READ_BACK_SECONDS
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ConflictError, MigrateError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.state import State
from amlmigrate.core.writes import Accepted, Write
from amlmigrate.kinds import Kind, moving_kinds
from amlmigrate.kinds._base import STATE, WorkspacePort
from amlmigrate.ledger.asynchronous import AsyncLedger
from amlmigrate.running.sources import Sources
from amlmigrate.running.target_names import TargetNames

_READ_BEFORE_SECONDS = (0.5, 1.0)
# How long a call is repeated that is refused for what was made just before, and is not known everywhere yet.
_LATE_SECONDS = 120.0
_NAMED = 3
_HIDDEN = "what it holds is not shown"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DocumentExecutor:
    """Carries out steps between two workspaces. `present` is what the target held when the run began."""

    source: WorkspacePort
    target: WorkspacePort
    sources: Sources
    ledger: AsyncLedger
    present: dict[Address, Asset]
    prior: OwnershipRecord
    names: TargetNames
    given: GivenSecrets

    async def write(self, step: Step, state: State) -> None:
        """Creates or updates. Raises MigrateError."""
        kind = moving_kinds()[step.address.kind]
        body = step.body or {}
        if step.comes_with_version and await self._came(kind, step, body):
            return
        begun = state in (State.DOING, State.CREATED)
        # What an earlier attempt left is recorded first: whatever becomes of the step, that is the tool's own.
        recovered = begun and await self._recover(kind, step, body, state)
        await self.sources.refuse_changed(kind, step)
        # What an earlier attempt asked for and is there now was not there before it: it is put to rest as what is
        # accepted now, though of a kind that names no origin nothing else shows whose it is.
        accepted = Accepted({}) if begun else None
        if not recovered and not await self._in_place(kind, step, body, fresh=begun):
            if step.address.phase and kind.versioned and step.address.version is None:
                await self.names.refuse_hiding(kind, step.address)
            await self.ledger.move(step.address, State.DOING)
            accepted = await self._apply(kind, step, body, begun=begun)
        await self._done(kind, step, await self._settled(kind, step, body, accepted))

    async def _came(self, kind: Kind, step: Step, body: Document) -> bool:
        """Whether the name is there as its first version brought it: then nothing is written, and it is recorded.

        The source is not read again, since nothing acts upon it.
        """
        there = await self.names.find(kind, step.called) or await kind.read(self.target, step.called)
        if there is None or kind.differences(step.address, body, there):
            return False
        if await self.names.ours(step.called):
            await self.ledger.move(step.address, State.DOING)
            await self.ledger.move(step.address, State.CREATED, target_id=step.target_id)
        await self._done(kind, step, there)
        return True

    async def adopt(self, step: Step) -> None:
        """Compares what is there once more. Raises MigrateError."""
        kind = moving_kinds()[step.address.kind]
        listed = await self.names.find(kind, step.called)
        if listed and not kind.differences(step.address, step.body or {}, listed):
            # All names of a kind by one list; nothing acts upon their source.
            await self._done(kind, step, listed)
            return
        await self.sources.refuse_changed(kind, step)
        there = await self._at_rest(kind, step)
        if str(step.called) in self.prior.asked_for:
            # An earlier plan's run may have ended before that.
            there = await kind.put_to_rest(self.target, step.called, there)
        if there is None:
            raise _foreign(step, "it is gone")
        if found := kind.differences(step.address, step.body or {}, there):
            raise _foreign(step, f"{found[0].field} differs")
        await self._done(kind, step, there)

    async def _recover(self, kind: Kind, step: Step, body: Document, state: State) -> bool:
        """Whether an earlier attempt has made what is there; if so, that is recorded.

        What the service had accepted, or is still at work on, is waited for, and never written again meanwhile.
        Raises ProvisioningFailedError, NotSettledError.
        """
        there = await self._come_about(kind, step, state)
        if there is None or kind.differences(step.address, body, there) or not kind.made(body, there):
            return False
        await self.ledger.move(
            step.address, State.CREATED, target_id=step.target_id, target_sha256=kind.state(there)
        )
        return True

    async def _come_about(self, kind: Kind, step: Step, state: State) -> Document | None:
        if state is State.CREATED:
            operation = await self.ledger.operation(step.address)
            return await kind.settle(self.target, step.called, Accepted({}, operation=operation))
        return await self._at_rest(kind, step)

    async def _at_rest(self, kind: Kind, step: Step) -> Document | None:
        """What the target has, once the service is at work on it no more, whoever asked for that.

        Raises ProvisioningFailedError, NotSettledError.
        """
        there = await kind.read(self.target, step.called)
        return await kind.settle(self.target, step.called) if under_way(there) else there

    async def _in_place(self, kind: Kind, step: Step, body: Document, *, fresh: bool) -> bool:
        """Whether the target has it already. Raises ConflictError where the PUT would take something away."""
        if step.action is Action.UPDATE:
            return await self._updated(kind, step, body)
        there = await self._there(kind, step, fresh=fresh)
        if there is None:
            return False
        found = kind.differences(step.address, body, there)
        if not found and kind.hides and not kind.made(body, there):
            raise _foreign(step, _HIDDEN)
        # Begun before: of a kind that names no origin, only its body says whose it is. An attempt that was refused
        # began it too, so one that somebody made alike since, and that failed, is taken for the tool's own.
        asked = fresh and {one.field for one in found} == {STATE}
        if (
            not found
            or kind.is_placeholder(step.called, there)
            or (asked and of_resource(there) is Ending.FAILED)
            or await self._failed_before(kind, step, body, there)
        ):
            return not found
        raise (_altered if fresh and kind.made(body, there) else _foreign)(step, f"{found[0].field} differs")

    async def _failed_before(self, kind: Kind, step: Step, body: Document, there: Document) -> bool:
        """Whether the service failed at what an earlier attempt of this step asked for: it is written anew."""
        if of_resource(there) is not Ending.FAILED:
            return False
        return kind.made(body, there) or await self.ledger.creates(step.address)

    async def _there(self, kind: Kind, step: Step, *, fresh: bool) -> Document | None:
        """What the target has where something is to be created.

        Of most versions the picture of when the run began is enough: the answer to a PUT tells of one that came
        since.
        """
        if fresh or kind.read_before_put(step.address):
            return await kind.read(self.target, step.called)
        known = self.present.get(step.called)
        return known.document if known else None

    async def _updated(self, kind: Kind, step: Step, body: Document) -> bool:
        """Whether an update is there already. Raises ConflictError where it would take the place of another."""
        expected = step.target_sha256 or await self._left(step)
        fields = "it is gone"
        for seconds in (*_READ_BEFORE_SECONDS, 0.0):
            there = await self._at_rest(kind, step)
            if there is not None:
                found = kind.differences(step.address, body, there)
                known = kind.state(there) == expected or await self._failed_before(kind, step, body, there)
                if not found or known:
                    return not found
                fields = ", ".join(difference.field for difference in found[:_NAMED])
            await asyncio.sleep(seconds)
        raise ConflictError(
            f"The target's is not what it was when the plan was made: {fields}.",
            address=str(step.address),
            remedy="Find out who changed it in the target and why, then make a new plan.",
        )

    async def _left(self, step: Step) -> str | None:
        """The digest of a document as the tool left it: this plan's own writes of it, or an earlier plan's.

        None where it is not the tool's own.
        """
        own = await self.ledger.left_of(step.address.item)
        if own is not None:
            return own
        return self.prior.left.get(str(step.called)) if self.prior.owns(step.called) else None

    async def _apply(self, kind: Kind, step: Step, body: Document, *, begun: bool) -> Accepted | None:
        """The one changing call, and its answer, which is recorded before anything is waited for.

        A refusal because something is there is settled by reading it; None where that is somebody else's, which is
        taken as it is, and stays theirs.
        """
        told = await kind.secrets(self.source, self.target, step.address.item, body)
        filled = await self.given.filled(step.address, told)
        try:
            write = Write(filled, step.address.phase)
            accepted = await retrying_late(
                lambda: kind.apply(self.target, step.called, write),
                kind.late,
                seconds=_LATE_SECONDS,
                waiting=lambda error: _log.info("Waiting for what is not known everywhere yet: %s", error),
            )
        except ServiceError as error:
            if kind.regional and error.name_taken:
                raise _of_others(step, error) from error
            if not error.taken:
                raise
            there = await kind.read(self.target, step.called)
            if there is None:
                raise
            if found := kind.differences(step.address, body, there):
                raise _foreign(step, f"{found[0].field} differs") from error
            if not kind.made(body, there):
                if kind.hides:
                    raise _foreign(step, _HIDDEN) from error
                return None
            accepted = Accepted(there)
        else:
            if step.action is Action.CREATE and accepted.existed and not begun:
                await self._refuse_appeared(kind, step)
        new = str(accepted.document.get("id") or step.target_id)
        await self.ledger.move(step.address, State.CREATED, target_id=new, operation=accepted.operation)
        return accepted

    async def _refuse_appeared(self, kind: Kind, step: Step) -> None:
        """A version that was there when it was put, and not when the run began, is somebody else's."""
        if kind.read_before_put(step.address):
            return
        # Not under way any more: what a later run finds there, this step did not make.
        await self.ledger.move(step.address, State.PENDING)
        raise ConflictError(
            "It appeared in the target while the plan was run: somebody else made it, and its description and tags"
            " may now be the source's.",
            address=str(step.address),
            remedy="Agree with whoever created it what it should be, then continue with `migrate run --resume`.",
        )

    async def _settled(self, kind: Kind, step: Step, body: Document, accepted: Accepted | None) -> Document:
        """The document as the target answers it once the write has come about."""
        why = "it is not there"
        there = await kind.settle(self.target, step.called, accepted)
        for seconds in (*READ_BACK_SECONDS, 0.0):
            if there is not None:
                found = kind.differences(step.address, body, there)
                if not found:
                    return there
                why = f"{found[0].field} is {found[0].actual!r}, not {found[0].expected!r}"
            await asyncio.sleep(seconds)
            there = await kind.read(self.target, step.called)
        raise MigrateError(
            f"The target does not answer what was written: {why}.",
            address=str(step.address),
            remedy="Look at the asset in the target, then continue with `migrate run --resume`.",
        )

    async def _done(self, kind: Kind, step: Step, there: Document) -> None:
        new = str(there.get("id") or step.target_id)
        old = "" if step.address.phase else step.source_id
        await self.ledger.move(
            step.address, State.DONE, target_id=new, target_sha256=kind.state(there), source_id=old
        )


def _altered(step: Step, why: str) -> ConflictError:
    return ConflictError(
        f"The target has it otherwise than it was written: {why}.",
        address=str(step.address),
        remedy="Find out who changed it in the target and why, remove it there, then continue with `migrate run"
        " --resume`: it is created again.",
    )


def _foreign(step: Step, why: str) -> ConflictError:
    return ConflictError(
        f"The target has a different one that this tool did not create: {why}.",
        address=str(step.address),
        remedy="Remove or rename it in the target, then continue with `migrate run --resume`.",
    )


def _of_others(step: Step, error: ServiceError) -> ConflictError:
    name = step.called.name
    return ConflictError(
        f"Something else of the region has the name '{name}', in a workspace that this plan does not read:"
        f" {error.message.rstrip('.')}. Plan again with --rename and another name.",
        address=str(step.address),
        remedy=f"Write a CSV file with the columns address and name and a line '{step.address.item},NEW-NAME';"
        " then make a new plan with --rename FILE, and run that.",
    )
