"""What a view shows: events while work goes on, and what a command has to say at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from amlmigrate.core.errors import MigrateError
from amlmigrate.core.events import Event
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan


class View(Protocol):
    """One way to show what happens."""

    def event(self, event: Event) -> None:
        """Something happened."""
        ...

    def plan(self, plan: Plan, *, every: bool = False) -> None:
        """A plan, as a person reviews it; with `every` no list is folded."""
        ...

    def findings(self, findings: list[Finding]) -> None:
        """What a reviewer has to know, each with its remedy."""
        ...

    def scan(self, workspaces: Sequence[dict[str, Any]]) -> None:
        """The workspaces of a scan, as its file has them."""
        ...

    def raw(self, text: str) -> None:
        """Text for another program, as it is: CSV by `core.csvtext`, JSON by `core.escapes`."""
        ...

    def lines(self, lines: Iterable[str]) -> None:
        """Lines for a person; each stays one line, whatever stands in it."""
        ...

    def result(self, name: str, data: dict[str, Any]) -> None:
        """What a command came to.

        `text` is a line (a line break at its beginning leaves a gap above); one of several lines has `block`
        beside it, the list of them. `lines` is a list that may be cut short; then `items` (counts), `files` and
        `next`, a command.
        """
        ...

    def error(self, error: MigrateError) -> None:
        """What went wrong, where, and what to do."""
        ...

    def close(self) -> None:
        """Ends any progress that is being shown."""
        ...
