"""What customers' keys cost a month, at list prices: what they add, what runs twice, what removals left. Pure.

What has no price is not known, and is counted as that: a sum of what is known is told as at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.few import many
from amlmigrate.core.keys import key_id
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.figures import meters
from amlmigrate.figures.actual import ActualCosts
from amlmigrate.figures.moves import Leftover, Move
from amlmigrate.figures.prices import PriceList, PriceMeter, monthly
from amlmigrate.figures.resources import EstateResources, PricedResource, PricedWorkspace
from amlmigrate.scanning.values import MICROSOFT

# A GB of the price list (AZ-COST-4).
_GB = Decimal(2**30)
_NO_PRICES = "no prices were given: --prices"
_ACTUAL = "Azure lists no price of it; --actual reads what it costs"
_CENT, _EXACT = Decimal("0.01"), Decimal("0.000001")


class CostPart(StrEnum):
    """Why something costs: it comes with the key, it is there twice, or it stays after a removal."""

    ADDED = "added"
    DOUBLE = "double"
    REMAINING = "remaining"


@dataclass(frozen=True, slots=True)
class CostLine:
    """One thing that is billed: `monthly` at list prices, None where that is not known, which `why` tells.

    `about` is an ARM id, or `ACCOUNT/CONTAINER`; `price` that of one `unit`; `until` is when it ends by itself.
    """

    part: CostPart
    about: str
    what: str
    monthly: Decimal | None = None
    price: Decimal | None = None
    unit: str = ""
    units: Decimal | None = None
    why: str = ""
    plan: str = ""
    until: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """For files: amounts as numbers, rounded to a hundredth."""
        return {
            "about": self.about,
            "what": self.what,
            "monthly": _number(self.monthly),
            "list_price": None if self.price is None else float(self.price),
            "unit": self.unit,
            "units": None if self.units is None else round(float(self.units), 3),
            "why": self.why,
            "plan": self.plan,
            "until": self.until.isoformat() if self.until else None,
        }

    def text(self, currency: str) -> str:
        """In words, each with where its amount is from."""
        ends = f", until {self.until:%Y-%m-%d}" if self.until else ""
        price = f" (list price {self.price} {currency} for {self.unit})" if self.price is not None else ""
        if self.monthly is None:
            return f"{self.what}, {self.about}{ends}: not known: {self.why}{price}"
        return f"{self.what}, {self.about}{ends}: {_money(self.monthly)} {currency} a month at list price{price}"


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
        """What the part costs a month at least; None where nothing of it is known."""
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
        return {part.value: _number(self.least(part)) for part in CostPart}

    def as_dict(self) -> dict[str, Any]:
        """The member `cost` of the figures."""
        return {
            "currency": self.currency,
            "list_prices": self.prices_sha256 is not None,
            "prices_sha256": self.prices_sha256,
            "prices_partial": self.partial,
            **{
                part.value: {
                    "monthly_at_least": _number(self.least(part)),
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
        sum_ = "not known" if least is None else f"{'at least ' if unknown else ''}{_money(least)} {self.currency}"
        yield f"{_TITLES[part]}: {sum_}{' a month at list prices' if least is not None else ''}{beside}"
        yield from (f"  {line.text(self.currency or '')}" for line in found)


_TITLES = {
    CostPart.ADDED: "added by customers' keys",
    CostPart.DOUBLE: "there twice while moves are under way",
    CostPart.REMAINING: "left after removals",
}


@dataclass(frozen=True, slots=True)
class EstateMoves:
    """The moves of all plans; `unread` are folders of plans that could not be read, and why."""

    found: tuple[Move, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


def cost(resources: EstateResources, plans: EstateMoves, prices: PriceList | None, now: datetime) -> Cost:
    """The costs of an estate: what scans tell of it, the moves of its plans, the prices where there are any."""
    moves = plans.found
    counting = _Counting(resources, prices, now)
    found = [*counting.added(moves), *(line for move in moves for line in counting.of_move(move))]
    found += [
        CostLine(part, folder, "plan that could not be read", why=why)
        for folder, why in plans.unread.items()
        for part in (CostPart.DOUBLE, CostPart.REMAINING)
    ]
    ids = {key_of(id_) for move in moves for id_ in _ids(resources, move)}
    return Cost(
        tuple(found),
        prices.currency if prices else None,
        prices.sha256 if prices else None,
        bool(prices and prices.partial),
        frozenset(ids | {key_of(one.id) for one in resources.workspaces.values() if one.encryption != MICROSOFT}),
    )


def _ids(resources: EstateResources, move: Move) -> Iterator[str]:
    """What Azure bills of a move: both workspaces, and what they name."""
    for id_ in (move.source, move.target):
        yield id_
        seen = resources.seen(id_)
        yield from (part for part in ((seen.storage, seen.registry) if seen else ()) if part)
    if move.leftover:
        yield from (one.id for one in move.leftover.remains if one.id.startswith("/"))


@dataclass(frozen=True, slots=True)
class _Counting:
    """What something costs, by what is known of it."""

    resources: EstateResources
    prices: PriceList | None
    now: datetime

    def added(self, moves: Iterable[Move]) -> Iterator[CostLine]:
        """What is there only since there is a key."""
        keys: dict[str, str] = {}
        for one in self.resources.workspaces.values():
            if one.encryption != MICROSOFT:
                # AZ-COST-8.
                what = f"metadata under the key ({one.encryption})"
                yield CostLine(CostPart.ADDED, one.id, what, why=_ACTUAL)
                if one.key_id:
                    named = key_id(one.key_id)
                    keys.setdefault(named.key if named else one.key_id, one.location)
        for key, region in sorted(keys.items()):
            line = CostLine(CostPart.ADDED, key, "operations with the key")
            yield self._rate(line, meters.OPERATIONS, region, "how many there are is not known")
        for move in moves:
            yield from self._registry_added(move)

    def _registry_added(self, move: Move) -> Iterator[CostLine]:
        """Only the dearest tier of a registry takes a key (AZ-COST-5)."""
        source, target = self.resources.seen(move.source), self.resources.workspaces.get(key_of(move.target))
        if not (source and target and source.registry and target.registry):
            return
        if key_of(source.registry) == key_of(target.registry):
            return
        before, after = (self.resources.registry(id_) for id_ in (source.registry, target.registry))
        if before and after and before.sku.lower() == after.sku.lower():
            return
        line = CostLine(CostPart.ADDED, target.registry, "registry of another tier than before", plan=move.plan)
        then, now = (self._registry(line, one) for one in (before, after))
        if then.monthly is None or now.monthly is None:
            yield replace(line, why=then.why or now.why)
        else:
            yield replace(now, monthly=now.monthly - then.monthly, units=None)

    def of_move(self, move: Move) -> Iterator[CostLine]:
        """What is there twice, or is left."""
        if move.doubled:
            yield from self._double(move)
        elif move.leftover:
            yield from self._remaining(move, move.leftover)

    def _double(self, move: Move) -> Iterator[CostLine]:
        """All that the source costs beside the target, as far as a price is known."""
        seen = self.resources.seen(move.source)
        if seen is None:
            yield CostLine(
                CostPart.DOUBLE, move.source, "source beside its target", why="no scan has seen it", plan=move.plan
            )
            return
        line = CostLine(
            CostPart.DOUBLE, seen.storage or seen.id, f"storage of {many(move.blobs, 'blob')}", plan=move.plan
        )
        yield self._blobs(line, move.bytes, self.resources.account(seen.storage) if seen.storage else None)
        yield from self._double_registry(move, seen)
        if seen.endpoints != 0:
            line = CostLine(CostPart.DOUBLE, seen.id, "private endpoints", plan=move.plan)
            if seen.endpoints is None:
                yield replace(line, why="the scan could not read how many there are")
            else:
                yield self._priced(line, meters.ENDPOINT, seen.location, Decimal(seen.endpoints))
        what = "computes, endpoints, file shares and logs"
        yield CostLine(
            CostPart.DOUBLE,
            seen.id,
            what,
            why="what they do is not known; --actual reads what it costs",
            plan=move.plan,
        )

    def _double_registry(self, move: Move, seen: PricedWorkspace) -> Iterator[CostLine]:
        target = self.resources.seen(move.target)
        if not seen.registry or (target and key_of(target.registry or "") == key_of(seen.registry)):
            return
        line = CostLine(CostPart.DOUBLE, seen.registry, "registry", plan=move.plan)
        yield self._registry(line, self.resources.registry(seen.registry))

    def _remaining(self, move: Move, left: Leftover) -> Iterator[CostLine]:
        if left.customers_key and left.kept_until and left.kept_until > self.now:
            # AZ-DEL-4.
            yield CostLine(
                CostPart.REMAINING,
                move.source,
                "removed workspace that can be recovered",
                why=_ACTUAL,
                plan=move.plan,
                until=left.kept_until,
            )
        for one in left.remains:
            if one.there is not False and one.kind not in ("account", "vault"):
                yield self._left(CostLine(CostPart.REMAINING, one.id, one.what, plan=move.plan), one)

    def _left(self, line: CostLine, one: RemainingRecord) -> CostLine:
        if one.kind == "registry":
            return self._registry(line, self.resources.registry(one.id))
        if one.kind == "container" and one.bytes is not None:
            return self._blobs(line, one.bytes, self.resources.account(one.id.partition("/")[0]))
        return replace(line, why="what it holds was not counted" if one.kind == "container" else _ACTUAL)

    def _blobs(self, line: CostLine, bytes_: int, account: PricedResource | None) -> CostLine:
        meter = meters.of_blobs(account) if account else None
        if account is None or meter is None:
            return replace(line, units=bytes_ / _GB, unit="1 GB/Month", why=_unpriced(account))
        return self._priced(line, meter, account.location, bytes_ / _GB)

    def _registry(self, line: CostLine, registry: PricedResource | None) -> CostLine:
        meter = meters.of_registry(registry) if registry else None
        if registry is None or meter is None:
            return replace(line, why=_unpriced(registry))
        return self._priced(line, meter, registry.location, Decimal(1))

    def _priced(self, line: CostLine, meter: PriceMeter, region: str, count: Decimal) -> CostLine:
        """So many of something for a month."""
        line = replace(line, unit=meter.unit, units=count)
        if self.prices is None:
            return replace(line, why=_NO_PRICES)
        found = self.prices.find(meter, region)
        amount = found.of(count * monthly(meter.unit))
        exact = None if amount is None else amount.quantize(_EXACT)
        return replace(line, price=found.first, monthly=exact, why=found.why)

    def _rate(self, line: CostLine, meter: PriceMeter, region: str, why: str) -> CostLine:
        """A price of which nobody knows how often it is paid."""
        found = self.prices.find(meter, region) if self.prices else None
        price = found.first if found else None
        return replace(
            line, price=price, unit=meter.unit, why=why if price is not None or not found else found.why
        )


def _unpriced(resource: PricedResource | None) -> str:
    if resource is None or not resource.sku:
        return "no scan has its tier; scan again, or --actual reads what it costs"
    told = ", ".join(filter(None, (resource.kind, resource.sku, resource.access_tier)))
    return f"which price counts for {told} is not known; --actual reads what it costs"


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount.quantize(_CENT))


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(_CENT):,}"
