"""Calls that a key gates, and when each is refused and answered again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.parallel import gathered
from amlmigrate.drilling.model import BackEnd, DownEnd, Measured, ProbeLook, ProbeReply
from amlmigrate.drilling.port import DrillClock

# So often each is called: no time that is told is more exact than that.
EVERY_SECONDS = 10.0
_SLICE_SECONDS = 1.0
# A call that is not answered within this time says nothing.
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A call that the key gates; `missing` says why there is none, or why it cannot be made."""

    id: str
    kind: str
    name: str
    call: str
    ask: Callable[[], Awaitable[object]]
    missing: str = ""

    @property
    def measured(self) -> Measured:
        """Of which nothing is known yet."""
        return Measured(self.id, self.kind, self.name, self.call, note=self.missing)

    async def look(self) -> ProbeLook:
        """Makes it once. A refusal that does not name the key is one in other words."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.ask()
        except ServiceError as error:
            return ProbeLook(_of(error), error.summary)
        except MigrateError as error:
            return ProbeLook(ProbeReply.UNKNOWN, error.summary)
        except TimeoutError:
            return ProbeLook(ProbeReply.UNKNOWN, f"{self.call} got no answer in {PATIENCE_SECONDS:.0f} seconds.")
        return ProbeLook(ProbeReply.ANSWERED)


def _of(error: ServiceError) -> ProbeReply:
    if error.key_trouble is not None:
        return ProbeReply.REFUSED
    return ProbeReply.OTHERWISE if error.status in (401, 403) else ProbeReply.UNKNOWN


@dataclass(frozen=True, slots=True)
class TimedLook(ProbeLook):
    """One such call with when it began and ended, by the clock that only grows."""

    begun: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A call with what was seen of it so far."""

    probe: Probe
    seen: Measured


async def before(probes: Iterable[Probe]) -> list[Watched]:
    """Each call made once while the key is there: one that is not answered now measures nothing."""
    watched = [Watched(one, one.measured) for one in probes]
    able = [one for one in watched if not one.probe.missing]
    for one, look in await _looks(able, DrillClock()):
        if look.reply is ProbeReply.ANSWERED:
            one.seen.down = DownEnd.UNKNOWN
        else:
            one.seen.note = f"not answered before the drill: {look.told}"
    return watched


async def down(
    watched: Sequence[Watched],
    clock: DrillClock,
    times: tuple[datetime, datetime],
    ending: Callable[[], Awaitable[str]],
    stopping: Callable[[], bool],
) -> str:
    """Calls all until each was refused, the limit is reached, or `ending` says why to end before.

    `times`: when the version was disabled, as the vault notes it, and the limit.

    Returns what `ending` said, empty where it did not end it.
    """
    since, until = times
    begun, why = _ago(clock, since), ""
    left = [one for one in watched if one.seen.down is DownEnd.UNKNOWN]
    while True:
        for one, look in await _looks(left, clock):
            _note_down(one.seen, look, begun)
        left = [one for one in left if one.seen.down not in (DownEnd.REFUSED, DownEnd.OTHERWISE)]
        why = await ending()
        if not left or why or stopping() or clock.now() >= until:
            break
        await _pause(clock, (until - clock.now()).total_seconds(), stopping)
    over = clock.now() >= until
    for one in left:
        if one.seen.down is DownEnd.ANSWERED and not over:
            one.seen.down = DownEnd.CUT_SHORT
    return why


def _ago(clock: DrillClock, when: datetime) -> float:
    """A time of Azure's by the clock that only grows."""
    return clock.clock.now() - max(0.0, (clock.now() - when).total_seconds())


def _note_down(seen: Measured, look: TimedLook, begun: float) -> None:
    """It refused by the end of a call that was refused, and had not when one that was answered began."""
    if look.reply in (ProbeReply.REFUSED, ProbeReply.OTHERWISE):
        seen.down = DownEnd.REFUSED if look.reply is ProbeReply.REFUSED else DownEnd.OTHERWISE
        seen.refused_after, seen.note = look.ended - begun, look.told
    elif look.reply is ProbeReply.ANSWERED:
        seen.down, seen.answered_until, seen.note = DownEnd.ANSWERED, max(0.0, look.begun - begun), ""
    else:
        seen.down, seen.note = DownEnd.UNKNOWN, look.told


async def back(
    watched: Sequence[Watched],
    clock: DrillClock,
    since: datetime | None,
    longest: float,
    stopping: Callable[[], bool],
) -> None:
    """Calls all that were measured until each answers, for so many seconds at most; `since` the version is
    enabled: None where that is not known, and then no seconds are told."""
    begun = _ago(clock, since or clock.now())
    left = [one for one in watched if one.seen.down is not DownEnd.UNMEASURED]
    for one in left:
        one.seen.back = BackEnd.NOT_SEEN
    while left:
        for one, look in await _looks(left, clock):
            if look.reply is ProbeReply.ANSWERED:
                one.seen.back = BackEnd.ANSWERS
                one.seen.back_after = look.ended - begun if since else None
            else:
                one.seen.note = look.told
                one.seen.silent_until = max(0.0, look.begun - begun) if since else None
        left = [one for one in left if one.seen.back is BackEnd.NOT_SEEN]
        after = clock.clock.now() - begun
        if after >= longest or stopping():
            return
        if left:
            await _pause(clock, longest - after, stopping)


async def _looks(some: Sequence[Watched], clock: DrillClock) -> list[tuple[Watched, TimedLook]]:
    """All at once, each with times of its own: one that is slow says nothing of another."""

    async def timed(one: Watched) -> TimedLook:
        begun = clock.clock.now()
        look = await one.probe.look()
        return TimedLook(look.reply, look.told, begun, clock.clock.now())

    looks = await gathered({number: timed(one) for number, one in enumerate(some)})
    return [(one, looks[number]) for number, one in enumerate(some)]


async def _pause(clock: DrillClock, longest: float, stopping: Callable[[], bool]) -> None:
    """Until the next round, in slices, so that nobody who wants an end waits for all of it."""
    left = max(0.0, min(EVERY_SECONDS, longest))
    while left > 0 and not stopping():
        await clock.clock.sleep(min(_SLICE_SECONDS, left))
        left -= _SLICE_SECONDS
