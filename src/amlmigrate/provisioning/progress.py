"""What provisioning tells while it works."""

from __future__ import annotations

from typing import ClassVar

from amlmigrate.core.events import Emit
from amlmigrate.desired.progress import DesiredEvents, ResourceAwaited, ResourceBegun, ResourceDone

REFUSED = "This cannot be provisioned as it stands"


class ProvisionAwaited(ResourceAwaited):
    """Something is waited for."""

    __slots__ = ()
    name: ClassVar[str] = "provision.waiting"


class ProvisionBegun(ResourceBegun):
    """A step begins."""

    __slots__ = ()
    name: ClassVar[str] = "provision.doing"


class ProvisionDone(ResourceDone):
    """It is done."""

    __slots__ = ()
    name: ClassVar[str] = "provision.done"


def events(emit: Emit) -> DesiredEvents:
    """Tells by events of `provision`."""
    return DesiredEvents(emit, REFUSED, ProvisionAwaited, ProvisionBegun, ProvisionDone)
