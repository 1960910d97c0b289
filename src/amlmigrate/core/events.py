"""Events: what the stages tell a view. The stages print nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is dotted (`step.done`); `data` is JSON."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, **data: Any) -> Event:
        """The same with its data as arguments."""
        return cls(name, data)


Emit = Callable[[Event], None]


def ignore(_: Event) -> None:
    """Drops an event."""
