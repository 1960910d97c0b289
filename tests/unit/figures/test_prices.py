"""List prices from a saved answer: each is found by all of its names, and what is not there is not known."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from amlmigrate.core.errors import BadInputError
from amlmigrate.figures import meters, prices
from amlmigrate.figures.prices import PriceList, PriceMeter
from amlmigrate.figures.resources import PricedResource

HOT = PriceMeter("Storage", "General Block Blob v2", "Hot LRS Data Stored", "1 GB/Month")


def item(meter: PriceMeter = HOT, price: float = 0.02, floor: float = 0, **more: Any) -> dict[str, Any]:
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": floor,
        "retailPrice": price,
        "armRegionName": "eastus2",
        "productName": meter.product,
        "skuName": meter.sku or "Hot LRS",
        "serviceName": meter.service,
        "meterName": meter.name,
        "unitOfMeasure": meter.unit,
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
    } | more


def page(*items: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {"BillingCurrency": "USD", "Items": list(items), "NextPageLink": following, "Count": len(items)}


def read(folder: Path, content: Any) -> PriceList:
    path = folder / "prices.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return prices.read(path)


def test_each_tier_has_its_price_for_what_lies_in_it(tmp_path: Path) -> None:
    tiers = [item(price=0.02), item(price=0.01, floor=100), item(price=0.005, floor=1000)]
    found = read(tmp_path, page(*tiers[::-1])).find(HOT, "East US 2")
    wanted = {0: "0", 50: "1", 100: "2", 101: "2.01", 1000: "11", 1200: "12"}
    assert {units: found.of(Decimal(units)) for units in wanted} == {
        units: Decimal(text) for units, text in wanted.items()
    }
    assert found.first == Decimal("0.02")


def test_pages_come_in_a_list_or_one_a_line_and_a_missing_last_one_is_told(tmp_path: Path) -> None:
    pages = [page(item(), following="https://next"), page(item(meters.ENDPOINT, 0.01, armRegionName="Global"))]
    for content in (pages, "\n".join(map(json.dumps, pages))):
        found = read(tmp_path, content)
        assert (found.partial, found.find(HOT, "eastus2").first) == (False, Decimal("0.02"))
        assert found.find(meters.ENDPOINT, "westus").first == Decimal("0.01")
    partial = read(tmp_path, pages[0])
    missing = partial.find(meters.ENDPOINT, "eastus2")
    assert partial.partial and missing.of(Decimal(1)) is None and "last page is missing" in missing.why


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([item(armRegionName="westus")], "no price of"),
        ([item(productName="Blob Storage")], "no price of"),
        ([item(type="Reservation")], "no price of"),
        ([item(unitOfMeasure="100 GB/Month")], "priced by '100 GB/Month'"),
        ([item(price=0.02), item(price=0.03)], "more than one price"),
        # Without its first tier it would cost nothing up to there.
        ([item(floor=100)], "more than one price"),
    ],
)
def test_what_the_file_does_not_tell_for_sure_is_not_known(
    tmp_path: Path, items: list[dict[str, Any]], told: str
) -> None:
    found = read(tmp_path, page(item(meters.ENDPOINT), *items)).find(HOT, "eastus2")
    assert (found.tiers, found.of(Decimal(1)), found.first) == ((), None, None)
    assert told in found.why


def test_of_a_meter_that_is_listed_twice_the_one_that_is_billed_counts(tmp_path: Path) -> None:
    rows = [item(price=0.05, isPrimaryMeterRegion=False), item(price=0.02)]
    assert read(tmp_path, page(*rows)).find(HOT, "eastus2").first == Decimal("0.02")
    only = read(tmp_path, page(item(price=0.05, isPrimaryMeterRegion=False)))
    assert only.find(HOT, "eastus2").first == Decimal("0.05")


def test_a_price_of_zero_that_is_listed_is_one(tmp_path: Path) -> None:
    assert read(tmp_path, page(item(price=0), item(price=0))).find(HOT, "eastus2").of(Decimal(5)) == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no JSON"),
        ("[]", "no JSON"),
        ('{"Items": 1}', "no JSON"),
        ('{"error": {"code": "429"}}', "no JSON"),
        (json.dumps(page(item()))[:-40], "no JSON"),
        (page(), "it holds no price"),
        (page(item()) | {"Count": 100}, "a page says 100, and has 1 price"),
        (page(item(), item(currencyCode="EUR")), "prices in EUR, USD"),
        (page(item(price=-1)), "an item of it is no price"),
        (page(item(retailPrice="0.02")), "an item of it is no price"),
        (page(item(meterName=None)), "an item of it is no price"),
        ('{"Items": [{"retailPrice": NaN}]}', "an item of it is no price"),
        (json.dumps(page(item())).replace("0.02", "1e400000"), "an item of it is no price"),
    ],
)
def test_what_is_no_saved_answer_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path, content)
    assert told in caught.value.summary


@pytest.mark.parametrize(
    ("account", "product", "name"),
    [
        (("Standard_LRS", "StorageV2", "Hot", False), "General Block Blob v2", "Hot LRS Data Stored"),
        (("Standard_RAGRS", "StorageV2", "Cool", None), "General Block Blob v2", "Cool RA-GRS Data Stored"),
        (("Standard_ZRS", "BlobStorage", "Cold", False), "Blob Storage", "Cold ZRS Data Stored"),
        (
            ("Standard_GZRS", "StorageV2", "Hot", True),
            "Azure Data Lake Storage Gen2 Hierarchical Namespace",
            "Hot GZRS Data Stored",
        ),
    ],
)
def test_an_account_tells_by_which_meter_its_blobs_are_billed(
    account: tuple[str, str, str, bool | None], product: str, name: str
) -> None:
    found = meters.of_blobs(PricedResource("/a", "eastus2", *account))
    assert found and (found.product, found.name) == (product, name)


@pytest.mark.parametrize(
    "account",
    [
        ("", "StorageV2", "Hot"),
        ("Premium_LRS", "StorageV2", "Hot"),
        ("Premium_LRS", "BlockBlobStorage", "Premium"),
        ("Standard_LRS", "Storage", ""),
        ("Standard_NEW", "StorageV2", "Hot"),
    ],
)
def test_of_other_accounts_no_meter_is_known(account: tuple[str, str, str]) -> None:
    assert meters.of_blobs(PricedResource("/a", "eastus2", *account)) is None
    assert meters.of_registry(PricedResource("/r", "eastus2", "Classic")) is None


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be used: there is no such file") as refused:
        prices.read(tmp_path / "nofile")
    assert "--prices" in refused.value.remedy
    with pytest.raises(BadInputError, match="it is a folder"):
        prices.read(tmp_path)
