"""What a guardrail tells while it works."""

from __future__ import annotations

from typing import ClassVar

from amlmigrate.core.events import Emit
from amlmigrate.desired.progress import DesiredEvents, ResourceAwaited, ResourceBegun, ResourceDone

REFUSED = "The guardrail cannot be brought to its stage as it stands"


class GuardAwaited(ResourceAwaited):
    """Something is waited for."""

    __slots__ = ()
    name: ClassVar[str] = "guard.waiting"


class GuardBegun(ResourceBegun):
    """A step begins."""

    __slots__ = ()
    name: ClassVar[str] = "guard.doing"


class GuardDone(ResourceDone):
    """It is done."""

    __slots__ = ()
    name: ClassVar[str] = "guard.done"


def events(emit: Emit) -> DesiredEvents:
    """Tells by events of `guard`."""
    return DesiredEvents(emit, REFUSED, GuardAwaited, GuardBegun, GuardDone)
