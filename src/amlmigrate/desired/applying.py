"""Carries the steps out one after the other, each read back; what is there stays, so any run can be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.operations import Ending, of_resource
from amlmigrate.cloud.resources import Resources
from amlmigrate.cloud.retrying import retrying_late
from amlmigrate.core import unexpected_errors
from amlmigrate.core.errors import IncompleteError, MigrateError, RefusedError
from amlmigrate.core.few import many
from amlmigrate.desired import deciding, refusals
from amlmigrate.desired.deciding import Looker, PlannedPart
from amlmigrate.desired.known import K
from amlmigrate.desired.parts import document_of
from amlmigrate.desired.steps import DesiredStep, DesiredVerb

# Pauses double up to this one: reads may be behind a write for about a minute.
_LONGEST_PAUSE = 32.0


@dataclass(frozen=True, slots=True)
class Applied:
    """How many steps changed something, what is still to be heeded of what is there now, and what was changed."""

    changed: int
    warnings: tuple[str, ...]
    done: tuple[str, ...] = ()


async def apply(planned: Sequence[PlannedPart[K]], looker: Looker[K], *, patience: float) -> Applied:
    """Does what is not done.

    `patience` is in seconds: for so long a right that was given may take to arrive. Raises what Azure refuses, and
    RefusedError where a step would now do what nobody agreed to, with how many steps were done by then.
    """
    known, done, warnings = looker.nothing, list[str](), list[str]()
    steps = sum(1 for each in planned if each.step.verb is not DesiredVerb.EXISTS)
    for each in planned:
        now = each
        try:
            if each.step.verb is not DesiredVerb.EXISTS:
                now = await looker.look(each.part, known)
                _as_agreed(each, now, looker.telling.refused)
            if now.step.verb.writes:
                looker.allowed(now)
                now = await _Doing(each, looker, known).done(now.step, patience)
                done.append(each.part.what)
        except Exception as wrong:
            raise _told(unexpected_errors.known(each.part.id, wrong), done, steps) from wrong
        known = now.learned(known)
        warnings += [f"{each.part.what}: {note}" for note in now.step.notes if note.startswith("warning: ")]
    return Applied(len(done), tuple(warnings), tuple(done))


def _as_agreed(planned: PlannedPart[K], now: PlannedPart[K], refused_as: str) -> None:
    """Raises RefusedError for a step that is refused by now, or does more than was shown and agreed to."""
    deciding.check([now.step], planned.part.id, refused_as, begun=True)
    if more := [one for one in now.asks if one not in planned.asks]:
        raise RefusedError(
            f"The {planned.part.what} is not as it was when the plan was shown: more than that would be done.",
            reasons=tuple(more),
            address=planned.part.id,
            remedy="Run the same command again, and look at its plan.",
        )


def _half_made(step: DesiredStep, now: PlannedPart[K]) -> bool:
    """Whether what is there is what the refused attempt of this creation left, and no other's."""
    made = step.verb is DesiredVerb.CREATE and now.others is None
    return made and of_resource(document_of(now.found)) is Ending.FAILED


def _told(error: MigrateError, done: Sequence[str], steps: int) -> MigrateError:
    """The error, which also says how far it went."""
    far = f"{len(done)} of {many(steps, 'step was', 'steps were')} done" + (
        f": {', '.join(done)}." if done else "."
    )
    error.summary = f"{error.summary} {far}"
    error.done = tuple(done)
    error.remedy = error.remedy or "Run the same command again: what is done stays."
    return error


class _OtherwiseError(Exception):
    """What is there changed since the step was decided: another one is due."""

    def __init__(self, due: DesiredStep) -> None:
        super().__init__("another step is due")
        self.due = due


class _Doing(Generic[K]):
    """One step being carried out: `agreed` is what was shown of it."""

    def __init__(self, agreed: PlannedPart[K], looker: Looker[K], known: K) -> None:
        self._agreed, self._part, self._looker, self._known = agreed, agreed.part, looker, known
        self._port, self._telling = looker.port, looker.telling
        self._tried = False

    async def done(self, step: DesiredStep, patience: float) -> PlannedPart[K]:
        """Acts until it is there. Raises what Azure refuses, with its remedy."""
        self._telling.doing(step)
        try:
            await retrying_late(lambda: self._once(step), self._is_late, seconds=patience, waiting=self._waiting)
        except ServiceError as error:
            raise refusals.explained(error, self._part.id, self._part.instead(step)) from error
        after = await self._read_back()
        if after.step.verb is not DesiredVerb.EXISTS:
            raise IncompleteError(
                f"The {self._part.what} is not what was asked for after all: {'; '.join(after.step.notes)}",
                address=self._part.id,
                remedy="Look at it in the portal, then run the same command again.",
            )
        if unmet := self._part.unmet(after.found):
            raise IncompleteError(
                f"The {self._part.what} was made, and not as it was asked for: {' '.join(unmet)}",
                address=self._part.id,
                remedy="Fix that by hand before the workspace is used; the same command then continues.",
            )
        self._telling.done(step)
        return after

    async def _once(self, step: DesiredStep) -> None:
        """The step, or what is due by then in its place."""

        async def before() -> None:
            await self._look_again(step)

        port = replace(self._port, resources=Resources(self._port.resources.arm, before))
        try:
            await self._part.act(port, step)
        except _OtherwiseError as now:
            if now.due.verb.writes:
                await self._once(now.due)
        except ServiceError as error:
            # A conflict may be this very change, made by an answer that was lost or by a run that was killed.
            if error.status not in (409, 412) or (await self._look()).step.verb is not DesiredVerb.EXISTS:
                raise

    async def _look_again(self, step: DesiredStep) -> None:
        """Before each attempt but the first, which comes right after a look: later ones come minutes after it.

        Where a right is late, and where Azure throttles. Raises _OtherwiseError where by now another step is due,
        RefusedError for one that nobody agreed to, as of a thing that others made.
        """
        if not self._tried:
            self._tried = True
            return
        now = await self._look()
        if _half_made(step, now):
            return
        _as_agreed(self._agreed, now, self._telling.refused)
        self._looker.allowed(now)
        # Of a creation the body may tell the time; what it would write over is nothing as long as one is due.
        if now.step.verb is not step.verb or (step.verb is DesiredVerb.UPDATE and now.step.change != step.change):
            raise _OtherwiseError(now.step)

    async def _look(self) -> PlannedPart[K]:
        return await self._looker.look(self._part, self._known)

    async def _read_back(self) -> PlannedPart[K]:
        """What is there now; what still looks as before is read again, since reads may be behind."""
        if self._part.settles:
            await self._looker.settle(self._part, written=True)
        pause = 0.25
        while (after := await self._look()).step.verb is not DesiredVerb.EXISTS and pause < _LONGEST_PAUSE:
            await asyncio.sleep(pause)
            pause *= 2
        return after

    def _is_late(self, error: BaseException) -> bool:
        return self._part.awaits_grants and refusals.is_late(error)

    def _waiting(self, error: BaseException) -> None:
        why = f"waiting for the grant to arrive: {error}"
        self._telling.waiting(self._part.what, self._part.id, why)
