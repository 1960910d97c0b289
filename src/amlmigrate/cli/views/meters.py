"""How far work has come: a bar with figures on a terminal, a line from time to time elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Group
from rich.live import Live

from amlmigrate.cli.views import consoles
from amlmigrate.cli.views.amounts import duration, size
from amlmigrate.core.metering import Meter, Snapshot

# So often something is written where nothing can be drawn.
SECONDS = 30.0
_NAMED = 3
# What is counted, where there is one of it.
_ONE = {"items": "item", "blobs": "blob", "prefixes": "prefix", "lists": "list", "proven blobs": "proven blob"}
# On a terminal that is narrower the bar leaves its place to the figures.
_BAR, _ROOMY = 20, 110


class MeterProgress:
    """Shows a meter until it is closed."""

    def __init__(
        self,
        what: str,
        items: str,
        meter: Meter,
        console: consoles.GuardedConsole,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`what` is done to `items`, as in `Migrating`, `items`."""
        self._what, self._items = what, items
        self._meter = meter
        self._console = console
        self._now = now
        self._told = now()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(
                console=console,
                transient=True,
                refresh_per_second=4,
                get_renderable=self._drawn,
                # What others write is escaped where it is written; rich would obey the colours and links in it.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        else:
            self._say()

    def tick(self) -> None:
        """Time has passed."""
        if self._live is None and self._now() - self._told >= SECONDS:
            self._told = self._now()
            self._say()

    def close(self) -> None:
        """Ends it."""
        if self._live:
            self._live.stop()

    def _say(self) -> None:
        found = self._meter.snapshot()
        more = under_way(found)
        self._console.print(
            consoles.text(f"{self._what}: {figures(found, self._items)}{f'; {more}' * bool(more)}")
        )

    def _drawn(self) -> Group:
        """The bar with its figures, and below it what is under way; each in one line of the terminal."""
        found = self._meter.snapshot()
        done = round(share(found) * _BAR) if self._console.width >= _ROOMY else None
        full, empty = ("\u2501", "\u2501") if self._console.encoding.startswith("utf") else ("#", "-")
        bar: list[consoles.Piece] = (
            [] if done is None else [(full * done, "green"), (empty * (_BAR - done), "dim"), " "]
        )
        above = consoles.text(f"{self._what} ", *bar, figures(found, self._items))
        below = consoles.text((under_way(found), "dim"))
        for line in (above, below):
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(above, below)


def share(found: Snapshot) -> float:
    """How much of it is done, from 0 to 1: of what is left the slower counts."""
    of_items = found.items / found.all_items if found.all_items else 1.0
    of_bytes = found.moved.bytes / found.all.bytes if found.all.bytes else 1.0
    return min(of_items, of_bytes)


def figures(found: Snapshot, items: str = "items") -> str:
    """Items, blobs, bytes, how fast, how much longer, and for how long already."""
    told = [_of(found.items, found.all_items, items)] if found.all_items else []
    if found.all.blobs:
        told.append(_of(found.moved.blobs, found.all.blobs, "blobs"))
    if found.all.bytes:
        told.append(f"{size(found.moved.bytes)} of {size(found.all.bytes)}")
        if found.rate is not None:
            told.append(f"{size(found.rate)}/s")
    if found.left is not None:
        told.append(f"{'about' if found.measured else 'at least'} {duration(found.left)} left")
    told.append(_clock(found.elapsed))
    return ", ".join(told)


def _of(done: int, every: int, what: str) -> str:
    return f"{done:,} of {every:,} {_ONE[what] if every == 1 else what}"


def under_way(found: Snapshot) -> str:
    """What is under way, the longest first."""
    if not found.under_way:
        return ""
    named = [f"{address} ({duration(seconds)})" for address, seconds in found.under_way[:_NAMED]]
    more = len(found.under_way) - len(named)
    return f"under way: {', '.join(named)}{f' and {more} more' if more else ''}"


def as_dict(found: Snapshot) -> dict[str, Any]:
    """The same for programs; seconds, and bytes a second."""
    return {
        "items": found.items,
        "of": found.all_items,
        "blobs": found.moved.blobs,
        "of_blobs": found.all.blobs,
        "bytes": found.moved.bytes,
        "of_bytes": found.all.bytes,
        "bytes_per_second": None if found.rate is None else round(found.rate),
        "eta_seconds": None if found.left is None else round(found.left, 1),
        "eta_measured": found.measured,
        "elapsed_seconds": round(found.elapsed, 1),
        "under_way": [{"address": address, "seconds": round(seconds, 1)} for address, seconds in found.under_way],
    }


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
