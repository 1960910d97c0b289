"""What parts of a rotation learn of each other: the version that everything is to be on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amlmigrate.core.keys import KeyVersion
from amlmigrate.desired.known import UNKNOWN, Known


@dataclass(frozen=True, slots=True)
class RotationKnown(Known):
    """`version` is its identifier, `UNKNOWN` while it is still to be made; `created` is when it was."""

    version: str = UNKNOWN
    created: datetime | None = None

    @classmethod
    def of(cls, version: KeyVersion) -> RotationKnown:
        """Of a version that is there."""
        return cls(version=version.id, created=version.created)
