"""Token buckets after ARM's own: calls wait here instead of being refused there.

AZ-PACE-1, per region, subscription and principal: reads 250 and 25 a second, writes and deletes 200 and 10 a
second each.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType

from amlmigrate.cloud.errors import THROTTLED, ServiceError
from amlmigrate.cloud.retrying import THROTTLED_SECONDS

_LIMITS = {"reads": (250, 25.0), "writes": (200, 10.0), "deletes": (200, 10.0)}
# Left for others of the same subscription and principal, and for what is under way.
_RESERVE = 2.0
# What storage says, with 503 or 500, where it is asked for more than it can do (AZ-PACE-3); vaults say 429
# (AZ-PACE-5).
_TOO_MUCH = (THROTTLED, 503)
_BUSY = frozenset({"ServerBusy", "OperationTimedOut"})
_SCOPES = ("subscription", "subscription-global", "tenant", "tenant-global")


def kind_of_call(method: str) -> str:
    """Which bucket a method draws on; POST counts as a write (AZ-PACE-2)."""
    if method in ("GET", "HEAD"):
        return "reads"
    return "deletes" if method == "DELETE" else "writes"


def floor_seconds(calls: Iterable[tuple[int, int]]) -> float:
    """The least time in which ARM lets one principal make so many reads and writes, with all buckets full.

    `calls` has those of each subscription, whose buckets are its own (AZ-PACE-1): the longest counts.
    """
    wanted = (pair for reads, writes in calls for pair in (("reads", reads), ("writes", writes)))
    return max((max(0.0, (count - _LIMITS[name][0]) / _LIMITS[name][1]) for name, count in wanted), default=0.0)


@dataclass(slots=True)
class Bucket:
    """One kind of call: tokens now, refilled by the second, corrected by what the service says remains.

    Who comes first goes first: the first in the line waits for a token, the others for the first.
    """

    capacity: float
    refill: float
    tokens: float
    at: float = field(default_factory=time.monotonic)
    paused_until: float = 0.0
    in_flight: int = 0
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)

    def _refilled(self, now: float) -> None:
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.refill)
        self.at = now

    async def take(self) -> None:
        """Waits for a token, and through a pause."""
        async with self._line:
            # A pause, or the service's word, may come while the first one waits.
            while (seconds := self._missing()) > 0:  # noqa: ASYNC110 - time passes, nothing happens
                await asyncio.sleep(seconds)
            self.tokens -= 1
            self.in_flight += 1

    def _missing(self) -> float:
        """Seconds until the next token can be taken."""
        now = time.monotonic()
        self._refilled(now)
        return max(self.paused_until - now, (1 - self.tokens) / self.refill)

    def spend(self) -> None:
        """Takes a token for a call that has been made already: those that come next wait for it."""
        self._refilled(time.monotonic())
        self.tokens -= 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a token, and says that the call ended."""
        await self.take()
        try:
            yield
        finally:
            self.give_back()

    def failed(self, error: ServiceError) -> None:
        """All calls of its kind wait with one that is throttled, unless for longer than any call is waited for."""
        if error.status == THROTTLED and (error.retry_after or 0.0) <= THROTTLED_SECONDS:
            self.pause(error.retry_after or 1.0)

    def give_back(self) -> None:
        """Says that a call ended."""
        self.in_flight -= 1

    def learn(self, remaining: float) -> None:
        """Takes the word of an answer for what remains; the other calls under way are not in its figure yet."""
        self._refilled(time.monotonic())
        self.tokens = min(self.capacity, remaining - max(0, self.in_flight - 1) - _RESERVE)

    def pause(self, seconds: float) -> None:
        """Lets nobody through for so long."""
        now = time.monotonic()
        self.paused_until = max(self.paused_until, now + seconds)
        self.tokens = min(self.tokens, 1.0)
        self.at = max(self.at, now)


class Pacer:
    """The buckets of one principal, a set for each subscription."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def bucket(self, subscription: str, method: str) -> Bucket:
        """The bucket that a call draws on."""
        kind = kind_of_call(method)
        key = (subscription.lower(), kind)
        if key not in self._buckets:
            capacity, refill = _LIMITS[kind]
            self._buckets[key] = Bucket(capacity, refill, capacity)
        return self._buckets[key]

    @staticmethod
    def learn(bucket: Bucket, headers: Mapping[str, str], method: str) -> None:
        """Reads what remains by the `x-ms-ratelimit-remaining-*` headers of an answer: the least of them counts.

        ARM names the caller's own bucket, and that of all callers of the subscription or tenant (`global`).
        """
        kind = kind_of_call(method)
        told = (headers.get(f"x-ms-ratelimit-remaining-{scope}-{kind}") for scope in _SCOPES)
        if remaining := [float(text) for text in told if text and text.isdigit()]:
            bucket.learn(min(remaining))


class Crowd:
    """How many calls may be under way at once: half as many when the service is busy, more while all goes well.

    Storage names no rate and no bucket; it answers 503 `ServerBusy` (AZ-PACE-3).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = float(most)
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = 0.0

    async def __aenter__(self) -> Crowd:
        while self._under_way >= int(self.limit):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._call_next()
                raise
        self._under_way += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._under_way -= 1
        if kind is None:
            self.limit = min(float(self._most), self.limit + 1 / self.limit)
        self._call_next()

    def _call_next(self) -> None:
        room = int(self.limit) - self._under_way
        while room > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                room -= 1

    def turn(self) -> Crowd:
        """Waits for a place, and keeps it while a call is made."""
        return self

    def failed(self, error: ServiceError) -> None:
        """A service that is asked for more than it can do gets fewer calls."""
        if error.status in _TOO_MUCH or error.code in _BUSY:
            self.busy()

    def busy(self) -> None:
        """Halves the crowd; what was sent at the same time and refused with it counts once."""
        now = time.monotonic()
        if now - self._halved_at >= 1.0:
            self._halved_at = now
            self.limit = max(1.0, self.limit / 2)
