"""What planning, a fleet and a scan tell while they go on, each event with a type of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from amlmigrate.core.events import TypedEvent


@dataclass(frozen=True, slots=True)
class KindListed(TypedEvent):
    """How many assets of a kind a workspace holds."""

    name: ClassVar[str] = "inventory.kind"
    kind: str
    count: int
    workspace: str


@dataclass(frozen=True, slots=True)
class ContainerListed(TypedEvent):
    """How many blobs a container of the source holds."""

    name: ClassVar[str] = "inventory.container"
    container: str
    blobs: int


@dataclass(frozen=True, slots=True)
class MemberLeft(TypedEvent):
    """A workspace of a fleet that is not planned; `named`: the targets or the waves ask for it."""

    name: ClassVar[str] = "fleet.left"
    address: str
    state: str
    reason: str
    named: bool


@dataclass(frozen=True, slots=True)
class FleetStarted(TypedEvent):
    """How many plans there are to be, and how many there are already."""

    name: ClassVar[str] = "fleet.start"
    plans: int
    done: int


@dataclass(frozen=True, slots=True)
class MemberPlanned(TypedEvent):
    """A workspace of a fleet was planned; `told` is what its header comes to."""

    name: ClassVar[str] = "fleet.planned"
    address: str
    wave: int
    folder: str
    told: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """With the members of `told` among the others."""
        return {"address": self.address, "wave": self.wave, "folder": self.folder, **self.told}


@dataclass(frozen=True, slots=True)
class MemberFailed(TypedEvent):
    """A workspace of a fleet could not be planned."""

    name: ClassVar[str] = "fleet.failed"
    address: str
    wave: int
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SubscriptionListed(TypedEvent):
    """How many workspaces a subscription has."""

    name: ClassVar[str] = "scan.subscription"
    subscription: str
    workspaces: int


@dataclass(frozen=True, slots=True)
class UnreadablePlace(TypedEvent):
    """A subscription, a management group or a workspace that could not be read."""

    name: ClassVar[str] = "scan.unreadable"
    address: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScanStarted(TypedEvent):
    """How many workspaces are read in detail, in how many subscriptions."""

    name: ClassVar[str] = "scan.start"
    subscriptions: int
    workspaces: int


@dataclass(frozen=True, slots=True)
class WorkspaceRead(TypedEvent):
    """A workspace was read, but for so many of its facts."""

    name: ClassVar[str] = "scan.read"
    workspace: str
    not_known: int


@dataclass(frozen=True, slots=True)
class ScanKept(TypedEvent):
    """The file that keeps the scan."""

    name: ClassVar[str] = "scan.kept"
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TagsDue(TypedEvent):
    """The tags that a workspace gets, what is there before, and what stays: that, and what the standard has."""

    name: ClassVar[str] = "scan.tag"
    address: str
    tags: Mapping[str, str]
    before: Mapping[str, str]
    stays: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class TagsWritten(TypedEvent):
    """The tags of a workspace were written."""

    name: ClassVar[str] = "scan.tag.written"
    address: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TagsFailed(TypedEvent):
    """The tags of a workspace could not be written."""

    name: ClassVar[str] = "scan.tag.failed"
    address: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class TagsTold(TypedEvent):
    """What became of all tags: numbers of workspaces, and of tags."""

    name: ClassVar[str] = "scan.tags"
    wanted: int
    written: int
    failed: int
    added: int
    changed: int
    kept: int
