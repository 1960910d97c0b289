"""The view for machines: one JSON event a line on standard output."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from amlmigrate.cli.views import terminal
from amlmigrate.cli.views.base import CommandView
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.events import AnyEvent


class JsonView:
    """Each line has `event` and `time`; the rest is the event's own."""

    def show(self, view: CommandView) -> None:
        """A line for each event."""
        for event in view.as_json():
            self.event(event)

    def event(self, event: AnyEvent) -> None:
        """Something happened."""
        self._line(event.name, event.data)

    def raw(self, text: str) -> None:
        """Text for another program, as it is."""
        terminal.write(text)

    def lines(self, lines: Iterable[str]) -> None:
        """Nothing: what people are told in lines a program is told as an event."""

    def result(self, name: str, data: dict[str, Any]) -> None:
        """What a command came to."""
        self._line(name, data)

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
        self._line("error", data)

    def close(self) -> None:
        """Nothing is open."""

    @staticmethod
    def _line(name: str, data: dict[str, Any]) -> None:
        line = {"event": name, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **data}
        terminal.write(as_json(line, default=str) + "\n")
