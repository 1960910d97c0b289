"""How long workspaces were found under Microsoft's key before they were put under a customer's. Pure.

It begins when the workspace was made, where that is known and was after the first scan, else with the scan
that saw it first: then it is "at least". It ends with the first scan that shows it gone and its successor,
which a plan proves, under a customer's key. One that vanished without that stays open.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.figures.history import Moment, Presence
from amlmigrate.figures.share import OTHER, PRODUCTION, UNTAGGED

_DAY = timedelta(days=1)
KNOWN, AT_LEAST = "known", "at least"


@dataclass(frozen=True, slots=True)
class Spell:
    """One workspace's time under Microsoft's key; `end` is None while it is open, `known` whether the start is."""

    workspace: str
    id: str
    start: datetime
    known: bool
    end: datetime | None
    vanished: bool
    environment: str
    sensitivity: str
    wave: str

    def days(self, now: datetime) -> float:
        """How long it lasted, or has lasted by now."""
        return max(0.0, ((self.end or now) - self.start) / _DAY)


@dataclass(frozen=True, slots=True)
class Times:
    """Days of some spells: of those that ended, and the age of those that are open.

    `at_least` and `open_at_least` are how many of them began before they were found.
    """

    closed: int
    at_least: int
    mean: float | None
    median: float | None
    p90: float | None
    open: int
    open_at_least: int
    open_mean: float | None
    open_oldest: float | None
    vanished: int

    def as_dict(self) -> dict[str, Any]:
        """Its members; `bound` and `open_bound` say whether the days are known or "at least"."""
        found = {name: getattr(self, name) for name in self.__slots__}
        found = {name: round(one, 2) if isinstance(one, float) else one for name, one in found.items()}
        return {
            **found,
            "bound": _bound(self.closed, self.at_least),
            "open_bound": _bound(self.open, self.open_at_least),
        }


def in_days(value: float) -> str:
    """A number of days in words."""
    return f"{value:g} {'day' if value == 1 else 'days'}"


def _bound(count: int, at_least: int) -> str | None:
    return None if not count else AT_LEAST if at_least else KNOWN


@dataclass(frozen=True, slots=True)
class Mttr:
    """The figure: of all, and split by environment, wave and sensitivity."""

    every: Times
    by_environment: dict[str, Times]
    by_wave: dict[str, Times]
    by_sensitivity: dict[str, Times]

    def as_dict(self) -> dict[str, Any]:
        """The member `mttr_days` of the figures."""
        groups = ("by_environment", "by_wave", "by_sensitivity")
        split = {name: {key: one.as_dict() for key, one in getattr(self, name).items()} for name in groups}
        return {**self.every.as_dict(), **split}


class Spells:
    """Follows the scans, the oldest first, and keeps when each workspace was put under a customer's key."""

    def __init__(self) -> None:
        self._first: datetime | None = None
        self._ended: dict[str, datetime] = {}
        self._last: Moment | None = None

    def follow(self, moment: Moment) -> None:
        """Takes in the next scan."""
        self._first = self._first or moment.at
        self._last = moment
        for workspace, life in moment.lives.items():
            if life.found is None or (life.let_go and not moment.settled(workspace, once_shown=True)):
                continue
            if moment.exposed(workspace, once_shown=True):
                # What comes back under Microsoft's key was not put under another.
                self._ended.pop(workspace, None)
            elif life.standing is not Presence.UNREADABLE:
                self._ended.setdefault(workspace, moment.at)

    def found(self, waves: Mapping[str, str]) -> list[Spell]:
        """All spells, by what the newest scan leaves of them; `waves` are those of fleets, by workspaceId.

        One whose end nobody can show any more is open, and counts among those that ended too: the mean is no
        better for a plan that was taken away.
        """
        moment, first = self._last, self._first
        if moment is None or first is None:
            return []
        return [
            self._spell(moment, one, first, waves, end)
            for one, life in moment.lives.items()
            # Whoever decides that one is gone that was put under a key takes its days out of no mean.
            if life.found and (one in self._ended or not life.let_go)
            for end in self._ends(moment, one)
        ]

    def _ends(self, moment: Moment, workspace: str) -> list[datetime | None]:
        end = self._ended.get(workspace)
        return [end, None] if end and moment.exposed(workspace) else [end]

    def _spell(
        self, moment: Moment, workspace: str, first: datetime, waves: Mapping[str, str], end: datetime | None
    ) -> Spell:
        life = moment.lives[workspace]
        assert life.found is not None
        made = life.last.created
        known = made is not None and first < made <= life.found
        production = moment.production(workspace) is not None
        return Spell(
            workspace,
            life.last.id,
            made if known and made else life.found,
            known,
            end,
            end is None and life.standing is Presence.GONE,
            PRODUCTION if production else UNTAGGED if moment.untold(workspace) else OTHER,
            life.sensitivity or UNTAGGED,
            waves.get(workspace, "none"),
        )


def mttr(spells: Sequence[Spell], now: datetime) -> Mttr:
    """The figure by its spells; `now` is up to when open ones have lasted."""

    def split(by: Callable[[Spell], str]) -> dict[str, Times]:
        names = sorted({by(one) for one in spells})
        return {name: times((one for one in spells if by(one) == name), now) for name in names}

    return Mttr(
        times(spells, now),
        split(lambda one: one.environment),
        split(lambda one: one.wave),
        split(lambda one: one.sensitivity),
    )


def times(spells: Iterable[Spell], now: datetime) -> Times:
    """Days of some spells."""
    every = list(spells)
    closed, opened = [one for one in every if one.end], [one for one in every if not one.end]
    days, ages = sorted(one.days(now) for one in closed), [one.days(now) for one in opened]
    return Times(
        closed=len(closed),
        at_least=sum(1 for one in closed if not one.known),
        mean=statistics.fmean(days) if days else None,
        median=statistics.median(days) if days else None,
        # The nearest rank: nine of ten were no longer.
        p90=days[math.ceil(0.9 * len(days)) - 1] if days else None,
        open=len(opened),
        open_at_least=sum(1 for one in opened if not one.known),
        open_mean=statistics.fmean(ages) if ages else None,
        open_oldest=max(ages) if ages else None,
        vanished=sum(1 for one in opened if one.vanished),
    )
