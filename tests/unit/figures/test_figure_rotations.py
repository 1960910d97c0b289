"""Rotations: what was made in the last year, what was adopted, and what is in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.keys.keyed import NEW, NOW, OLD, key, of_account, of_workspace, version

from amlmigrate.figures.rotations import rotations
from amlmigrate.posture.reading import Read


def of(*dependants: Any, versions: Any = None, **more: Any) -> dict[str, Any]:
    """The figure of one key."""
    told = Read(versions) if versions is not None else Read((version(NEW, 10), version(OLD, 300)))
    return rotations([replace(key(*dependants), versions=told, **more)], NOW).as_dict()


def test_a_rotation_counts_as_adopted_once_everything_is_on_it_or_on_a_newer_one() -> None:
    half = of(of_workspace(version=NEW), of_account(current=OLD))
    whole = of(of_workspace(version=NEW), of_account(current=NEW))
    assert (half["made"], half["adopted"], half["on_newest"], half["dependants"]) == (1, 0, 1, 2)
    assert (whole["made"], whole["adopted"], whole["share_adopted"]) == (1, 1, 1.0)
    third = "c" * 32
    versions = (version(third, 1), version(NEW, 100), version(OLD, 300))
    between = of(of_workspace(version=NEW), of_account(current=third), versions=versions)
    assert (between["made"], between["adopted"]) == (2, 1)


def test_the_first_version_of_a_key_replaced_none_and_what_is_older_than_a_year_is_no_longer_counted() -> None:
    assert of(of_workspace(version=OLD), versions=(version(OLD, 10),))["made"] == 0
    assert of(of_workspace(version=NEW), versions=(version(NEW, 366), version(OLD, 400)))["made"] == 0
    assert of(of_workspace(version=NEW), versions=(version(NEW, 364), version(OLD, 400)))["made"] == 1


def test_what_is_not_known_is_neither_adopted_nor_in_time() -> None:
    unknown = of(of_workspace(version=""))
    assert (unknown["adopted"], unknown["adoption_unknown"]) == (0, 1)
    refused = rotations([replace(key(), versions=Read(refused="no"))], NOW).as_dict()
    assert (refused["keys"], refused["keys_unread"], refused["within"], refused["period_unknown"]) == (1, 1, 0, 1)
    assert (refused["made"], refused["made_per_key"]) == (0, None)


def test_a_key_is_in_time_within_its_cryptoperiod_and_before_its_expiry() -> None:
    assert of(of_workspace(version=NEW), versions=(version(NEW, 700, expires=1),))["within"] == 1
    assert of(of_workspace(version=NEW), versions=(version(NEW, 731, expires=1),))["within"] == 0
    assert of(of_workspace(version=NEW), versions=(version(NEW, 10, expires=-1),))["within"] == 0
    assert of(of_workspace(version=NEW), versions=(version(NEW, 10, enabled=False),))["within"] == 0


def test_a_key_whose_workspace_vanished_makes_no_share_better() -> None:
    versions = (version(NEW, 10), version(OLD, 300))
    one = replace(key(of_workspace(version=NEW)), versions=Read(versions))
    own, gone = one.name.id, "https://v.vault.azure.net/keys/gone"
    fair = rotations([one], NOW).as_dict()
    assert [fair[name] for name in ("share_within", "made_per_key", "share_adopted")] == [1.0, 1.0, 1.0]
    found = rotations([one], NOW, {"/a": gone, "/b": gone}).as_dict()
    assert (found["keys"], found["keys_gone"], found["share_within"]) == (1, 1, 0.5)
    assert (found["made_per_key"], found["share_adopted"]) == (0.5, None)
    assert (found["dependants"], found["on_newest"], found["standing_unknown"]) == (3, 1, 2)
    # Of a key that others use, too, the one that vanished may be on an older version.
    shared = rotations([one], NOW, {"/a": own}).as_dict()
    assert (shared["keys_gone"], shared["adopted"], shared["adoption_unknown"]) == (0, 0, 1)
    # Who is among what the vault's users are is in no doubt.
    assert rotations([one], NOW, {one.dependants[0].id.lower(): gone}).as_dict() == fair


def test_nothing_is_adopted_by_all_where_not_all_could_be_listed() -> None:
    one = replace(key(of_workspace(version=NEW)), versions=Read((version(NEW, 10), version(OLD, 300))))
    found = rotations([one], NOW, whole=False).as_dict()
    assert (found["made"], found["adopted"], found["adoption_unknown"]) == (1, 0, 1)
