"""What a run, a verification and the lease on the target tell as they go on: a type for each event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from amlmigrate.core.events import TypedEvent
from amlmigrate.core.metering import Meter


@dataclass(frozen=True, slots=True)
class RunReading(TypedEvent):
    """Both workspaces are read before a run: how many lists that takes is counted as they are begun."""

    name: ClassVar[str] = "run.reading"
    meter: Meter

    @property
    def data(self) -> dict[str, Any]:
        """Nothing yet."""
        return {}


@dataclass(frozen=True, slots=True)
class RunStarted(TypedEvent):
    """A run carries out steps: so many, with so many blobs and bytes, some of them done by an earlier one."""

    name: ClassVar[str] = "run.start"
    meter: Meter

    @property
    def data(self) -> dict[str, Any]:
        """What there is, and what is done already."""
        meter = self.meter
        return {
            "steps": meter.items,
            "done": meter.done,
            "blobs": meter.total.blobs,
            "bytes": meter.total.bytes,
            "done_blobs": meter.moved.blobs,
            "done_bytes": meter.moved.bytes,
        }


@dataclass(frozen=True, slots=True)
class RunStopping(TypedEvent):
    """A signal was heard: so many steps end what they have under way."""

    name: ClassVar[str] = "run.stopping"
    steps: int


@dataclass(frozen=True, slots=True)
class StepBegun(TypedEvent):
    """A step is being carried out."""

    name: ClassVar[str] = "step.doing"
    address: str
    action: str


@dataclass(frozen=True, slots=True)
class StepDone(TypedEvent):
    """A step is done."""

    name: ClassVar[str] = "step.done"
    address: str
    action: str


@dataclass(frozen=True, slots=True)
class StepFailed(TypedEvent):
    """A step failed, why, and what to do."""

    name: ClassVar[str] = "step.failed"
    address: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class StepBlocked(TypedEvent):
    """A step is not carried out, since the one that it comes after failed."""

    name: ClassVar[str] = "step.blocked"
    address: str
    after: str


@dataclass(frozen=True, slots=True)
class LeaseKept(TypedEvent):
    """The lease on the target could not be given up, so that others wait until then."""

    name: ClassVar[str] = "lease.kept"
    address: str
    reason: str
    until: str


@dataclass(frozen=True, slots=True)
class VerifyReading(TypedEvent):
    """Both workspaces are read before they are compared: lists are counted as they are begun."""

    name: ClassVar[str] = "verify.reading"
    meter: Meter

    @property
    def data(self) -> dict[str, Any]:
        """Nothing yet."""
        return {}


@dataclass(frozen=True, slots=True)
class VerifyStarted(TypedEvent):
    """The bytes are compared: so many prefixes of the plan, their blobs, and the bytes that are read.

    After the cutover what was proven in the target is, which is no matter of prefixes.
    """

    name: ClassVar[str] = "verify.start"
    meter: Meter

    @property
    def data(self) -> dict[str, Any]:
        """What there is; those that stay behind are not compared."""
        total = self.meter.total
        return {"prefixes": self.meter.items, "blobs": total.blobs, "bytes": total.bytes}


@dataclass(frozen=True, slots=True)
class PrefixCompared(TypedEvent):
    """A prefix was compared, with so many blobs."""

    name: ClassVar[str] = "verify.prefix"
    address: str
    blobs: int


@dataclass(frozen=True, slots=True)
class SdkStarted(TypedEvent):
    """How many reads MLClient has to make."""

    name: ClassVar[str] = "verify.sdk"
    assets: int


@dataclass(frozen=True, slots=True)
class SdkTried(TypedEvent):
    """MLClient has tried to read an asset."""

    name: ClassVar[str] = "verify.read"
    address: str
