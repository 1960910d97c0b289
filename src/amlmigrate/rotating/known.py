"""What parts of a rotation learn of each other: the version that everything is to be on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from amlmigrate.core.keys import KeyVersion
from amlmigrate.desired.known import UNKNOWN, Known


@dataclass(frozen=True, slots=True)
class RotationKnown(Known):
    """`version` is its identifier, `UNKNOWN` while it is still to be made; `begins` is since when it can be used.

    `newer` are the versions that were made after it, by their names in lower case: what is on one of them goes not
    back. `older` are those that were made before it, None while none were read: what is on neither may be on one
    that was made since. `unfit` says why nothing can be pointed to it, empty where it can.
    """

    version: str = UNKNOWN
    begins: datetime | None = None
    newer: frozenset[str] = frozenset()
    older: frozenset[str] | None = None
    unfit: str = ""

    @classmethod
    def of(cls, version: KeyVersion, versions: Sequence[KeyVersion], now: datetime) -> RotationKnown:
        """Of a version that is there, among all of its key's, newest first."""
        at = next((at for at, one in enumerate(versions) if one.id.lower() == version.id.lower()), 0)
        names = [one.version.lower() for one in versions]
        return cls(
            version=version.id,
            begins=version.begins,
            newer=frozenset(names[:at]),
            older=frozenset(names[at + 1 :]),
            unfit=unfit(version, now),
        )


def unfit(version: KeyVersion, now: datetime) -> str:
    """Why nothing new can be wrapped with a version (AZ-KEY-2); empty where it can."""
    if not version.enabled:
        return "is disabled"
    if version.expires is not None and version.expires <= now:
        return f"expired on {version.expires:%Y-%m-%d}"
    if version.not_before is not None and version.not_before > now:
        return f"is not valid before {version.not_before:%Y-%m-%d %H:%M} UTC"
    return ""
