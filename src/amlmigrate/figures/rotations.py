"""Rotations of keys in use: how many were made, and adopted by all under the key; how many keys are in time."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys import adoption
from amlmigrate.keys.issues import age_of
from amlmigrate.keys.model import Adoption, KeyInUse

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Rotations:
    """The figure, of the year before `now`.

    `keys_gone` are those of workspaces that vanished or could not be read: they count as not within their
    cryptoperiod, so that nothing is better for it. `made` are versions that replaced another one, `adopted` those
    of them that everything under the key is on, or on a newer one; of `adoption_unknown` it is not known.
    `within` are keys whose version that counts is within its cryptoperiod, `period_unknown` those of which that
    is not known. Of `dependants`, `on_newest` use the version that counts.
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
        every, read = self.keys + self.keys_gone, self.keys - self.keys_unread
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "made_per_key": round(self.made / every, 4) if read else None,
            "share_within": round(self.within / every, 4) if every else None,
            # What was made of keys that nobody read is not known.
            "share_adopted": round(self.adopted / self.made, 4) if self.made and read == every else None,
        }


def rotations(
    keys: Iterable[KeyInUse], now: datetime, in_doubt: Mapping[str, str] | None = None, *, whole: bool = True
) -> Rotations:
    """The figure by the keys as they were read.

    `in_doubt` are the keys of workspaces that somebody saw under one and that may not be among the dependants, by
    ARM ids in lower case; `whole` is whether every list of dependants could be read.
    """
    every = list(keys)
    shown = {key_of(one.id) for key in every for one in key.dependants}
    unseen = [key for id_, key in (in_doubt or {}).items() if id_ not in shown]
    made = [(key, version) for key in every for version in _made(key, now)]
    partly = unseen if whole else [key.name.id for key in every]
    ends = [_adopted(key, version, partly) for key, version in made]
    standings = [adoption.of(key, one, now).adoption for key in every for one in key.dependants]
    periods = [_within(key, now) for key in every]
    return Rotations(
        keys=len(every),
        keys_gone=len(set(unseen) - {one.name.id for one in every}),
        keys_unread=sum(1 for one in every if one.versions.value is None),
        made=len(made),
        adopted=ends.count(True),
        adoption_unknown=ends.count(None),
        within=periods.count(True),
        period_unknown=periods.count(None),
        dependants=len(standings) + len(unseen),
        on_newest=standings.count(Adoption.NEWEST),
        standing_unknown=standings.count(Adoption.NOT_KNOWN) + len(unseen),
    )


def _made(key: KeyInUse, now: datetime) -> Iterator[KeyVersion]:
    """The versions of the last year but the very first, which replaced none."""
    versions = key.versions.value or ()
    yield from (one for one in versions[:-1] if one.created and now - YEAR < one.created <= now)


def _adopted(key: KeyInUse, version: KeyVersion, in_doubt: Container[str]) -> bool | None:
    """Whether all that lies under the key is on this version or a newer one; None where that is not known.

    `in_doubt` has the keys of which not all that lies under them was seen.
    """
    places = [_place(key, one.in_use) for one in key.dependants]
    own = _place(key, version.version)
    if any(one is not None and own is not None and one > own for one in places):
        return False
    return None if None in places or not places or key.name.id in in_doubt else True


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
