"""What a view shows: events while work goes on, and what a command has to say at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from amlmigrate.core.errors import MigrateError
    from amlmigrate.core.events import Event
    from amlmigrate.core.finding import Finding
    from amlmigrate.core.plan import Plan


class View(Protocol):
    """One way to show what happens."""

    def event(self, event: Event) -> None:
        """Something happened."""
        ...

    def plan(self, plan: Plan) -> None:
        """A plan, as a person reviews it."""
        ...

    def findings(self, findings: list[Finding]) -> None:
        """What a reviewer has to know, each with its remedy."""
        ...

    def document(self, document: dict[str, Any]) -> None:
        """A document for another program: itself and nothing else."""
        ...

    def result(self, name: str, data: dict[str, Any]) -> None:
        """What a command came to."""
        ...

    def error(self, error: MigrateError) -> None:
        """What went wrong, where, and what to do."""
        ...

    def close(self) -> None:
        """Ends any progress that is being shown."""
        ...
