"""The service for `prices.azure.com`: list prices, without a sign-in, a hundred a page (AZ-COST-20).

The amounts are examples of a file (`data/prices.json`). `$filter` has comparisons of texts by `eq` and `ne` and
`contains` and `startswith`, joined by `and`, or by `or` in brackets; whatever else is refused.
"""

from __future__ import annotations

import functools
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from azsandbox.messages import Request, Response

HOST = "prices.azure.com"
_PATH = "/api/retail/prices"
_FILE = Path(__file__).parent / "data" / "prices.json"
_PAGE = 100
_PARAMETERS = frozenset(("$filter", "$skip", "currencycode", "meterregion", "api-version"))
_SENSITIVE = "2023-01-01-preview"  # the version from which values have a letter case (AZ-COST-20)
_FIELDS = frozenset(
    (
        *("armRegionName", "location", "meterId", "meterName", "productId", "skuId", "productName", "skuName"),
        *("serviceName", "serviceFamily", "priceType", "armSkuName"),
    )
)
_TERM = re.compile(
    r"\s*(?:(?P<field>\w+)\s+(?P<operator>eq|ne)\s+'(?P<value>(?:[^']|'')*)'"
    r"|(?P<call>contains|startswith)\(\s*(?P<of>\w+)\s*,\s*'(?P<part>(?:[^']|'')*)'\s*\))\s*"
)
_SINCE = "2024-05-01T00:00:00Z"
Item = Mapping[str, Any]
Test = Callable[[Item], bool]


class BadAsk(ValueError):
    """Something that the service cannot be asked; what and why."""


class Prices:
    """Answers for everybody."""

    async def handle(self, request: Request) -> Response:
        """One page, or 400 and 404 in words of ours (AZ-LOCAL-2)."""
        if request.method != "GET" or request.path.rstrip("/") != _PATH:
            return Response.of_json(
                404, {"Error": {"Code": "NotFound", "Message": f"{request.path} is not here."}}
            )
        try:
            return Response.of_json(200, _page({name.lower(): value for name, value in request.query.items()}))
        except BadAsk as problem:
            return Response.of_json(400, {"Error": {"Code": "BadRequest", "Message": str(problem)}})


def _page(query: Mapping[str, str]) -> dict[str, Any]:
    if unknown := sorted(query.keys() - _PARAMETERS):
        raise BadAsk(f"The query parameter '{unknown[0]}' is not supported.")
    currency = query.get("currencycode", "USD").strip("'\"").upper()
    if currency not in _file()["currencies"]:
        raise BadAsk(f"The local Azure has no prices in '{currency}'.")
    skip = query.get("$skip", "0")
    if not skip.isdecimal():
        raise BadAsk(f"The value '{skip}' of $skip is invalid.")
    folded = query.get("api-version", "") < _SENSITIVE
    wanted = _Filter(query["$filter"], folded=folded).test() if query.get("$filter") else lambda _: True
    found = [one for one in _items(currency) if wanted(one)]
    if query.get("meterregion", "").strip("'\"") == "primary":
        found = [one for one in found if one["isPrimaryMeterRegion"]]
    start, end = int(skip), int(skip) + _PAGE
    return {
        "BillingCurrency": currency,
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": found[start:end],
        "NextPageLink": _next(query, end) if end < len(found) else None,
        "Count": len(found[start:end]),
    }


def _next(query: Mapping[str, str], skip: int) -> str:
    kept = {name: value for name, value in query.items() if name != "$skip"}
    asked = "&".join(f"{name}={quote(value)}" for name, value in (*kept.items(), ("$skip", str(skip))))
    return f"https://{HOST}:443{_PATH}?{asked}"


@functools.cache
def _file() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@functools.cache
def _items(currency: str) -> Sequence[Item]:
    return list(_made(_file(), currency))


def _made(file: Mapping[str, Any], currency: str) -> Iterator[Item]:
    rate = float(file["currencies"][currency])
    for region, (location, factor) in file["regions"].items():
        for row in file["regional"]:
            yield _item(dict(zip(file["columns"], row, strict=True)), region, location, factor * rate, currency)
        for row in file["reserved"]:
            one = _item(dict(zip(file["columns"], row, strict=True)), region, location, factor * rate, currency)
            yield {**one, "type": "Reservation", "reservationTerm": "1 Year"}
    for row in file["global"]:
        yield _item(dict(zip(file["columns"], row, strict=True)), "Global", "Global", rate, currency)


def _item(row: Mapping[str, Any], region: str, location: str, factor: float, currency: str) -> dict[str, Any]:
    price = round(row["retailPrice"] * factor, 6)
    names = [str(row[name]) for name in ("serviceName", "productName", "skuName", "meterName")]
    product = uuid.uuid5(uuid.NAMESPACE_URL, "/".join(names[:2])).hex[:10].upper()
    return {
        "currencyCode": currency,
        "tierMinimumUnits": float(row["tierMinimumUnits"]),
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": region,
        "location": location,
        "effectiveStartDate": _SINCE,
        "meterId": str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((*names, region)))),
        "meterName": row["meterName"],
        "productId": f"DZH{product}",
        "skuId": f"DZH{product}/{uuid.uuid5(uuid.NAMESPACE_URL, names[2]).hex[:4].upper()}",
        "productName": row["productName"],
        "skuName": row["skuName"],
        "serviceName": row["serviceName"],
        "serviceId": f"DZH{uuid.uuid5(uuid.NAMESPACE_URL, names[0]).hex[:9].upper()}",
        "serviceFamily": row["serviceFamily"],
        "unitOfMeasure": row["unitOfMeasure"],
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": "",
    }


class _Filter:
    """Reads a `$filter`; `folded`: values are compared without case."""

    def __init__(self, text: str, *, folded: bool) -> None:
        self._text, self._at, self._fold = text, 0, str.lower if folded else str

    def test(self) -> Test:
        """Which items are wanted. Raises BadAsk."""
        found = self._either()
        if self._text[self._at :].strip():
            raise BadAsk(f"Invalid OData query at '{self._text[self._at :].strip()}'.")
        return found

    def _either(self) -> Test:
        tests = [self._both()]
        while self._word("or"):
            tests.append(self._both())
        return lambda item: any(one(item) for one in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._word("and"):
            tests.append(self._one())
        return lambda item: all(one(item) for one in tests)

    def _word(self, word: str) -> bool:
        match = re.compile(rf"\s*{word}\b").match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match is not None

    def _sign(self, sign: str) -> bool:
        match = re.compile(rf"\s*{re.escape(sign)}\s*").match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match is not None

    def _one(self) -> Test:
        if self._sign("("):
            found = self._either()
            if not self._sign(")"):
                raise BadAsk("Invalid OData query: a bracket is not closed.")
            return found
        match = _TERM.match(self._text, self._at)
        name = (match["field"] or match["of"]) if match else ""
        if match is None or name not in _FIELDS:
            raise BadAsk(f"Invalid OData query at '{self._text[self._at :].strip()}'.")
        self._at = match.end()
        field, fold = ("type" if name == "priceType" else name), self._fold
        wanted = fold((match["value"] if match["field"] else match["part"]).replace("''", "'"))
        if match["call"]:
            within = match["call"] == "contains"
            return lambda item: wanted in (value := fold(item[field])) and (within or value.startswith(wanted))
        same = match["operator"] == "eq"
        return lambda item: (fold(item[field]) == wanted) is same
