"""What a removal tells while it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from amlmigrate.core.documents import Document
from amlmigrate.core.events import TypedEvent


@dataclass(frozen=True, slots=True)
class LossesListed(TypedEvent):
    """What dies with the source, what stays and who still holds rights, before any of it is removed."""

    name: ClassVar[str] = "decommission.listing"

    listing: Document

    @property
    def data(self) -> dict[str, Any]:
        """The listing itself, with its `lines` for people."""
        return self.listing


@dataclass(frozen=True, slots=True)
class Removing(TypedEvent):
    """Something is about to be removed: the source, what blocks its deletion, or a container."""

    name: ClassVar[str] = "decommission.removing"

    address: str
