"""Carries the steps out one after the other, each read back; what is there stays, so any run can be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.retrying import retrying_late
from amlmigrate.cmk.provisioning import planning, refusals
from amlmigrate.cmk.provisioning.known import Known
from amlmigrate.cmk.provisioning.parts.base import Part, Port
from amlmigrate.cmk.provisioning.planning import Planned
from amlmigrate.cmk.provisioning.steps import Step, Verb
from amlmigrate.core.errors import IncompleteError
from amlmigrate.core.events import Emit, Event

# Pauses double up to this one: reads may be behind a write for about a minute.
_LONGEST_PAUSE = 32.0


async def apply(planned: Sequence[Planned], port: Port, emit: Emit, *, patience: float) -> int:
    """Does what is not done; returns how many steps changed something.

    `patience` is in seconds: for so long a right that was given may take to arrive.
    """
    known, changed = Known(), 0
    for each in planned:
        now = each
        if each.step.verb is not Verb.EXISTS:
            now = await planning.look(each.part, port, known, emit)
            planning.check([now.step], each.part.id, changed=changed)
        if now.step.verb.writes:
            now = await _Doing(each.part, port, known, emit).done(now.step, patience)
            changed += 1
        known = each.part.learn(now.found, known)
    return changed


class _Doing:
    """One step being carried out."""

    def __init__(self, part: Part, port: Port, known: Known, emit: Emit) -> None:
        self._part, self._port, self._known, self._emit = part, port, known, emit

    async def done(self, step: Step, patience: float) -> Planned:
        """Acts until it is there. Raises what Azure refuses, with its remedy."""
        self._emit(Event("provision.doing", step.as_dict()))
        try:
            await retrying_late(lambda: self._once(step), self._is_late, seconds=patience, waiting=self._waiting)
        except ServiceError as error:
            raise refusals.explained(error, self._part.id, self._part.instead(step)) from error
        after = await self._read_back()
        if after.step.verb is not Verb.EXISTS:
            raise IncompleteError(
                f"The {self._part.what} is not what was asked for after all: {'; '.join(after.step.notes)}",
                address=self._part.id,
                remedy="Look at it in the portal, then run the same command again.",
            )
        if unmet := self._part.unmet(after.found):
            raise IncompleteError(
                f"The {self._part.what} was made, and not as it was asked for: {' '.join(unmet)}",
                address=self._part.id,
                remedy="Set that right by hand before the workspace is used; the same command then goes on.",
            )
        self._emit(Event("provision.done", step.as_dict()))
        return after

    async def _once(self, step: Step) -> None:
        try:
            await self._part.act(self._port, step)
        except ServiceError as error:
            # A conflict may be this very change, made by an answer that was lost or by a run that was killed.
            if error.status not in (409, 412) or (await self._look()).step.verb is not Verb.EXISTS:
                raise

    async def _look(self) -> Planned:
        return await planning.look(self._part, self._port, self._known, self._emit)

    async def _read_back(self) -> Planned:
        """What is there now; what still looks as before is read again, since reads may be behind."""
        if self._part.settles:
            await planning.settle(self._part, self._port, self._emit, written=True)
        pause = 0.25
        while (after := await self._look()).step.verb is not Verb.EXISTS and pause < _LONGEST_PAUSE:
            await asyncio.sleep(pause)
            pause *= 2
        return after

    def _is_late(self, error: BaseException) -> bool:
        return self._part.awaits_grants and refusals.is_late(error)

    def _waiting(self, error: BaseException) -> None:
        why = f"waiting for the grant to arrive: {error}"
        self._emit(Event("provision.waiting", {"what": self._part.what, "id": self._part.id, "why": why}))
