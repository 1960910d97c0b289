"""Azure's clock, as the answers of ARM show it.

RFC 9110, 6.6.1: a server with a clock sends `Date` with each answer of 2xx, 3xx and 4xx. ARM and all
providers behind it do (AZ-ARM-5). An answer with `Age` came from a cache, and its date is old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from amlmigrate.core.clock import lasting


class ServiceClock:
    """The time of the last answer, and how long ago that was by a clock that nobody sets."""

    def __init__(self, ticks: Callable[[], float] = lasting) -> None:
        self._ticks = ticks
        self._seen: tuple[datetime, float] | None = None

    def learn(self, headers: Mapping[str, str]) -> None:
        """Takes the time of an answer; one that has none, or none that can be read, changes nothing."""
        text = headers.get("Date")
        if not text or headers.get("Age"):
            return
        try:
            read = parsedate_to_datetime(text)
        except ValueError:
            return
        self._seen = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC), self._ticks()

    def now(self) -> datetime | None:
        """Now, to a second or two; None before the first answer that told."""
        if self._seen is None:
            return None
        then, ticks = self._seen
        return then + timedelta(seconds=self._ticks() - ticks)
