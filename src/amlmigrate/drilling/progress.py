"""What a drill tells while it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from amlmigrate.core.events import TypedEvent


@dataclass(frozen=True, slots=True)
class DrillPrepared(TypedEvent):
    """The watcher is there and has tagged the version; the version is disabled next. `restore` enables it
    again."""

    name: ClassVar[str] = "key.drill.prepared"
    version: str
    until: str
    restore: str
    literal: str


@dataclass(frozen=True, slots=True)
class VersionDisabled(TypedEvent):
    """The version is disabled from now on."""

    name: ClassVar[str] = "key.drill.disabled"
    version: str
    at: str


@dataclass(frozen=True, slots=True)
class DrillSeen(TypedEvent):
    """How something under the key stands: refused, or answering again, after so many seconds."""

    name: ClassVar[str] = "key.drill.seen"
    id: str
    what: str
    seconds: int


@dataclass(frozen=True, slots=True)
class VersionEnabled(TypedEvent):
    """How the version stands after the drill."""

    name: ClassVar[str] = "key.drill.enabled"
    version: str
    end: str
    note: str
