"""List prices from a saved answer of Azure's price API: a file, read whole; what it does not have is not known.

They are what Azure lists (AZ-COST-1) and nobody's bill. The file is one answer, a list of answers or one a line:
the pages of `https://prices.azure.com/api/retail/prices`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from amlmigrate.core import unread
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.few import many
from amlmigrate.core.redaction import path_text
from amlmigrate.core.spelling import plain_region

# By the hour Azure bills 730 of them a month (AZ-COST-2).
HOURS = Decimal(730)
_MONTHS = {"1 GB/Month": Decimal(1), "1/Month": Decimal(1), "1/Day": HOURS / 24, "1 Hour": HOURS}
# More than anything costs; sums of more digits would take their time.
_MOST = Decimal(10) ** 9
_CONSUMPTION = "consumption"
_REMEDY = "Name the file with --prices; docs/how-to/figures.md shows how one is saved."


@dataclass(frozen=True, slots=True)
class PriceMeter:
    """What is billed, by the names of the price API (AZ-COST-3); `sku` is empty where the meter's name says it."""

    service: str
    product: str
    name: str
    unit: str
    sku: str = ""

    def __str__(self) -> str:
        return f"{self.product}, {self.name}"


@dataclass(frozen=True, slots=True)
class PriceTier:
    """A price from so many units on."""

    floor: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class PricesFound:
    """The tiers of a meter in a region, or why they are not known."""

    tiers: tuple[PriceTier, ...] = ()
    why: str = ""

    @property
    def first(self) -> Decimal | None:
        """The price of the first unit."""
        return self.tiers[0].price if self.tiers else None

    def of(self, units: Decimal) -> Decimal | None:
        """What so many units cost: each tier has its price for what lies in it."""
        if not self.tiers:
            return None
        ends = [*(tier.floor for tier in self.tiers[1:]), max(units, self.tiers[-1].floor)]
        parts = (
            max(Decimal(0), min(units, end) - tier.floor) * tier.price
            for tier, end in zip(self.tiers, ends, strict=True)
        )
        return sum(parts, Decimal(0))


_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices of a file by service, product, meter and region; `partial`: it names a page that it lacks."""

    currency: str
    sha256: str
    partial: bool
    items: Mapping[_Key, tuple[Mapping[str, Any], ...]]

    def find(self, meter: PriceMeter, region: str) -> PricesFound:
        """The prices of a meter in a region; one that Azure has for all regions counts too."""
        for place in (plain_region(region), "global", ""):
            rows = self.items.get((meter.service, meter.product, meter.name, place), ())
            rows = tuple(row for row in rows if not meter.sku or row.get("skuName") == meter.sku)
            if rows:
                return _tiers(rows, meter)
        more = ", of which the last page is missing" if self.partial else ""
        return PricesFound(why=f"the file{more} has no price of '{meter}' in {region or 'a region not known'}")


def _tiers(rows: Iterable[Mapping[str, Any]], meter: PriceMeter) -> PricesFound:
    rows = tuple(rows)
    # Azure lists a meter a second time for regions that it bills with another one (AZ-COST-1).
    rows = tuple(row for row in rows if row.get("isPrimaryMeterRegion") is True) or rows
    if other := next((row["unitOfMeasure"] for row in rows if row["unitOfMeasure"] != meter.unit), None):
        return PricesFound(why=f"'{meter}' is priced by '{other}', and not by '{meter.unit}'")
    found: dict[Decimal, set[Decimal]] = {}
    for row in rows:
        found.setdefault(row["tierMinimumUnits"], set()).add(row["retailPrice"])
    if any(len(prices) > 1 for prices in found.values()) or min(found) != 0:
        return PricesFound(why=f"the file has more than one price of '{meter}', and not which counts")
    return PricesFound(tuple(PriceTier(floor, price) for floor, [price] in sorted(found.items())))


def monthly(unit: str) -> Decimal:
    """How many of a unit something takes that is there for a month."""
    return _MONTHS[unit]


def read(path: Path) -> PriceList:
    """The prices in a file. Raises BadInputError for what is no such answer, cut short or in two currencies."""
    try:
        data = path.read_bytes()
        pages = list(_pages(data.decode("utf-8-sig")))
    except OSError as error:
        raise _bad(path, unread.why(error)) from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "it is no JSON in UTF-8") from error
    items: dict[_Key, list[Mapping[str, Any]]] = {}
    currencies: set[str] = set()
    for row in (row for page in pages for row in _rows(path, page)):
        currencies.add(str(row.get("currencyCode")))
        if str(row["type"]).lower() == _CONSUMPTION:
            region = plain_region(str(row.get("armRegionName") or ""))
            key = (str(row["serviceName"]), str(row["productName"]), str(row["meterName"]), region)
            items.setdefault(key, []).append(row)
    if len(currencies) != 1:
        found = ", ".join(sorted(currencies))
        raise _bad(path, f"it has prices in {found}, and sums need one currency" if found else "it holds no price")
    partial = bool(pages[-1].get("NextPageLink"))
    return PriceList(
        currencies.pop(), sha256(data).hexdigest(), partial, {key: tuple(rows) for key, rows in items.items()}
    )


def _pages(text: str) -> Iterator[dict[str, Any]]:
    """One answer, a list of answers, or one a line. Raises ValueError."""
    try:
        found = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError:
        lines = filter(str.strip, text.splitlines())
        found = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]
    pages = found if isinstance(found, list) else [found]
    if not pages or not all(isinstance(page, dict) and isinstance(page.get("Items"), list) for page in pages):
        raise ValueError("no pages")
    yield from pages


def _rows(path: Path, page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if page.get("Count") not in (None, len(page["Items"])):
        raise _bad(path, f"a page says {page['Count']}, and has {many(len(page['Items']), 'price')}")
    for row in page["Items"]:
        match row:
            case {
                "serviceName": str(),
                "productName": str(),
                "meterName": str(),
                "unitOfMeasure": str(),
                "type": str(),
                "retailPrice": Decimal() as price,
                "tierMinimumUnits": Decimal() as floor,
            } if 0 <= price < _MOST and 0 <= floor < _MOST:
                yield row
            case _:
                raise _bad(path, "an item of it is no price")


def _bad(path: Path, why: str) -> BadInputError:
    return BadInputError(f"The file of prices cannot be used: {why}.", address=path_text(path), remedy=_REMEDY)
