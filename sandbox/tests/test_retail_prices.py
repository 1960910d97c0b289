"""List prices: without a sign-in, a page at a time, by filters, and with the names that bills have."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from live import connection

from azsandbox import Sandbox
from azsandbox.messages import Request
from azsandbox.prices import HOST, Prices

VAULTS = "serviceName eq 'Key Vault' and armRegionName eq 'eastus2'"


async def ask(query: dict[str, str] | None = None, method: str = "GET") -> tuple[int, Any]:
    """Status and answer."""
    request = Request(method, HOST, "/api/retail/prices", query or {}, {}, b"", None, "")
    response = await Prices().handle(request)
    return response.status, json.loads(response.body)


async def items(filter_: str, **more: str) -> list[dict[str, Any]]:
    """All items, page by page."""
    found, query = [], {"$filter": filter_, **more} if filter_ else dict(more)
    while True:
        status, page = await ask(query)
        assert status == 200, page
        assert page["Count"] == len(page["Items"]) <= 100
        found += page["Items"]
        if not page["NextPageLink"]:
            return found
        query = dict(parse_qsl(urlsplit(page["NextPageLink"]).query))


async def test_pages_go_on_to_the_end_and_hold_each_price_once() -> None:
    status, first = await ask()
    assert (status, first["Count"], first["BillingCurrency"]) == (200, 100, "USD")
    assert first["NextPageLink"].startswith("https://prices.azure.com:443/api/retail/prices?")
    every = await items("")
    keys = {(one["meterId"], one["skuName"], one["tierMinimumUnits"], one["type"]) for one in every}
    assert len(keys) == len(every) > 100


@pytest.mark.parametrize(
    ("filter_", "meters"),
    [
        (f"{VAULTS} and meterName eq 'Operations'", ["Operations", "Operations"]),
        (f"{VAULTS} and skuName eq 'Premium' and contains(meterName, 'HSM')", ["Premium HSM-protected RSA 2048-bit key", "Premium HSM-protected Advanced Key"]),
        (f"{VAULTS} and (meterName eq 'Secret Renewal' or meterName eq 'none')", ["Secret Renewal"]),
        ("serviceName eq 'Virtual Network' and startswith(meterName, 'Standard Private')", ["Standard Private Endpoint"]),
        (f"{VAULTS} and skuName ne 'Standard' and meterName eq 'Operations'", ["Operations"]),
        ("serviceName eq 'Nothing'", []),
    ],
)  # fmt: skip
async def test_filters(filter_: str, meters: list[str]) -> None:
    assert [one["meterName"] for one in await items(filter_)] == meters


async def test_values_have_a_case_from_the_preview_of_2023_on() -> None:
    assert len(await items("serviceName eq 'key vault' and armRegionName eq 'eastus2'")) == 7
    new = {"api-version": "2023-01-01-preview"}
    assert await items("serviceName eq 'key vault'", **new) == []
    assert len(await items(VAULTS, **new)) == 7


async def test_tiers_reservations_and_other_currencies() -> None:
    blobs = "productName eq 'General Block Blob v2' and meterName eq 'Hot LRS Data Stored' and armRegionName eq 'eastus2'"
    found = await items(f"{blobs} and priceType eq 'Consumption'")
    assert [(one["tierMinimumUnits"], one["retailPrice"]) for one in found] == [
        (0, 0.0184),
        (51200, 0.0177),
        (512000, 0.017),
    ]
    [reserved] = await items(f"{blobs} and priceType eq 'Reservation'")
    assert (reserved["reservationTerm"], reserved["unitOfMeasure"]) == ("1 Year", "100 TB/Month")
    [euro, *_] = await items(f"{blobs} and priceType eq 'Consumption'", currencyCode="'EUR'")
    assert (euro["currencyCode"], euro["retailPrice"]) == ("EUR", 0.015824)


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "colour eq 'red'"},
        {"$filter": "serviceName eq 'Key Vault"},
        {"$filter": "serviceName gt 'Key Vault'"},
        {"$filter": "(serviceName eq 'Key Vault'"},
        {"$filter": "serviceName eq 'Key Vault' and"},
        {"$skip": "x"},
        {"$top": "5"},
        {"currencyCode": "'XXX'"},
    ],
)
async def test_what_cannot_be_asked_is_refused(query: dict[str, str]) -> None:
    assert (await ask(query))[0] == 400


async def test_only_reading_is_answered() -> None:
    assert (await ask(method="POST"))[0] == 404


def test_nobody_has_to_sign_in(sandbox: Sandbox) -> None:
    line = connection(sandbox.env, HOST)
    line.request("GET", "/api/retail/prices?$filter=serviceName%20eq%20'Container%20Registry'")
    response = line.getresponse()
    assert (response.status, json.loads(response.read())["Count"]) == (200, 16)
    line.close()
