"""Puts the figures together: from scans and plans, from the vaults, from Azure Monitor, and from earlier runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.figures import (
    alerts,
    bounds,
    drills,
    lostplans,
    mttr,
    plans,
    record,
    residuals,
    rotations,
    scans,
    share,
)
from amlmigrate.figures.actual import ActualCosts, actual
from amlmigrate.figures.alerts import Alerts, AlertsRead
from amlmigrate.figures.cost import Cost, EstateMoves, cost
from amlmigrate.figures.history import Look, Moment, moments
from amlmigrate.figures.mttr import Mttr, Spell, Spells, Times
from amlmigrate.figures.plans import Plans, PlanTold
from amlmigrate.figures.prices import PriceList
from amlmigrate.figures.record import Record
from amlmigrate.figures.residuals import Residuals
from amlmigrate.figures.resources import EstateResources
from amlmigrate.figures.rotations import Rotations
from amlmigrate.figures.scans import ScansRead
from amlmigrate.figures.share import Share
from amlmigrate.keys import reading
from amlmigrate.keys.scope import KeyScope, NoKeyError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FiguresRequest:
    """What is asked: the folders of scans, plans and reports on keys, the prices, whether what was billed too."""

    scans: Path
    plans: Path
    keys: Path
    prices: PriceList | None = None
    actual: bool = False


@dataclass(frozen=True, slots=True)
class FigureSources:
    """What the files tell: scans, plans, and what earlier runs kept; `plans` are also those that are lost."""

    looks: tuple[Look, ...]
    moments: tuple[tuple[datetime, Share, Times], ...]
    last: Moment
    spells: tuple[Spell, ...]
    plans: Plans
    record: Record
    unread: Mapping[str, str]
    resources: EstateResources
    nameless: Mapping[str, tuple[str, ...]]

    @property
    def scans(self) -> dict[str, str]:
        """The scans that count: name by SHA-256."""
        return {one.sha256: one.name for one in self.looks}

    @property
    def missing(self) -> list[str]:
        """The scans that an earlier run counted, and that are not there any more."""
        there = self.scans
        return sorted(name for sha256, name in self.record.scans.items() if sha256 not in there)

    @property
    def plans_there(self) -> list[PlanTold]:
        """The plans that were read, without those that are lost."""
        return [one for one in self.plans.told if not one.succession.lost]

    @property
    def plans_gone(self) -> dict[str, str]:
        """By folder and digest, what is not there any more of plans that an earlier run counted."""
        return {place: f"{what} not there any more" for place, what in lostplans.gone(self.plans).items()}

    @property
    def all_plans(self) -> bool:
        """Whether there are plans, every one could be read, and none that was counted before is lost."""
        return bool(self.plans.count) and not self.plans.unread and not self.plans_gone

    def cost(self, prices: PriceList | None, now: datetime) -> Cost:
        """What keys cost by these, at list prices."""
        return cost(
            self.resources, EstateMoves(self.plans.moves, {**self.plans.unread, **self.plans_gone}), prices, now
        )


@dataclass(frozen=True, slots=True)
class Live:
    """What Azure tells now; None for what was not asked, `why` for what was asked in vain."""

    rotations: Rotations | None = None
    alerts: AlertsRead | None = None
    actual: ActualCosts | None = None
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a run, and what they were made of."""

    at: datetime
    past: FigureSources
    live: Live
    share: Share
    mttr: Mttr
    residuals: Residuals
    alerts: Alerts | None
    cost: Cost
    bounds: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether everything that was asked could be read."""
        unread = (
            self.past.unread
            or self.past.missing
            or self.past.plans.unread
            or self.past.plans_gone
            or self.past.looks[-1].unreadable
            or self.live.why
        )
        part = (self.live.alerts and self.live.alerts.unread) or (
            self.live.rotations and self.live.rotations.keys_unread
        )
        billed = self.live.actual and self.live.actual.unread
        return not (unread or part or billed)

    def kept(self) -> dict[str, Any]:
        """The figures as a run keeps them: of the costs the sums alone."""
        return {**self.as_dict(), "cost": {"currency": self.cost.currency, **self.cost.series()}}

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON; what was not read is null, and `bounds` says why."""
        looks = self.past.looks
        return {
            "format": FORMAT,
            "at": self.at.isoformat(timespec="seconds"),
            "scans": {
                "count": len(looks),
                "first": looks[0].at.isoformat(timespec="seconds"),
                "newest": looks[-1].at.isoformat(timespec="seconds"),
                "longest_gap_days": round(bounds.longest_gap(looks), 2),
            },
            "production": self.share.as_dict(),
            "residual": self.residuals.as_dict(),
            "mttr_days": self.mttr.as_dict(),
            "rotations": self.live.rotations.as_dict() if self.live.rotations else None,
            "alerts": self.alerts.as_dict() if self.alerts else None,
            "cost": self.cost.as_dict(),
            "whole": self.whole,
            "bounds": list(self.bounds),
        }


def past(request: FiguresRequest, now: datetime) -> FigureSources:
    """Reads the files. Raises BadInputError where there is no scan, or what was kept before cannot be used."""
    kept = record.read(request.scans)
    return sources(scans.read(request.scans, now), plans.read(request.plans), kept)


def sources(read: ScansRead, every: Plans, kept: Record) -> FigureSources:
    """What the scans, of which there is one at least, and the plans come to."""
    looks = sorted(read.looks, key=Look.in_time)
    every = lostplans.with_lost(kept.plans, every)
    follower = Spells()
    trend: list[tuple[datetime, Share, Times]] = []
    last = None
    for last in moments(looks, every.successions):
        follower.follow(last)
        trend.append((last.at, share.share(last), mttr.times(follower.found(every.waves), last.at)))
    assert last is not None
    spells = tuple(follower.found(every.waves))
    return FigureSources(
        tuple(looks), tuple(trend), last, spells, every, kept, read.unread, read.resources, read.nameless
    )


async def live(side: Side, known: FigureSources, request: FiguresRequest, now: datetime) -> Live:
    """Asks the vaults and Azure Monitor, where the scans looked. What cannot be read keeps its reason."""
    subscriptions = sorted({one for look in known.looks for one in look.places})
    why: dict[str, str] = {}
    turned, vaults = None, set[str]()
    try:
        survey = await reading.read(side, KeyScope(subscriptions=tuple(subscriptions)), now)
        in_doubt = known.last.keys_in_doubt(all_=not survey.complete)
        turned = rotations.rotations(survey.keys, now, in_doubt, whole=survey.complete)
        vaults = {key_of(one.vault_id) for one in survey.keys if one.vault_id}
        why |= {f"keys in {one.id}": one.reason for one in survey.unread}
    except NoKeyError:
        turned = rotations.rotations((), now, known.last.keys_in_doubt())
    except MigrateError as error:
        why["rotations"] = error.summary
    vaults |= {one.vault for look in known.looks for one in look.sightings.values() if one.vault}
    spans, altered = drills.read(request.keys)
    why |= {"drills": altered} if altered else {}
    fired = await alerts.read(side.arm, subscriptions, frozenset(vaults), spans)
    billed = None
    if request.actual:
        billed = await actual(side.arm, request.scans, known.cost(request.prices, now).ids, now)
    return Live(turned, fired, billed, why)


def figures(known: FigureSources, asked: Live, now: datetime, prices: PriceList | None = None) -> Figures:
    """All figures by what was read."""
    costs = known.cost(prices, now)
    fired = _alerts(known.record, asked.alerts, now)
    made = Figures(
        at=now,
        past=known,
        live=asked,
        share=share.share(known.last),
        mttr=mttr.mttr(known.spells, now),
        residuals=residuals.residuals(known.plans.residues, whole=known.all_plans),
        alerts=fired,
        cost=costs.with_actual(asked.actual) if asked.actual else costs,
        bounds=(),
    )
    return replace(made, bounds=tuple(bounds.of(made)))


def _alerts(kept: Record, now_read: AlertsRead | None, now: datetime) -> Alerts | None:
    """Those that were kept, and those that were read now; None where nobody ever read any."""
    found = kept.fired
    looked = kept.looked
    if now_read is not None:
        found = {one.id: one for one in now_read.found} | found
        looked = looked if now_read.unread else [*looked, now]
    whole = now_read is not None and not now_read.unread
    if not (whole or kept.looked or found):
        return None
    fired = tuple(sorted(found.values(), key=lambda one: (one.at, one.id)))
    return Alerts(fired, now, record.since(looked)[0], whole=whole)
