"""The clock that whoever waits goes by: an argument, so that no test waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Goes on while the process is stopped or the machine asleep, and does not jump when the time is set: on Linux
# CLOCK_BOOTTIME alone (clock_gettime(2)), on macOS CLOCK_MONOTONIC itself (clock_gettime(3) there).
_LASTING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# Two clocks may differ by so much; what tells a later time than that tells a wrong one.
SKEW = timedelta(minutes=10)

# A read right after a write may be stale; it is asked again after these seconds before it counts.
READ_BACK_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)


def lasting() -> float:
    """Seconds on a clock that nothing stops."""
    return time.clock_gettime(_LASTING)


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds that only grow, a pause in them, and the time of day in UTC."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    today: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How something is waited for: pauses from `first` to `last` seconds, half as long again each time.

    `longest`: so many seconds after its beginning the wait is over. `stale`: for so long after a write what is not
    there is taken for a read that is behind.
    """

    clock: Clock = Clock()
    first: float = 0.5
    last: float = 15.0
    longest: float = 3600.0
    stale: float = 60.0


class Wait:
    """One wait under way."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._begun = pace.clock.now()
        self._next = pace.first

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return self._pace.clock.now() - self._begun

    @property
    def over(self) -> bool:
        """Whether the deadline has passed."""
        return self.spent >= self._pace.longest

    async def pause(self, asked: float | None = None) -> None:
        """Sleeps for as long as the service asked, else for the next pause; never far beyond the deadline.

        Who asks for no time at all (`Retry-After: 0`) names none: nobody is asked without a pause.
        """
        pause = max(asked, self._pace.first) if asked else self._next
        self._next = min(self._next * 1.5, self._pace.last)
        await self._pace.clock.sleep(max(0.0, min(pause, self._pace.longest - self.spent)))


def moment(text: object) -> datetime | None:
    """A time of an answer in ISO 8601, in UTC where it tells no offset; None for what cannot be read as one."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def stamp(when: datetime | None) -> str:
    """A time as files and answers have it: ISO 8601, in UTC, to the second; empty for none."""
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else ""
