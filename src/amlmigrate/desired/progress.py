"""What is told while things are made what is desired: each command that does so names the events its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amlmigrate.core.events import Emit, TypedEvent
from amlmigrate.desired.steps import DesiredStep


@dataclass(frozen=True, slots=True)
class ResourceAwaited(TypedEvent):
    """An operation is under way on something, or a right that was given has not arrived there yet."""

    what: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class _OfStep(TypedEvent):
    """Something becomes of a step."""

    step: DesiredStep

    @property
    def data(self) -> dict[str, Any]:
        """The step itself."""
        return self.step.as_dict()


@dataclass(frozen=True, slots=True)
class ResourceBegun(_OfStep):
    """Something is about to be made, changed or removed."""


@dataclass(frozen=True, slots=True)
class ResourceDone(_OfStep):
    """It was, and was read back."""


@dataclass(frozen=True, slots=True)
class DesiredEvents:
    """Tells by the events of one command (`desired.deciding.Telling`); `refused` is said of a refused plan."""

    emit: Emit
    refused: str
    awaited: type[ResourceAwaited]
    begun: type[ResourceBegun]
    ended: type[ResourceDone]

    def waiting(self, what: str, id: str, why: str) -> None:
        """Something is waited for."""
        self.emit(self.awaited(what, id, why))

    def doing(self, step: DesiredStep) -> None:
        """A step begins."""
        self.emit(self.begun(step))

    def done(self, step: DesiredStep) -> None:
        """It is done, and was read back."""
        self.emit(self.ended(step))
