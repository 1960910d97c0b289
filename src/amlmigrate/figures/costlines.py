"""One thing that is billed, and which there are: what keys add, what runs twice, what removals left. Pure.

Each is counted once: not for each plan of one source, nor for each workspace that shares a registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.few import many
from amlmigrate.core.keys import key_id
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.figures import meters
from amlmigrate.figures.moves import Leftover, Move
from amlmigrate.figures.prices import PriceList, PriceMeter, monthly
from amlmigrate.figures.resources import EstateResources, PricedResource, PricedWorkspace
from amlmigrate.scanning.values import CLASSIC, MICROSOFT

# A GB of the price list (AZ-COST-4).
_GB = Decimal(2**30)
_NO_PRICES = "no prices were given: --prices"
_CENT, _SMALL, _EXACT = Decimal("0.01"), Decimal("0.0001"), Decimal("0.000001")
# AZ-COST-8.
_SERVICE_SIDE = "Azure lists no price of it; --actual reads what the workspace is billed for"
_CLASSIC = "Cosmos DB, Search and storage are billed by themselves, in the group that Azure manages for it"
_LEFT = {
    "logs": "its price depends on what is logged; --actual reads what it is billed for by itself",
    "container": "what it holds was not counted; --actual reads what its account is billed for",
}
_IN_ACCOUNT = "which price counts is not known; --actual reads what its account is billed for"


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
        """For files: amounts as numbers."""
        return {
            "about": self.about,
            "what": self.what,
            "monthly": number(self.monthly),
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
        return f"{self.what}, {self.about}{ends}: {money(self.monthly)} {currency} a month at list price{price}"


@dataclass(frozen=True, slots=True)
class Counting:
    """What something costs, by what is known of it."""

    resources: EstateResources
    prices: PriceList | None
    now: datetime

    def lines(self, moves: Iterable[Move]) -> list[CostLine]:
        """All of them, each once."""
        moves = tuple(moves)
        found = [*self._added(moves), *(line for move in _by_source(moves) for line in self._of_move(move))]
        return list({(line.part, line.about.lower(), line.what): line for line in reversed(found)}.values())[::-1]

    def _added(self, moves: Iterable[Move]) -> Iterator[CostLine]:
        """What is there only since there is a key."""
        for id_ in self.resources.unread:
            yield CostLine(
                CostPart.ADDED, id_, "what no scan could read", why="whose key it is under is not known"
            )
        keys: dict[str, str] = {}
        for one in self.resources.workspaces.values():
            if one.encryption == MICROSOFT:
                continue
            why = _CLASSIC if one.encryption == CLASSIC else _SERVICE_SIDE
            yield CostLine(CostPart.ADDED, one.id, f"metadata under the key ({one.encryption})", why=why)
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

    def _of_move(self, move: Move) -> Iterator[CostLine]:
        """What is there twice, or is left."""
        if move.leftover:
            yield from self._remaining(move, move.leftover)
        elif move.begun is not None:
            yield from self._double(move)

    def _double(self, move: Move) -> Iterator[CostLine]:
        """All that the source costs beside the target, as far as a price is known."""
        seen = self.resources.there(move.workspace)
        if seen is None:
            unseen = self.resources.seen(move.source) is None
            why = "no scan has seen it" if unseen else "it is no longer there: what it left is not known"
            part = CostPart.DOUBLE if unseen else CostPart.REMAINING
            yield CostLine(part, move.source, "source of a move", why=why, plan=move.plan)
            return
        what = f"storage of {many(move.blobs, 'blob')} of {name_of(seen.id)}"
        storage = CostLine(CostPart.DOUBLE, seen.storage or seen.id, what, plan=move.plan)
        yield self._blobs(storage, move.bytes, self.resources.account(seen.storage) if seen.storage else None)
        if seen.registry and not self._used(seen.registry, seen.id):
            line = CostLine(CostPart.DOUBLE, seen.registry, "registry", plan=move.plan)
            yield self._registry(line, self.resources.registry(seen.registry))
        yield from self._endpoints(move, seen)
        what = "computes, endpoints, file shares and logs"
        why = "what they do is not known; --actual reads what the workspace and its account are billed for"
        yield CostLine(CostPart.DOUBLE, seen.id, what, why=why, plan=move.plan)

    def _endpoints(self, move: Move, seen: PricedWorkspace) -> Iterator[CostLine]:
        """Those of the workspace, and those of its account."""
        for about, count in ((seen.id, seen.endpoints), (seen.storage or "", seen.storage_endpoints)):
            line = CostLine(CostPart.DOUBLE, about, "private endpoints", plan=move.plan)
            if count is None:
                yield replace(line, why="the scan could not read how many there are")
            elif count:
                yield self._priced(line, meters.ENDPOINT, seen.location, Decimal(count))

    def _remaining(self, move: Move, left: Leftover) -> Iterator[CostLine]:
        if left.customers_key and left.kept_until and left.kept_until > self.now:
            # AZ-DEL-4.
            what = "removed workspace that can be recovered"
            yield CostLine(
                CostPart.REMAINING, move.source, what, why=_SERVICE_SIDE, plan=move.plan, until=left.kept_until
            )
        for one in left.remains:
            # Of an account its containers are billed, and of a vault its keys.
            if (
                one.there is not False
                and one.kind not in ("account", "vault")
                and not self._used(one.id, move.source)
            ):
                yield self._left(CostLine(CostPart.REMAINING, one.id, one.what, plan=move.plan), one)

    def _used(self, registry: str, by_others_than: str) -> bool:
        """Whether another workspace that is there has a registry, which is then there for that one."""
        return any(
            key_of(one.registry) == key_of(registry) and key_of(one.id) != key_of(by_others_than)
            for one in self.resources.workspaces.values()
            if one.registry
        )

    def _left(self, line: CostLine, one: RemainingRecord) -> CostLine:
        if one.kind == "registry":
            return self._registry(line, self.resources.registry(one.id))
        if one.kind == "container" and one.bytes is not None:
            return self._blobs(line, one.bytes, self.resources.account(one.id.partition("/")[0]))
        return replace(line, why=_LEFT.get(one.kind, _IN_ACCOUNT))

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


def _by_source(moves: Iterable[Move]) -> list[Move]:
    """Of each source the plan that removed it, the last one; else the one that copies most."""
    found: dict[str, Move] = {}
    for move in moves:
        before = found.get(move.workspace)
        if before is None or _rank(move) > _rank(before):
            found[move.workspace] = move
    return list(found.values())


def _rank(move: Move) -> tuple[bool, float, bool, int]:
    gone = move.leftover.gone if move.leftover else None
    return move.leftover is not None, gone.timestamp() if gone else 0.0, move.begun is not None, move.bytes


def _unpriced(resource: PricedResource | None) -> str:
    if resource is None or not resource.sku:
        return "no scan has its tier; scan again, or --actual reads what it is billed for"
    told = ", ".join(filter(None, (resource.kind, resource.sku, resource.access_tier)))
    return f"which price counts for {told} is not known; --actual reads what it is billed for"


def number(amount: Decimal | None) -> float | None:
    """An amount for files."""
    return None if amount is None else float(amount.quantize(_SMALL))


def money(amount: Decimal) -> str:
    """An amount for people; one of less than a hundredth is not told as none."""
    return f"{amount.quantize(_CENT):,}" if not 0 < abs(amount) < _CENT else f"{amount.quantize(_SMALL):,}"
