"""Bytes that the service may collect a while after they came: from when on a look at them counts. Pure.

Azure ML collects the files of a code upload to which no service of its own refers within 24 hours, and keeps the
others (AZ-ASSET-16). Inferred (AZ-ASSET-17): it does so within twice that time, which is waited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core.few import agreed, many

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
SETTLED = 48 * _HOUR


@dataclass(frozen=True, slots=True)
class Settling:
    """Bytes of that sort: how many prefixes, when the last of them was copied, and when they were looked at."""

    prefixes: int
    copied: datetime
    looked: datetime

    @property
    def known_from(self) -> datetime:
        """From when on a look at them counts: a whole minute, as it is told."""
        at = self.copied + SETTLED
        begun = timedelta(seconds=at.second, microseconds=at.microsecond)
        return at - begun + _MINUTE if begun else at

    @property
    def settled(self) -> bool:
        """Whether this look counts."""
        return self.looked >= self.known_from

    @property
    def open(self) -> str:
        """What is not checked by a look that came too early; '' by one that counts."""
        if self.settled:
            return ""
        return (
            f"whether {many(self.prefixes, 'prefix of code bytes stays', 'prefixes of code bytes stay')} in the"
            " target: the service may delete after a day what nothing refers to, and a check of"
            f" {agreed(self.prefixes, 'it', 'them')} counts only from {_minute(self.known_from)} on"
        )

    @property
    def too_early(self) -> str:
        """What is told of a removal that came before that; '' of one that did not."""
        if self.settled:
            return ""
        tenths = (self.looked - self.copied) // (_HOUR / 10)
        return (
            f"{many(self.prefixes, 'prefix was', 'prefixes were')} last looked at {tenths / 10} hours after"
            f" {agreed(self.prefixes, 'it was', 'they were')} copied, before"
            f" {SETTLED / _HOUR:g} hours were over: whether the service keeps"
            f" {agreed(self.prefixes, 'it', 'them')} was not known"
        )

    def as_dict(self) -> dict[str, Any]:
        """Its form in evidence and tombstones."""
        return {
            "prefixes": self.prefixes,
            "copied": self.copied.isoformat(timespec="seconds"),
            "looked": self.looked.isoformat(timespec="seconds"),
            "known_from": _minute(self.known_from),
            "settled": self.settled,
        }


def _minute(time: datetime) -> str:
    return time.isoformat(timespec="minutes")
