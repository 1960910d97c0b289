"""The view for machines: one JSON event a line on standard output."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from amlmigrate.cli.views import figures, terminal
from amlmigrate.cli.views.base import CommandView
from amlmigrate.core.errors import ExitCode, MigrateError, RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.events import TypedEvent
from amlmigrate.core.run_progress import RunReading, RunStarted, VerifyReading, VerifyStarted

_END = ".end"
_Metered = RunReading | RunStarted | VerifyReading | VerifyStarted


class JsonView:
    """Each line has `event` and `time`; the rest is the event's own.

    What a command came to (`*.end`) is written when the command is over, with its exit code and its duration.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._end: tuple[str, dict[str, Any]] | None = None
        self._metered: _Metered | None = None
        self._told = 0.0

    def show(self, view: CommandView) -> None:
        """A line for each event."""
        for event in view.as_json():
            self._line(event.name, event.data)

    def event(self, event: TypedEvent) -> None:
        """Something happened."""
        if isinstance(event, _Metered):
            self._metered, self._told = event, time.monotonic()
        self._line(event.name, event.data)

    def raw(self, text: str) -> None:
        """Text for another program, as it is."""
        terminal.write(text)

    def error(self, error: MigrateError) -> None:
        """What went wrong."""
        data: dict[str, Any] = {
            "summary": error.summary,
            "address": error.address,
            "remedy": error.remedy,
            "exit_code": int(error.exit_code),
        }
        if isinstance(error, RefusedError):
            data["reasons"] = list(error.reasons)
        self.ended(error.exit_code)
        self._line("error", data)

    def ended(self, code: ExitCode) -> None:
        """The command is over, and ends with that code."""
        if self._end:
            (name, data), self._end = self._end, None
            seconds = round(time.monotonic() - self._began, 3)
            self._write(name, {**data, "exit_code": int(code), "duration": seconds})

    def tick(self) -> None:
        """Tells how far the work is, as often as people are told where nothing can be drawn."""
        if self._metered and time.monotonic() - self._told >= figures.SECONDS:
            self._told = time.monotonic()
            told = figures.as_dict(self._metered.meter.snapshot())
            self._write(f"{self._metered.name.partition('.')[0]}.progress", told)

    def close(self) -> None:
        """Nothing is open."""
        self._metered = None

    def _line(self, name: str, data: dict[str, Any]) -> None:
        if name.endswith(_END):
            self._end = (name, data)
        else:
            self._write(name, data)

    @staticmethod
    def _write(name: str, data: dict[str, Any]) -> None:
        line = {"event": name, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **data}
        terminal.write(as_json(line, default=str) + "\n")
