"""The time: strictly increasing ticks of 100 nanoseconds, and the two ways the services write them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

TICKS_PER_SECOND = 10_000_000


class Clock:
    """Tells the time. No two ticks are equal, so that `newest by creation time` always has one answer."""

    def __init__(self, time_ns: Callable[[], int] = time.time_ns) -> None:
        self._time_ns = time_ns
        self._last = 0

    def now(self) -> float:
        """Seconds since 1970."""
        return self._time_ns() / 1e9

    def tick(self) -> int:
        """Ticks of 100 ns since 1970, later than every tick before."""
        self._last = max(self._last + 1, self._time_ns() // 100)
        return self._last


def _written(ticks: int) -> str:
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    # The services cut trailing zeros of the fraction (AZ-ARM-21).
    digits = f"{fraction:07d}".rstrip("0")
    return f"{whole}.{digits}" if digits else whole


def asset_time(ticks: int) -> str:
    """As assets and datastores have it: `2026-03-03T19:07:42.2697606+00:00`."""
    return _written(ticks) + "+00:00"


def tracked_time(ticks: int) -> str:
    """As workspaces, connections and ARM itself have it: `2025-11-04T04:54:09.2712327Z`."""
    return _written(ticks) + "Z"


def version_time(ticks: int) -> str:
    """The timestamp form of `nextVersion`: `2026-03-27-04-08-37-9797176` (AZ-LIST-9)."""
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d-%H-%M-%S-") + f"{fraction:07d}"
