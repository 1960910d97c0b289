"""What is told while a file is provisioned."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.events import Emit, Event
from amlmigrate.desired.steps import DesiredStep

REFUSED = "This cannot be provisioned as it stands"


@dataclass(frozen=True, slots=True)
class ProvisioningEvents:
    """Tells by events of provisioning (`desired.deciding.Telling`)."""

    emit: Emit
    refused: str = REFUSED

    def waiting(self, what: str, id: str, why: str) -> None:
        """Something is waited for."""
        self.emit(Event("provision.waiting", {"what": what, "id": id, "why": why}))

    def doing(self, step: DesiredStep) -> None:
        """A step begins."""
        self.emit(Event("provision.doing", step.as_dict()))

    def done(self, step: DesiredStep) -> None:
        """It is done, and was read back."""
        self.emit(Event("provision.done", step.as_dict()))
