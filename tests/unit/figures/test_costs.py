"""What keys cost: each amount is a list price of something that is there; what is not known is counted, never 0."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.unit.figures.test_prices import HOT, item, page, read
from tests.unit.scanning.workspaces import SUBSCRIPTION, line

from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.figures import meters
from amlmigrate.figures.cost import Cost, EstateMoves, cost
from amlmigrate.figures.costlines import CostPart
from amlmigrate.figures.moves import Leftover, Move
from amlmigrate.figures.prices import PriceList, PriceMeter
from amlmigrate.figures.resources import EstateResources
from amlmigrate.scanning.scanfile import ScanFile
from amlmigrate.scanning.values import Encryption, Exposure, RegistryValues, StorageValues, VaultValues

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
GB = 2**30
ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
BASIC = PriceMeter("Container Registry", "Container Registry", "Basic Registry Unit", "1/Day")
PREMIUM = PriceMeter("Container Registry", "Container Registry", "Premium Registry Unit", "1/Day")
SOURCE = line("old")["id"]
TARGET = line("new")["id"]


def account(name: str, sku: str | None = "Standard_LRS") -> StorageValues:
    id_ = f"{ROOT}/Microsoft.Storage/storageAccounts/{name}"
    return StorageValues(id_, "microsoft", "Enabled", "Allow", True, False, 1, sku, "StorageV2", "Hot", "eastus2")


def registry(name: str, sku: str | None) -> RegistryValues:
    id_ = f"{ROOT}/Microsoft.ContainerRegistry/registries/{name}"
    return RegistryValues(id_, "microsoft", "Enabled", sku, "eastus2")


OLD: dict[str, Any] = {"storage": account("oldsa"), "registry": registry("oldcr", "Basic")}
VAULT = VaultValues(f"{ROOT}/Microsoft.KeyVault/vaults/v", "key", True, True, True, True)
UNDER_KEY: dict[str, Any] = {
    "vault": VAULT,
    "encryption": Encryption("service-side", "https://v.vault.azure.net/keys/k/1"),
    "storage": account("newsa"),
    "registry": registry("newcr", "Premium"),
}


def scan(*lines: dict[str, Any], day: int = 1, **more: Any) -> ScanFile:
    header = {"created": f"2026-11-{day:02}T00:00:00.000+00:00", "subscriptions": [SUBSCRIPTION], **more}
    return ScanFile(header, lines, "")


def estate(*scans: ScanFile) -> EstateResources:
    found = EstateResources()
    for one in scans:
        found.note(one)
    return found


def listed(folder: Path) -> PriceList:
    prices = (item(HOT, 0.02), item(BASIC, 0.24), item(PREMIUM, 1.2), item(meters.OPERATIONS, 0.03))
    return read(folder, page(*prices, item(meters.ENDPOINT, 0.01, armRegionName="Global")))


def move(begun: bool = True, leftover: Leftover | None = None, bytes_: int = 500 * GB, of: str = "id-old") -> Move:
    return Move("plans/old", of, SOURCE, TARGET, 12, bytes_, NOW if begun else None, leftover)


def of(found: Cost, part: CostPart) -> dict[str, Decimal | None]:
    """By what and whose it is."""
    return {f"{one.what} of {one.about.rpartition('/')[2]}": one.monthly for one in found.of(part)}


def test_what_runs_twice_is_what_the_source_costs_beside_its_target(tmp_path: Path) -> None:
    both = estate(scan(line("old", **OLD, exposure=Exposure("Enabled", 2, "Disabled")), line("new", **UNDER_KEY)))
    found = cost(both, EstateMoves((move(),)), listed(tmp_path), NOW)
    assert of(found, CostPart.DOUBLE) == {
        "storage of 12 blobs of old of oldsa": Decimal(10),
        "registry of oldcr": Decimal("0.24") * 730 / 24,
        "private endpoints of old": Decimal(2) * 730 * Decimal("0.01"),
        "private endpoints of oldsa": Decimal(1) * 730 * Decimal("0.01"),
        "computes, endpoints, file shares and logs of old": None,
    }
    assert found.series()["double"] == 39.2
    head = "there twice while moves are under way: at least 39.20 USD a month at list prices; 1 amount not known"
    assert head in found.lines()
    assert cost(both, EstateMoves((move(begun=False),)), listed(tmp_path), NOW).of(CostPart.DOUBLE) == []


def test_a_registry_that_both_share_is_not_there_twice(tmp_path: Path) -> None:
    shared = {**UNDER_KEY, "registry": OLD["registry"]}
    found = cost(
        estate(scan(line("old", **OLD), line("new", **shared))), EstateMoves((move(),)), listed(tmp_path), NOW
    )
    assert not [what for what in of(found, CostPart.DOUBLE) if what.startswith("registry")]
    assert not [what for what in of(found, CostPart.ADDED) if what.startswith("registry")]


def test_what_a_key_adds_is_the_tier_of_its_registry_and_what_has_no_price(tmp_path: Path) -> None:
    both = estate(scan(line("old", **OLD), line("new", **UNDER_KEY)))
    found = cost(both, EstateMoves((move(),)), listed(tmp_path), NOW)
    assert of(found, CostPart.ADDED) == {
        "registry of another tier than before of newcr": (Decimal("1.2") - Decimal("0.24")) * 730 / 24,
        "metadata under the key (service-side) of new": None,
        "operations with the key of k": None,
    }
    (operations,) = (one for one in found.of(CostPart.ADDED) if one.what.startswith("operations"))
    assert (operations.about, operations.price, operations.unit) == (
        "https://v.vault.azure.net/keys/k",
        Decimal("0.03"),
        "10K",
    )
    assert "list price 0.03 USD for 10K" in operations.text("USD") and "not known" in operations.text("USD")


def remaining(
    kind: str, what: str, id_: str, bytes_: int | None = None, there: bool | None = True
) -> RemainingRecord:
    return RemainingRecord(kind, what, id_, there, None, "", None, None, None if bytes_ is None else 3, bytes_)


def test_what_is_left_costs_on_though_no_scan_sees_its_workspace_any_more(tmp_path: Path) -> None:
    left = Leftover(
        NOW,
        NOW + timedelta(days=3),
        True,
        (
            remaining("account", "storage account", OLD["storage"].id),
            remaining("container", "container", "oldsa/azureml-blobstore-x", 1000 * GB),
            remaining("container", "container", "oldsa/uncounted"),
            remaining("container", "container", "elsewhere/x", GB),
            remaining("container", "container", "oldsa/gone", GB, there=False),
            remaining("registry", "container registry", OLD["registry"].id),
            remaining("logs", "application insights", f"{ROOT}/Microsoft.Insights/components/ai"),
        ),
    )
    seen = estate(scan(line("new", **UNDER_KEY), day=9), scan(line("old", **OLD), line("new", **UNDER_KEY), day=1))
    assert list(seen.workspaces) == [TARGET.lower()]
    found = cost(seen, EstateMoves((move(leftover=left),)), listed(tmp_path), NOW)
    told = {(one.what, one.about.rpartition("/")[2]): one.monthly for one in found.of(CostPart.REMAINING)}
    assert told == {
        ("container", "azureml-blobstore-x"): Decimal(20),
        ("container registry", "oldcr"): Decimal("0.24") * 730 / 24,
        ("container", "uncounted"): None,
        ("container", "x"): None,
        ("application insights", "ai"): None,
        ("removed workspace that can be recovered", "old"): None,
    }
    assert (found.series()["remaining"], found.unknown(CostPart.REMAINING)) == (27.3, 4)
    assert of(found, CostPart.DOUBLE) == {}
    later = cost(seen, EstateMoves((move(leftover=left),)), listed(tmp_path), NOW + timedelta(days=4))
    assert "removed workspace that can be recovered of old" not in of(later, CostPart.REMAINING)


def test_without_prices_or_with_others_nothing_is_known_and_nothing_is_zero(tmp_path: Path) -> None:
    both = estate(scan(line("old", **OLD), line("new", **UNDER_KEY)))
    others = read(tmp_path, page(item(HOT, 0.02, armRegionName="westus")))
    for prices in (None, others):
        found = cost(both, EstateMoves((move(),)), prices, NOW)
        assert all(one.monthly is None and one.why for one in found.every) and found.every
        assert (found.series()["added"], found.series()["double"]) == (None, None)
        assert "there twice while moves are under way: not known; 5 amounts not known" in found.lines()
    assert cost(both, EstateMoves(), None, NOW).series()["remaining"] is None
    assert "westus" not in str(found.as_dict()) and found.as_dict()["currency"] == "USD"


def test_an_older_scan_without_tiers_leaves_amounts_not_known(tmp_path: Path) -> None:
    older = {"storage": account("oldsa", None), "registry": registry("oldcr", None)}
    found = cost(estate(scan(line("old", **older))), EstateMoves((move(),)), listed(tmp_path), NOW)
    whys = {one.what: one.why for one in found.of(CostPart.DOUBLE)}
    assert (
        "no scan has its tier" in whys["storage of 12 blobs of old"] and "no scan has its tier" in whys["registry"]
    )
    unseen = cost(estate(), EstateMoves((move(),)), listed(tmp_path), NOW)
    assert [one.why for one in unseen.of(CostPart.DOUBLE)] == ["no scan has seen it"]


def test_a_plan_or_a_workspace_that_cannot_be_read_makes_nothing_cheaper(tmp_path: Path) -> None:
    found = cost(estate(), EstateMoves(unread={"plans/x": "cut short"}), listed(tmp_path), NOW)
    assert (found.series()["remaining"], found.unknown(CostPart.REMAINING)) == (None, 1)
    unreadable = [{"address": TARGET, "reason": "no"}]
    for more in ({"unreadable": unreadable}, {"subscriptions": []}):
        seen = estate(scan(line("new", **UNDER_KEY), day=1), scan(day=2, **more))
        assert list(seen.workspaces) == [TARGET.lower()]
    assert estate(scan(line("new", **UNDER_KEY), day=1), scan(day=2)).workspaces == {}


def test_a_scan_that_could_not_read_an_account_forgets_nothing_of_it(tmp_path: Path) -> None:
    blind = {"storage": StorageValues(OLD["storage"].id), "registry": RegistryValues(OLD["registry"].id)}
    seen = estate(scan(line("old", **OLD), day=1), scan(line("old", **blind), day=2))
    found = cost(seen, EstateMoves((move(),)), listed(tmp_path), NOW)
    assert of(found, CostPart.DOUBLE)["storage of 12 blobs of old of oldsa"] == Decimal(10)
    assert of(found, CostPart.DOUBLE)["private endpoints of oldsa"] is None


def test_all_that_may_be_billed_is_asked_for() -> None:
    logs = f"{ROOT}/Microsoft.Insights/components/ai"
    left = Leftover(
        NOW, None, False, (remaining("logs", "logs", logs), remaining("container", "container", "a/b", 1))
    )
    both = estate(scan(line("old", **OLD), line("new", **UNDER_KEY), line("alone", **UNDER_KEY)))
    wanted = {SOURCE, TARGET, line("alone")["id"], logs}
    wanted.add(VAULT.id)
    wanted |= {part.id for values in (OLD, UNDER_KEY) for part in (values["storage"], values["registry"])}
    found = cost(both, EstateMoves((move(leftover=left),)), None, NOW).ids
    assert found == {id_.lower() for id_ in wanted}


def test_a_source_with_several_plans_is_counted_once(tmp_path: Path) -> None:
    both = estate(scan(line("old", **OLD), line("new", **UNDER_KEY)))
    again = (move(bytes_=GB), move(), move(begun=False, bytes_=900 * GB))
    once = cost(both, EstateMoves((move(),)), listed(tmp_path), NOW)
    assert of(cost(both, EstateMoves(again), listed(tmp_path), NOW), CostPart.DOUBLE) == of(once, CostPart.DOUBLE)
    first = Leftover(NOW - timedelta(days=2), None, False, (remaining("container", "container", "oldsa/a", GB),))
    last = Leftover(NOW, None, False, (remaining("container", "container", "oldsa/b", GB),))
    found = cost(both, EstateMoves((move(), move(leftover=last), move(leftover=first))), listed(tmp_path), NOW)
    assert list(of(found, CostPart.REMAINING)) == ["container of b"] and not found.of(CostPart.DOUBLE)


def test_what_other_workspaces_use_is_neither_there_twice_nor_left(tmp_path: Path) -> None:
    others = estate(scan(line("old", **OLD), line("other", **OLD), line("new", **UNDER_KEY)))
    twice = cost(others, EstateMoves((move(),)), listed(tmp_path), NOW)
    assert "registry of oldcr" not in of(twice, CostPart.DOUBLE)
    left = Leftover(NOW, None, False, (remaining("registry", "container registry", OLD["registry"].id),))
    found = cost(others, EstateMoves((move(leftover=left),)), listed(tmp_path), NOW)
    assert found.of(CostPart.REMAINING) == []


def test_two_sources_that_share_a_registry_leave_it_once(tmp_path: Path) -> None:
    left = Leftover(NOW, None, False, (remaining("registry", "container registry", OLD["registry"].id),))
    seen = estate(scan(line("old", **OLD), day=1), scan(day=2))
    found = cost(seen, EstateMoves((move(leftover=left), move(leftover=left, of="id-x"))), listed(tmp_path), NOW)
    assert len(found.of(CostPart.REMAINING)) == 1


def test_two_sources_in_one_account_both_have_their_storage_there(tmp_path: Path) -> None:
    seen = estate(scan(line("old", **OLD), line("more", **OLD), line("new", **UNDER_KEY)))
    more = replace(move(of="id-more"), plan="plans/more", source=line("more")["id"])
    found = of(cost(seen, EstateMoves((move(), more)), listed(tmp_path), NOW), CostPart.DOUBLE)
    assert {one: found[one] for one in found if one.startswith("storage")} == {
        "storage of 12 blobs of old of oldsa": Decimal(10),
        "storage of 12 blobs of more of oldsa": Decimal(10),
    }


def test_a_source_that_was_moved_to_another_group_is_still_there_twice(tmp_path: Path) -> None:
    before = line("old", **OLD)
    after = {**before, "id": before["id"].replace("/rg/", "/other/")}
    seen = estate(scan(before, day=1), scan(after, day=2))
    found = cost(seen, EstateMoves((move(),)), listed(tmp_path), NOW)
    assert of(found, CostPart.DOUBLE)["registry of oldcr"] and not found.of(CostPart.REMAINING)
    assert after["id"].lower() in found.ids


def test_where_no_scan_could_look_it_is_not_known_what_keys_add(tmp_path: Path) -> None:
    for address in (f"/subscriptions/{SUBSCRIPTION}", SOURCE):
        seen = estate(scan(unreadable=[{"address": address, "reason": "refused"}]))
        found = cost(seen, EstateMoves(), listed(tmp_path), NOW)
        assert (found.series()["added"], found.unknown(CostPart.ADDED)) == (None, 1)
        seen.note(scan(day=2))
        assert cost(seen, EstateMoves(), listed(tmp_path), NOW).series()["added"] == 0


def test_a_source_that_vanished_or_is_another_one_is_no_double_and_what_it_left_is_not_known(
    tmp_path: Path,
) -> None:
    vanished = estate(scan(line("old", **OLD), day=1), scan(line("new", **UNDER_KEY), day=2))
    anew = estate(scan(line("old", **OLD)))
    for seen, of_ in ((vanished, "id-old"), (anew, "id-before")):
        found = cost(seen, EstateMoves((move(of=of_),)), listed(tmp_path), NOW)
        assert not found.of(CostPart.DOUBLE)
        assert ["no longer there" in one.why for one in found.of(CostPart.REMAINING)] == [True]


def test_of_the_older_flavour_what_is_billed_by_itself_is_said(tmp_path: Path) -> None:
    classic = {**UNDER_KEY, "encryption": Encryption("classic", "nonsense")}
    found = cost(estate(scan(line("new", **classic))), EstateMoves(), listed(tmp_path), NOW)
    metadata, operations = found.of(CostPart.ADDED)
    assert "group that Azure manages" in metadata.why and operations.about == "nonsense"


def test_less_than_a_cent_is_not_told_as_nothing(tmp_path: Path) -> None:
    both = estate(scan(line("old", **OLD), line("new", **UNDER_KEY)))
    found = cost(both, EstateMoves((move(bytes_=GB // 10),)), listed(tmp_path), NOW)
    (storage,) = (one for one in found.of(CostPart.DOUBLE) if one.what.startswith("storage"))
    assert storage.text("USD").partition(": ")[2].startswith("0.0020 USD a month")
    assert storage.as_dict()["monthly"] == 0.002
