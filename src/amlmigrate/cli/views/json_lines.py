"""The view for machines: one JSON event a line on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from amlmigrate.cli.views import terminal
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.events import Event
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan


class JsonView:
    """Each line has `event` and `time`; the rest is the event's own."""

    def event(self, event: Event) -> None:
        """Something happened."""
        self._line(event.name, event.data)

    def plan(self, plan: Plan, *, every: bool = False) -> None:
        """The header, then each step, whether or not `every` one was asked for."""
        self._line("plan.header", plan.header.as_dict() | {"sha256": plan.sha256})
        for step in plan.steps:
            self._line("plan.step", step.as_dict())

    def findings(self, findings: list[Finding]) -> None:
        """One line each."""
        for finding in findings:
            self._line("doctor.finding", dict(finding.as_dict()))

    def scan(self, workspaces: Sequence[dict[str, Any]]) -> None:
        """Each workspace, the highest risk first."""
        for one in workspaces:
            self._line("scan.workspace", {key: value for key, value in one.items() if key != "record"})

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
