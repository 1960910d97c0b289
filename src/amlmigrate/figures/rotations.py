"""Rotations of keys in use: how many were made, and adopted by all under the key; how many keys are in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys import adoption
from amlmigrate.keys.issues import age_of
from amlmigrate.keys.model import Adoption, KeyInUse

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Rotations:
    """The figure, of the year before `now`.

    `keys_gone` are those of workspaces that vanished: they count as not within their cryptoperiod, so that
    nothing is better for it. `made` are versions that replaced another one, `adopted` those of them that
    everything under the key is on, or on a newer one; of `adoption_unknown` it is not known. `within` are keys
    whose version that counts is within its cryptoperiod, `period_unknown` those of which that is not known. Of
    `dependants`, `on_newest` use the version that counts.
    """

    keys: int
    keys_gone: int
    keys_unread: int
    made: int
    adopted: int
    adoption_unknown: int
    within: int
    period_unknown: int
    dependants: int
    on_newest: int
    standing_unknown: int

    def as_dict(self) -> dict[str, Any]:
        """The member `rotations` of the figures."""
        read = self.keys - self.keys_unread
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "made_per_key": round(self.made / read, 4) if read else None,
            "share_within": round(self.within / every, 4) if (every := self.keys + self.keys_gone) else None,
            "share_adopted": round(self.adopted / self.made, 4) if self.made else None,
        }


def rotations(keys: Iterable[KeyInUse], now: datetime, vanished: Iterable[str] = ()) -> Rotations:
    """The figure by the keys as they were read; `vanished` are identifiers of those whose workspaces are gone."""
    every = list(keys)
    made = [(key, version) for key in every for version in _made(key, now)]
    ends = [_adopted(key, version) for key, version in made]
    standings = [adoption.of(key, one, now).adoption for key in every for one in key.dependants]
    periods = [_within(key, now) for key in every]
    return Rotations(
        keys=len(every),
        keys_gone=len(set(vanished) - {one.name.id for one in every}),
        keys_unread=sum(1 for one in every if one.versions.value is None),
        made=len(made),
        adopted=ends.count(True),
        adoption_unknown=ends.count(None),
        within=periods.count(True),
        period_unknown=periods.count(None),
        dependants=len(standings),
        on_newest=standings.count(Adoption.NEWEST),
        standing_unknown=standings.count(Adoption.NOT_KNOWN),
    )


def _made(key: KeyInUse, now: datetime) -> Iterator[KeyVersion]:
    """The versions of the last year but the very first, which replaced none."""
    versions = key.versions.value or ()
    yield from (one for one in versions[:-1] if one.created and now - YEAR < one.created <= now)


def _adopted(key: KeyInUse, version: KeyVersion) -> bool | None:
    """Whether all that lies under the key is on this version or a newer one; None where that is not known."""
    places = [_place(key, one.in_use) for one in key.dependants]
    own = _place(key, version.version)
    if any(one is not None and own is not None and one > own for one in places):
        return False
    return None if None in places or not places else True


def _place(key: KeyInUse, version: str) -> int | None:
    """Where it stands among the versions, the newest first; None for one that is not known."""
    names = [one.version.lower() for one in key.versions.value or ()]
    return names.index(version.lower()) if version.lower() in names else None


def _within(key: KeyInUse, now: datetime) -> bool | None:
    """Whether the version that counts is within its cryptoperiod, and not expired."""
    goal = key.goal(now)
    if key.versions.value is None:
        return None
    age = age_of(goal.created, now) if goal else None
    if goal is None or (goal.expires is not None and goal.expires <= now):
        return False
    return None if age is None else age <= key.profile.days
