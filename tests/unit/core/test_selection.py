"""Selection: globs over addresses; and the order that creation times give."""

from __future__ import annotations

import pytest
from tests.builders.world import asset

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Location


@pytest.mark.parametrize(
    ("glob", "address", "takes"),
    [
        ("models/*", "models/m/1", True),
        ("models/*", "models/m", True),
        ("models/*", "data/m/1", False),
        ("models/m", "models/m/1", True),
        ("models/m", "models/m2/1", False),
        ("models/m/1", "models/m/1", True),
        ("models/m/1", "models/m/10", False),
        ("models/m/1", "models/m", False),
        ("models/m/1", "models/m/1#archive", True),
        ("*/credit-*", "data/credit-card/2", True),
        ("*/credit-?", "data/credit-10/2", False),
        ("models/[ab]/*", "models/b/3", True),
        ("models/M", "models/m/1", False),
        ("datastores/l*", "datastores/Lake", True),
        ("datastores/LAKE", "datastores/lake", True),
        ("*", "jobs", True),
        ("jobs", "jobs", True),
        ("blobs/azureml/*", "blobs/azureml/a/b", True),
    ],
)
def test_a_glob_matches_an_address_or_its_container(glob: str, address: str, takes: bool) -> None:
    parsed = Address.parse(address)
    assert Selection(select=(glob,)).takes(parsed) is takes
    assert Selection(exclude=(glob,)).takes(parsed) is not takes
    assert Selection(exclude=(glob,)).excludes(parsed) is takes


def test_nothing_selected_means_everything() -> None:
    assert Selection().takes(Address.parse("models/m/1"))
    assert not Selection().excludes(Address.parse("models/m/1"))


def test_any_of_several_globs_is_enough_and_excluding_wins() -> None:
    selection = Selection(("models/*", "data/*"), ("*/secret*",))
    assert selection.takes(Address.parse("data/d/1"))
    assert not selection.takes(Address.parse("codes/c/1"))
    assert not selection.takes(Address.parse("models/secret-sauce/1"))


def _created(text: str | None) -> str:
    return Asset(Address.parse("models/m/1"), {"systemData": {"createdAt": text}}).created_at


def test_creation_times_sort_as_text_as_they_do_as_times() -> None:
    # AZ-ARM-21: `Z` before September 2022, else an offset; trailing zeros of the fraction are cut.
    times = [
        "2022-08-31T23:59:59Z",
        "2026-03-26T19:14:58+00:00",
        "2026-03-26T19:14:58.0000001+00:00",
        "2026-03-26T19:14:58.14419+00:00",
        "2026-03-26T19:14:58.2Z",
        "2026-03-26T19:14:58.26128396+00:00",
        "2026-03-26T19:14:59Z",
    ]
    assert sorted(map(_created, times)) == [_created(text) for text in times]
    assert len(set(map(_created, times))) == len(times)


def test_one_moment_is_the_same_however_it_is_written() -> None:
    assert _created("2026-03-26T19:14:58.5Z") == _created("2026-03-26T19:14:58.5000000+00:00")
    assert _created("2026-03-26T19:14:58Z") == _created("2026-03-26T19:14:58.0+00:00")


def test_an_asset_without_a_creation_time_sorts_first() -> None:
    assert _created(None) == Asset(Address.parse("a/b"), {}).created_at == ""


def test_an_asset_says_whether_it_is_archived_or_anonymous() -> None:
    assert asset("models/m/1", isArchived=True).archived
    assert asset("models/m/1", isAnonymous=True).anonymous
    plain = asset("models/m/1", isArchived=False, isAnonymous=None)
    assert not plain.archived
    assert not plain.anonymous
    assert Asset(Address.parse("models/m/1"), {"properties": None}).properties == {}


def test_only_what_a_ledger_shows_is_the_tools_own() -> None:
    prior = OwnershipRecord(frozenset({"models/m/1"}), {("cmkacct", "azureml", "a/b"): '"0x1"'})
    assert prior.owns(Address.parse("models/m/1"))
    assert prior.owns(Address.parse("models/m/1#archive"))
    assert not prior.owns(Address.parse("models/m/10"))
    assert not prior.owns(Address.parse("models/m"))
    assert prior.copied(Location("cmkacct", "azureml", "a/b")) == '"0x1"'
    assert prior.copied(Location("cmkacct", "azureml", "a")) is None
    assert prior.copied(Location("acct", "azureml", "a/b")) is None


def test_a_glob_that_matches_nothing_is_told_with_what_is_near() -> None:
    every = [Address.parse(text) for text in ("models/credit-risk/1", "models/churn/2", "data/loans/1", "jobs")]
    selection = Selection(("modles/credit-risk", "models/*", "jobs/*"), ("data/lones/1", "DATA/loans/1", "zzz"))
    told = {(one.option, one.glob): one.near for one in selection.idle(every)}
    assert set(told) == {
        ("--select", "modles/credit-risk"),
        ("--select", "jobs/*"),
        ("--exclude", "data/lones/1"),
        ("--exclude", "DATA/loans/1"),
        ("--exclude", "zzz"),
    }
    assert told["--select", "modles/credit-risk"][0] == "models/credit-risk"
    assert told["--exclude", "DATA/loans/1"][0] == "data/loans/1"
    assert told["--exclude", "zzz"] == ("data/*", "jobs", "models/*"), "the kinds there are"
    assert Selection(("*",), ("x",)).idle([]) and not Selection().idle([])
