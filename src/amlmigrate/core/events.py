"""Events: what the stages tell a view while they work. The stages print nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, cast


class AnyEvent(Protocol):
    """Something that happened: `name` is dotted (`step.done`); `data` is JSON."""

    @property
    def name(self) -> str:
        """What happened."""
        ...

    @property
    def data(self) -> dict[str, Any]:
        """To what, and how."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """An event by its name."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, **data: Any) -> Event:
        """The same with its data as arguments."""
        return cls(name, data)


class TypedEvent:
    """An event with a type of its own, by which a view knows it: a frozen dataclass whose fields are its data."""

    __slots__ = ()
    name: ClassVar[str]

    @property
    def data(self) -> dict[str, Any]:
        """Its fields by their names."""
        return {one.name: getattr(self, one.name) for one in fields(cast(Any, self))}


Emit = Callable[[AnyEvent], None]


def ignore(_: AnyEvent) -> None:
    """Drops an event."""
