"""What a view shows: events while work goes on, and what a command has to say at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from amlmigrate.core.errors import ExitCode, MigrateError
from amlmigrate.core.events import Event, TypedEvent

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page


class CommandView(Protocol):
    """What one command has to say, for people and for programs: a frozen value over what its stage returned."""

    def human(self, page: Page) -> None:
        """Writes it for people."""
        ...

    def as_json(self) -> Iterable[Event]:
        """The same as events, each a line of `--json`."""
        ...


class View(Protocol):
    """One way to show what happens."""

    def show(self, view: CommandView) -> None:
        """What a command has to say, in the form that was asked for."""
        ...

    def event(self, event: TypedEvent) -> None:
        """Something happened."""
        ...

    def tick(self) -> None:
        """A second or so has passed: work that is counted may be told of."""
        ...

    def raw(self, text: str) -> None:
        """Text for another program, as it is: CSV by `core.csvtext`, JSON by `core.escapes`."""
        ...

    def error(self, error: MigrateError) -> None:
        """What went wrong, where, and what to do."""
        ...

    def ended(self, code: ExitCode) -> None:
        """The command is over, and ends with that code."""
        ...

    def close(self) -> None:
        """Ends any progress that is being shown."""
        ...
