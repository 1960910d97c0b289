"""What provisioning tells while it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from amlmigrate.core.events import Emit, TypedEvent
from amlmigrate.desired.steps import DesiredStep

REFUSED = "This cannot be provisioned as it stands"


@dataclass(frozen=True, slots=True)
class ResourceAwaited(TypedEvent):
    """An operation is under way on something, or a right that was given has not arrived there yet."""

    name: ClassVar[str] = "provision.waiting"

    what: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class ResourceBegun(TypedEvent):
    """Something is about to be made or changed."""

    name: ClassVar[str] = "provision.doing"

    step: DesiredStep

    @property
    def data(self) -> dict[str, Any]:
        """The step itself."""
        return self.step.as_dict()


@dataclass(frozen=True, slots=True)
class ResourceDone(TypedEvent):
    """It was made or changed, and was read back."""

    name: ClassVar[str] = "provision.done"

    step: DesiredStep

    @property
    def data(self) -> dict[str, Any]:
        """The step itself."""
        return self.step.as_dict()


@dataclass(frozen=True, slots=True)
class ProvisioningEvents:
    """Tells by events of provisioning (`desired.deciding.Telling`)."""

    emit: Emit
    refused: str = REFUSED

    def waiting(self, what: str, id: str, why: str) -> None:
        """Something is waited for."""
        self.emit(ResourceAwaited(what, id, why))

    def doing(self, step: DesiredStep) -> None:
        """A step begins."""
        self.emit(ResourceBegun(step))

    def done(self, step: DesiredStep) -> None:
        """It is done, and was read back."""
        self.emit(ResourceDone(step))
