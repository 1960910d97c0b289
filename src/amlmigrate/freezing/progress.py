"""What a freeze tells while it works."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from amlmigrate.core.events import TypedEvent
from amlmigrate.core.freeze_record import Assignment


@dataclass(frozen=True, slots=True)
class RightsListed(TypedEvent):
    """What will be taken away, before any of it is."""

    name: ClassVar[str] = "freeze.list"

    assignments: list[dict[str, Any]]
    lines: list[str]

    @classmethod
    def of(cls, assignments: Iterable[Assignment]) -> RightsListed:
        """Of these."""
        found = list(assignments)
        return cls([one.as_dict() for one in found], [str(one) for one in found])


@dataclass(frozen=True, slots=True)
class RightTaken(TypedEvent):
    """One is about to be taken away."""

    name: ClassVar[str] = "freeze.removing"

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class RightGiven(TypedEvent):
    """One is about to be given back."""

    name: ClassVar[str] = "freeze.restoring"

    id: str
    text: str
