"""Events: what the stages tell a view while they work. The stages print nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, cast


@dataclass(frozen=True, slots=True)
class Event:
    """A line of `--json` at the end of a command: `name` is dotted (`run.end`); `data` is JSON."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


class TypedEvent:
    """Something that happened, by whose type a view knows it: a frozen dataclass whose fields are its data.

    `name` is dotted (`step.done`).
    """

    __slots__ = ()
    name: ClassVar[str]

    @property
    def data(self) -> dict[str, Any]:
        """Its fields by their names, as JSON."""
        return {one.name: getattr(self, one.name) for one in fields(cast(Any, self))}


Emit = Callable[[TypedEvent], None]


def ignore(_: TypedEvent) -> None:
    """Drops an event."""
