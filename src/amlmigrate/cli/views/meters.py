"""How far work has come: a bar with figures on a terminal, a line from time to time elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Group
from rich.live import Live

from amlmigrate.cli.views import consoles
from amlmigrate.cli.views.figures import SECONDS, figures, share, under_way
from amlmigrate.core.metering import Meter

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
