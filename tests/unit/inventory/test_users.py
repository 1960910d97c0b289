"""Who of the target refers to a blob, in whatever way the place is spelled."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, TARGET, asset, blob, containers, inventory
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.reference import references
from amlmigrate.core.seal import NOT_LISTED
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Location
from amlmigrate.inventory.target_users import TargetUsers
from amlmigrate.planning.planner import Planner

STORE = "azureml://datastores/workspaceblobstore/paths"
HOST = "cmkacct.blob.core.windows.net"


def _who(uri: str, path: str = "d/sub/07.txt") -> str:
    own = asset("data/own/1", "2026-01-01T00:00:00+00:00", dataType="uri_folder", dataUri=uri)
    return TargetUsers(inventory(own, of=TARGET), set()).of(Location("cmkacct", NEW_BLOBS, path))


@pytest.mark.parametrize(
    "uri",
    [
        *(f"{STORE}/{path}" for path in ("", "d", "d/", "d/sub/07.txt", "d/*/07.txt", "d/**", "d/sub/0?.txt")),
        *(
            f"{STORE}/{path}"
            for path in ("/d/sub", "d//sub", "d%2Fsub", "d/./sub", "d/x/../sub", "./d", "%64/sub")
        ),
        STORE,
        f"https://{HOST}/{NEW_BLOBS}/d",
        f"HTTPS://{HOST.upper()}/{NEW_BLOBS}/d",
        f"https://{HOST}/{NEW_BLOBS}/d?sv=1&sig=x",
        f"wasbs://{NEW_BLOBS}@{HOST}/d",
        f"abfss://{NEW_BLOBS}@cmkacct.dfs.core.windows.net/d",
    ],
)
def test_a_blob_below_what_somebody_refers_to_is_theirs(uri: str) -> None:
    assert _who(uri) == "data/own/1"


@pytest.mark.parametrize("uri", [f"{STORE}/d/su", f"{STORE}/d/sub/07", f"{STORE}/e", f"{STORE}/d/sub/07.txt/x"])
def test_a_blob_beside_it_is_nobodys(uri: str) -> None:
    assert _who(uri) == ""


OWN = asset("data/own/1", "2026-01-01T00:00:00+00:00", dataType="mltable", dataUri=f"{STORE}/e")


def _inventory(code: str) -> Inventory:
    found = inventory(OWN, of=TARGET)
    found.findings.append(
        Finding("blocks", "data/own/1", "'c/e/MLTable' is not valid YAML: x.", "Look.", code=code)
    )
    return found


@pytest.mark.parametrize("code", ["file-not-yaml", "file-unreadable", "delta-log-unread", "table-absent"])
def test_what_cannot_be_read_of_the_targets_users_is_for_somebody_to_look_at(code: str) -> None:
    [found] = TargetUsers(_inventory(code), set()).findings()
    assert (found.address, found.severity) == ("data/own/1!users-unknown", "error")
    assert f"{code} 'c/e/MLTable'." in found.summary
    # Of what the move brings the source's files say the same.
    assert TargetUsers(_inventory(code), {OWN.address}).findings() == []


def test_what_says_nothing_of_references_is_none_of_it() -> None:
    assert TargetUsers(_inventory("bytes-outside"), set()).findings() == []


def test_a_list_that_the_target_does_not_give_may_hold_anything() -> None:
    found = inventory(of=TARGET)
    found.by_hand.append(
        left_by_hand(Address.of("schedules"), "schedules could not be listed", "Look.", dict(NOT_LISTED))
    )
    [one] = TargetUsers(found, set()).findings()
    assert one.code == "users-unknown" and "could not be listed" in one.summary


@pytest.mark.parametrize(
    ("delete", "gone", "told"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_it_is_told_where_a_plan_deletes_and_nowhere_else(delete: bool, gone: bool, told: bool) -> None:
    model = asset("models/m/1", "2026-01-01T00:00:00+00:00", modelUri=f"{STORE}/a")
    prior = OwnershipRecord(blobs={("cmkacct", NEW_BLOBS, "a/old"): Copied('"1"', '"7"')})
    planner = Planner(
        inventory(model),
        _inventory("file-not-yaml"),
        selection=Selection((), ()),
        prior=prior,
        copy_unreferenced=False,
        delete=delete,
    )
    there = [blob("a/x", 1), *([blob("a/old", 3, '"7"')] if gone else [])]
    listed = containers(source={OLD_BLOBS: [blob("a/x", 1)]}, target={NEW_BLOBS: there})
    _, findings = planner.steps(listed)
    assert ("users-unknown" in {one.code for one in findings}) is told


BROUGHT = asset("models/m/1", "2026-01-01T00:00:00+00:00", modelUri=f"{STORE}/d")
NAMED = f"{TARGET.ref.id}/models/m/versions/1"


def _deployment() -> Asset:
    document = {"properties": {"model": {"assetId": NAMED}}}
    return left_by_hand(Address.of("onlineEndpoints", "e", "deployments/blue"), "by hand", "Make it.", document)


@pytest.mark.parametrize("what", ["deployment", "job", "component of theirs"])
def test_who_uses_an_asset_that_the_move_brought_needs_its_bytes(what: str) -> None:
    """A deployment of the target serves that model, whoever made the model."""
    found = inventory(BROUGHT, of=TARGET)
    if what == "deployment":
        found.by_hand.append(_deployment())
    elif what == "job":
        found = replace(found, of_jobs=tuple(references({"model": NAMED}, "/properties")))
    else:
        theirs = asset("components/own/1", "2026-01-01T00:00:00+00:00", componentSpec={"inputs": {"m": NAMED}})
        found.assets[theirs.address] = theirs
    users, place = TargetUsers(found, {BROUGHT.address}), Location("cmkacct", NEW_BLOBS, "d/sub/07.txt")
    assert "models/m/1" in users.of(place)
    assert TargetUsers(inventory(BROUGHT, of=TARGET), {BROUGHT.address}).of(place) == "", (
        "the move's own needs nothing"
    )
