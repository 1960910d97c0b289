"""What a rotation tells while it works."""

from __future__ import annotations

from typing import ClassVar

from amlmigrate.core.events import Emit
from amlmigrate.desired.progress import DesiredEvents, ResourceAwaited, ResourceBegun, ResourceDone

REFUSED = "The key cannot be rotated as it stands"


class RotationAwaited(ResourceAwaited):
    """Something is waited for."""

    __slots__ = ()
    name: ClassVar[str] = "key.waiting"


class RotationBegun(ResourceBegun):
    """A step begins."""

    __slots__ = ()
    name: ClassVar[str] = "key.doing"


class RotationDone(ResourceDone):
    """It is done."""

    __slots__ = ()
    name: ClassVar[str] = "key.done"


def events(emit: Emit) -> DesiredEvents:
    """Tells by events of `key`."""
    return DesiredEvents(emit, REFUSED, RotationAwaited, RotationBegun, RotationDone)
