"""The view for people: a progress bar while work goes on, tables and sentences at its end."""

from __future__ import annotations

from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from amlmigrate.cli.views import consoles, meters, progress, terminal
from amlmigrate.cli.views.base import CommandView
from amlmigrate.cli.views.consoles import Piece
from amlmigrate.cli.views.page import Page
from amlmigrate.core.errors import ExitCode, MigrateError, RefusedError
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.metering import Meter


class HumanView:
    """Writes results to standard output and progress and errors to standard error."""

    def __init__(self) -> None:
        self._out = consoles.console()
        self._err = consoles.console(stderr=True)
        self._progress: Progress | None = None
        self._task: Any = None
        self._meter: meters.MeterProgress | None = None

    def show(self, view: CommandView) -> None:
        """What a command has to say, on standard output."""
        self.close()
        view.human(Page(self._out))

    # Progress.

    def event(self, event: TypedEvent) -> None:
        """Something happened: moves the bar, or says it in a line where there is none to move."""
        progress.tell(event, self)

    def bar(self, what: str, total: int, done: int) -> None:
        """Begins a bar in the place of any other."""
        self.close()
        self._progress = Progress(
            TextColumn(what, markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._err,
            transient=True,
            # What others write is escaped where it is written; rich would obey the colours and links in it.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(what, total=total, completed=done)
        self._progress.start()

    def watch(self, what: str, items: str, meter: Meter) -> None:
        """Shows work that is counted in the place of any bar."""
        self.close()
        self._meter = meters.MeterProgress(what, items, meter, self._err)

    def advance(self) -> None:
        """Moves the bar on by one."""
        if self._progress:
            self._progress.advance(self._task)

    def say(self, *pieces: Piece) -> None:
        """Writes a line to standard error, above the bar."""
        self._err.print(consoles.text(*pieces))

    def ended(self, code: ExitCode) -> None:
        """Nothing: people see their shell's own word of it."""

    def close(self) -> None:
        """Ends the bar."""
        if self._progress:
            self._progress.stop()
            self._progress = None
        if self._meter:
            self._meter.close()
            self._meter = None

    def tick(self) -> None:
        """Tells how far the work is, where that cannot be drawn."""
        if self._meter:
            self._meter.tick()

    def raw(self, text: str) -> None:
        """Text for another program, as it is."""
        self.close()
        terminal.write(text)

    def error(self, error: MigrateError) -> None:
        """What went wrong, where, and what to do."""
        self.close()
        self.say((error.summary, "bold red"))
        if error.address:
            self.say(f"  at: {error.address}")
        if isinstance(error, RefusedError):
            for reason in error.reasons:
                self.say(f"  - {reason}")
        if error.remedy:
            self.say(f"  {error.remedy}")
