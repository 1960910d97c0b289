"""What customers' keys cost a month, at list prices: what they add, what runs twice, what removals left. Pure.

What has no price is not known, and is counted as that: a sum of what is known is told as at least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.few import many
from amlmigrate.figures.actual import ActualCosts
from amlmigrate.figures.costlines import CostLine, CostPart, Counting, money, number
from amlmigrate.figures.moves import Move
from amlmigrate.figures.prices import PriceList
from amlmigrate.figures.resources import EstateResources
from amlmigrate.scanning.values import MICROSOFT

_TITLES = {
    CostPart.ADDED: "added by customers' keys",
    CostPart.DOUBLE: "there twice while moves are under way",
    CostPart.REMAINING: "left after removals",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """All lines, currency and digest of the prices (None without a file), and what was billed where asked for."""

    every: tuple[CostLine, ...]
    currency: str | None
    prices_sha256: str | None
    partial: bool
    ids: frozenset[str]
    actual: ActualCosts | None = None

    def of(self, part: CostPart) -> list[CostLine]:
        """The lines of a part, the dearest first, and what is not known last."""
        found = (line for line in self.every if line.part is part)
        return sorted(found, key=lambda one: (one.monthly is None, -(one.monthly or 0), one.about, one.what))

    def least(self, part: CostPart) -> Decimal | None:
        """What the part costs a month at least; None where nothing of it is known, as without prices."""
        if self.prices_sha256 is None:
            return None
        known = [line.monthly for line in self.of(part) if line.monthly is not None]
        return sum(known, Decimal(0)) if known or not self.of(part) else None

    def unknown(self, part: CostPart) -> int:
        """Of how many lines it is not known."""
        return sum(line.monthly is None for line in self.of(part))

    def with_actual(self, found: ActualCosts) -> Cost:
        """The same, with what Azure billed."""
        return replace(self, actual=found)

    def series(self) -> dict[str, float | None]:
        """Each part's sum, for a trend."""
        return {part.value: number(self.least(part)) for part in CostPart}

    def as_dict(self) -> dict[str, Any]:
        """The member `cost` of the figures."""
        return {
            "currency": self.currency,
            "list_prices": self.prices_sha256 is not None,
            "prices_sha256": self.prices_sha256,
            "prices_partial": self.partial,
            **{
                part.value: {
                    "monthly_at_least": number(self.least(part)),
                    "not_known": self.unknown(part),
                    "lines": [line.as_dict() for line in self.of(part)],
                }
                for part in CostPart
            },
            "actual": self.actual.as_dict() if self.actual else None,
        }

    def lines(self) -> list[str]:
        """For people: a sum of each part, its lines below it, and what Azure billed."""
        told = [line for part in CostPart for line in self._part(part)]
        return told + list(self.actual.lines() if self.actual else ())

    def _part(self, part: CostPart) -> Iterator[str]:
        found, least, unknown = self.of(part), self.least(part), self.unknown(part)
        if not found:
            return
        beside = f"; {many(unknown, 'amount')} not known" if unknown else ""
        sum_ = "not known" if least is None else f"{'at least ' if unknown else ''}{money(least)} {self.currency}"
        yield f"{_TITLES[part]}: {sum_}{' a month at list prices' if least is not None else ''}{beside}"
        yield from (f"  {line.text(self.currency or '')}" for line in found)


@dataclass(frozen=True, slots=True)
class EstateMoves:
    """The moves of all plans; `unread` are folders of plans that could not be read, and why."""

    found: tuple[Move, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


def cost(resources: EstateResources, plans: EstateMoves, prices: PriceList | None, now: datetime) -> Cost:
    """The costs of an estate: what scans tell of it, the moves of its plans, the prices where there are any."""
    moves = plans.found
    found = Counting(resources, prices, now).lines(moves)
    found += [
        CostLine(part, folder, "plan that could not be read", why=why)
        for folder, why in plans.unread.items()
        for part in (CostPart.DOUBLE, CostPart.REMAINING)
    ]
    under_key = [one.id for one in resources.workspaces.values() if one.encryption != MICROSOFT]
    named = [*under_key, *(id_ for move in moves for id_ in (move.source, move.target))]
    # Where a source was moved to, it is billed there.
    named += [one.id for move in moves if (one := resources.there(move.workspace))]
    ids = {key_of(id_) for one in named for id_ in _billed(resources, one)}
    left = (one.id for move in moves if move.leftover for one in move.leftover.remains)
    return Cost(
        tuple(found),
        prices.currency if prices else None,
        prices.sha256 if prices else None,
        bool(prices and prices.partial),
        frozenset(ids | {key_of(id_) for id_ in left if id_.startswith("/")}),
    )


def _billed(resources: EstateResources, id_: str) -> Iterator[str]:
    """What Azure bills of a workspace: itself, and what it names."""
    yield id_
    if seen := resources.seen(id_):
        yield from (part for part in (seen.storage, seen.registry, seen.vault) if part)
