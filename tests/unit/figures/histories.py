"""Histories of estates, made by a seed: scans over which workspaces come, go, are moved, renamed and not readable.

Owners let some of them go: in time, too soon, while they are still there, or under a name that they had before.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from amlmigrate.figures.history import Look, Sighting, Succession, WhoseKey
from amlmigrate.figures.moves import Move
from amlmigrate.figures.plans import Plans, PlanTold

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
PLACES = ("aaaa", "bbbb")
# Before the scan that sees its target first, or after it.
_PLANNED = (timedelta(hours=-2), timedelta(hours=3))


def arm_id(place: str, name: str) -> str:
    """The ARM id of a workspace."""
    return (
        f"/subscriptions/{place}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )


@dataclass
class Made:
    """A history that was made: what the scans saw, and the plans."""

    looks: list[Look] = field(default_factory=list)
    plans: list[Succession] = field(default_factory=list)

    def without(self, workspace: str, since: int) -> Made:
        """The same, but the scans from one on do not see a workspace."""
        return self.seen(workspace, since, None)

    def seen(self, workspace: str, since: int, as_: Sighting | None) -> Made:
        """The same, but the scans from one on see a workspace otherwise, or not at all."""
        looks = []
        for number, look in enumerate(self.looks):
            seen = dict(look.sightings)
            if number >= since and workspace in seen:
                del seen[workspace]
                if as_:
                    seen[as_.workspace] = as_
            looks.append(replace(look, sightings=seen))
        return Made(looks, [*self.plans])


def told_by(successions: Iterable[Succession], **more: Any) -> Plans:
    """What plans tell that have this to say, and nothing else."""
    made = [
        PlanTold(one.plan, 0, "", one, (), Move(one.plan, one.source, one.source, one.target, 0, 0, None))
        for one in successions
    ]
    return Plans(tuple(made), count=len(made), **more)


class _Estate:
    """What there is at a time, and what happens to it from one scan to the next."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.owner = random.Random(-1 - seed)
        # All that any workspace was ever called.
        self.ids: dict[str, None] = {}
        self.now: dict[str, Sighting] = {}
        self.made = Made()
        self.number = 0
        for _ in range(self.dice.randint(1, 5)):
            self.create(FIRST - timedelta(days=self.dice.randint(1, 90)))

    def create(self, at: datetime, *, customer: bool | None = None, production: bool | None = None) -> Sighting:
        self.number += 1
        name = f"ws{self.number}"
        one = Sighting(
            f"id{self.number}",
            arm_id(self.dice.choice(PLACES), name),
            self.dice.random() < 0.4 if customer is None else customer,
            storage=self.dice.choice(list(WhoseKey)),
            registry=self.dice.choice(list(WhoseKey)),
            # More often than not of those that are fine, so that some have all of it.
            other_data=self.dice.choice((WhoseKey.CUSTOMER, WhoseKey.NOTHING, *WhoseKey)),
            production=self.dice.choice((True, True, False, None)) if production is None else production,
            by=self.dice.choice(("tag", "rule", "decision")),
            sensitivity=self.dice.choice((None, "internal", "restricted")),
            created=self.dice.choice((at, None)),
        )
        self.now[one.workspace] = one
        return one

    def happens(self, at: datetime) -> None:
        for one in list(self.now.values()):
            what = self.dice.random()
            if what < 0.06:
                del self.now[one.workspace]
            elif what < 0.12:
                self.now[one.workspace] = replace(one, id=arm_id(self.dice.choice(PLACES), f"{one.workspace}-new"))
            elif what < 0.20:
                told = self.dice.choice((None, None, False, True))
                self.now[one.workspace] = replace(one, production=told, by=self.dice.choice(("tag", "decision")))
            elif what < 0.65 and not one.customer:
                self.move(one, at)
        if self.dice.random() < 0.3:
            self.create(at - timedelta(hours=self.dice.randint(1, 40)))

    def move(self, one: Sighting, at: datetime) -> None:
        """It gets a plan and a successor, perhaps another, and perhaps is proven, and removed, then or never."""
        before = next((plan for plan in self.made.plans if plan.source == one.workspace), None)
        if before is None or self.dice.random() < 0.1:
            target = self.create(at, customer=self.dice.random() < 0.9, production=self.dice.choice((True, False)))
            self.made.plans.append(
                Succession(
                    one.workspace, target.workspace, f"plans/{target.workspace}", at + self.dice.choice(_PLANNED)
                )
            )
        elif before.proven is None and self.dice.random() < 0.7:
            self.made.plans.remove(before)
            self.made.plans.append(replace(before, proven=at - timedelta(hours=1)))
        else:
            del self.now[one.workspace]

    def scanned(self, number: int, at: datetime) -> None:
        places = PLACES if self.dice.random() < 0.8 else PLACES[:1]
        unreadable: dict[str, str] = {}
        if self.dice.random() < 0.1:
            unreadable[f"/subscriptions/{places[0]}"] = "refused"
        seen = {}
        for one in self.now.values():
            place = one.id.split("/")[2]
            if place not in places or f"/subscriptions/{place}" in unreadable:
                continue
            if self.dice.random() < 0.05:
                unreadable[one.id.lower()] = "refused"
                continue
            seen[one.workspace] = one
        self.made.looks.append(
            Look(
                at,
                f"SCAN-{number}.jsonl",
                f"{number:064x}",
                frozenset(places),
                seen,
                unreadable,
                0,
                self.decided(at),
            )
        )

    def decided(self, at: datetime) -> dict[str, tuple[str, str]]:
        """Which workspaces owners say to be gone: more often than not of those that are."""
        there = {one.id for one in self.now.values()}
        self.ids |= dict.fromkeys(one.id for one in self.now.values())
        found = {}
        for id_ in self.ids:
            if self.owner.random() < (0.04 if id_ in there else 0.2):
                day = at - timedelta(days=self.owner.choice((0, 2, 9, 60)))
                found[id_.lower()] = ("ann", f"{day:%Y-%m-%d}")
        return found


@cache
def history(seed: int) -> Made:
    """The history of a seed: always the same, and nobody's to change."""
    estate = _Estate(seed)
    at = FIRST
    for number in range(estate.dice.randint(2, 10)):
        estate.scanned(number, at)
        at += timedelta(days=estate.dice.randint(1, 30))
        estate.happens(at)
    return estate.made
