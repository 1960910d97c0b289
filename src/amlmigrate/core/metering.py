"""How far work has come: counted where it is done, shown by whoever shows it.

A stage begins to count (`counting`) and says what it works on (`working_on`); whoever moves bytes below it says
how many (`moved`), and needs to know neither stage nor view. Where nobody counts nothing is counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

# A rate is that of the last minute; of less than a second there is none.
_WINDOW, _LEAST = 60.0, 1.0


@dataclass(frozen=True, slots=True)
class Amount:
    """So many blobs, with so many bytes. Where bytes are only compared, those of both sides count."""

    blobs: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.blobs + other.blobs, self.bytes + other.bytes)

    def at_most(self, other: Amount) -> Amount:
        """The lesser of each: a file that was read twice is still one."""
        return Amount(min(self.blobs, other.blobs), min(self.bytes, other.bytes))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far it has come at a moment.

    `rate` is in bytes a second, None where nothing was measured yet. `left` is in seconds: as measured, or the
    least that Azure allows (`measured` says which); None where neither is known. `under_way` has addresses with
    the seconds since each was begun, the longest first.
    """

    items: int
    all_items: int
    moved: Amount
    all: Amount
    rate: float | None
    left: float | None
    measured: bool
    elapsed: float
    under_way: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class _Work:
    began: float
    total: Amount
    moved: Amount = Amount()


@dataclass(slots=True)
class Meter:
    """Counts items of work. Those without bytes are calls, whose pace ARM limits: `floor` seconds for them all."""

    items: int
    total: Amount
    # What was done by an earlier run.
    done: int = 0
    moved: Amount = Amount()
    # How many of all items have no bytes, and how many of those are done.
    calls: int = 0
    called: int = 0
    floor: float = 0.0
    now: Callable[[], float] = time.monotonic
    _under_way: dict[str, _Work] = field(default_factory=dict)
    _began: float = 0.0
    _samples: deque[tuple[float, int, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._began = self.now()
        self._samples.append((self._began, self.moved.bytes, self.called))

    def begin(self, address: str, total: Amount) -> None:
        """One item is under way."""
        self._under_way[address] = _Work(self.now(), total)

    def move(self, address: str, amount: Amount) -> None:
        """So much of it is done."""
        if work := self._under_way.get(address):
            work.moved += amount

    def end(self, address: str, *, done: bool) -> None:
        """It is under way no more; what is done is done whole, also what was there before."""
        work = self._under_way.pop(address)
        self.moved += work.total if done else work.moved.at_most(work.total)
        if done:
            self.done += 1
            self.called += work.total == Amount()

    def snapshot(self) -> Snapshot:
        """How far it has come; what draws it asks from a thread of its own, while work begins and ends."""
        now, moved, works = self.now(), self.moved, self._under_way.copy()
        for work in works.values():
            moved += work.moved.at_most(work.total)
        moved = moved.at_most(self.total)
        rate, calls = self._rates(now, moved.bytes)
        left, measured = self._left(self.total.bytes - moved.bytes, rate, calls)
        under_way = sorted(((name, now - work.began) for name, work in works.items()), key=_longest)
        elapsed = now - self._began
        return Snapshot(self.done, self.items, moved, self.total, rate, left, measured, elapsed, tuple(under_way))

    def _rates(self, now: float, moved: int) -> tuple[float | None, float | None]:
        """Bytes and calls a second, over the last minute."""
        while len(self._samples) > 1 and now - self._samples[1][0] >= _WINDOW:
            self._samples.popleft()
        at, bytes_then, called_then = self._samples[0]
        if now - self._samples[-1][0] >= _LEAST:
            self._samples.append((now, moved, self.called))
        if now - at < _LEAST:
            return None, None
        return (moved - bytes_then) / (now - at), (self.called - called_then) / (now - at)

    def _left(self, bytes_left: int, rate: float | None, calls: float | None) -> tuple[float | None, bool]:
        """Bytes and calls go on side by side: what takes longer counts."""
        calls_left = self.calls - self.called
        if not (self.calls or self.total.bytes):
            return None, False
        floor = self.floor * calls_left / self.calls if self.calls else 0.0
        parts = [(bytes_left, rate), (calls_left, calls)]
        known = [left / pace for left, pace in parts if left > 0 and pace]
        measured = all(pace for left, pace in parts if left > 0)
        if measured or floor or known:
            return max([floor, *known]), measured
        return None, False


def _longest(one: tuple[str, float]) -> tuple[float, str]:
    return -one[1], one[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts the lists of one workspace as they are read: each is an item, and a call or several."""

    side: str
    meter: Meter

    def expect(self, lists: int) -> None:
        """So many more are to be read."""
        self.meter.items += lists
        self.meter.calls += lists

    @contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """One of them is read inside."""
        address, done = f"{kind} of the {self.side}", False
        self.meter.begin(address, Amount())
        try:
            yield
            done = True
        finally:
            self.meter.end(address, done=done)


def both_sides(meter: Meter) -> tuple[Reading, Reading]:
    """The lists of source and target, counted together."""
    return Reading("source", meter), Reading("target", meter)


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)
_ADDRESS: ContextVar[str] = ContextVar("address", default="")


@contextmanager
def counting(meter: Meter) -> Iterator[None]:
    """What is done inside counts."""
    before = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(before)


@contextmanager
def working_on(address: str, total: Amount) -> Iterator[Callable[[], None]]:
    """What is moved inside is of this item; gives what says that it is done."""
    meter, done, before = _METER.get(), False, _ADDRESS.set(address)

    def told() -> None:
        nonlocal done
        done = True

    if meter:
        meter.begin(address, total)
    try:
        yield told
    finally:
        _ADDRESS.reset(before)
        if meter:
            meter.end(address, done=done)


def moved(*, blobs: int = 0, bytes: int = 0) -> None:
    """So much more is done of the item that is worked on."""
    if meter := _METER.get():
        meter.move(_ADDRESS.get(), Amount(blobs, bytes))
