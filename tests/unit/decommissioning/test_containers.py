"""Which containers may be deleted at all, and that a target with the source's account is always seen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.world import SOURCE, asset, inventory

from amlmigrate.bytes.listings import Listing
from amlmigrate.core.asset import Past
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import containers
from amlmigrate.decommissioning.copies import Copies
from amlmigrate.decommissioning.pointing import Seen
from amlmigrate.posture.sharing import Sharing, foreign

ID = SOURCE.workspace_id
GUID = "11111111-2222-3333-4444-555555555555"
OWN = (f"azureml-blobstore-{ID}", "azureml", f"{ID}-abcdefghijklmnopqrstuvwxyz", f"{ID[:10]}-{GUID}")
THEIRS = ("team", f"azureml-blobstore-{GUID}", f"{ID[:10]}-mine", "azureml-mine", f"x{ID}-abc", ID)


@pytest.mark.parametrize("name", (*OWN, *THEIRS))
def test_only_names_that_the_service_gives(name: str) -> None:
    place = Location(SOURCE.storage_account, name)
    assert bool(containers.deletable(SOURCE, [place])) is (name in OWN)
    assert containers.deletable(SOURCE, [Location("another", name)]) == []


def test_the_target_in_the_same_account_needs_no_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: Any) -> Sharing:
        return Sharing()

    async def none(*_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(containers, "sharing", nobody)
    monkeypatch.setattr(containers, "locks", none)
    side: Any = type("Side", (), {"arm": None})
    found = asyncio.run(containers.reasons(side, SOURCE, Seen(inventory(), ()), [], Copies({})))
    assert found == [f"The storage account serves another workspace: {SOURCE.id}."]


LOOKED_AT = Past()


@pytest.mark.parametrize(
    ("past", "holds", "says"),
    [
        (LOOKED_AT, (), []),
        (None, (), ["is not known"]),
        (Past(known=False), (), ["is not known"]),
        (Past(1, 2, 3, 4), (), ["1 snapshots, 2 earlier versions, 3 blobs under a legal hold, 4 blobs under an"]),
        (LOOKED_AT, ("a legal hold", "an immutability policy"), ["under a legal hold and an immutability policy"]),
    ],
)
def test_what_no_copy_has_keeps_a_container(past: Past | None, holds: tuple[str, ...], says: list[str]) -> None:
    listing = Listing(Location("mlprod", "azureml"), past=past, holds=holds)
    found = containers._lost(listing, Copies({}))
    assert len(found) == len(says) and all(text in line for text, line in zip(says, found, strict=True))
    assert containers._lost(replace(listing, exists=False, past=None, holds=()), Copies({})) == []


POINTING = (
    "https://mlprod.blob.core.windows.net/azureml",
    "see 'https://mlprod.dfs.core.windows.net:443/azureml/x'",
    "https://mlprod-secondary.blob.core.windows.net/azureml?sv=1",
    "abfss://azureml@mlprod.dfs.core.windows.net/x",
    f"{SOURCE.storage_account_id.rpartition('/')[0]}/mlprod/blobServices/default/containers/azureml",
)
PASSING_BY = (
    # The account's name is the start of the workspace's, and the container's is the scheme.
    "azureml://subscriptions/s/resourcegroups/g/workspaces/mlprod-cmk/datastores/d/paths/x",
    "azureml://subscriptions/s/resourcegroups/mlprod/workspaces/w/datastores/d/paths/x",
    "https://mlprod.blob.core.windows.net/azureml-mine/x",
    "https://mlprod.blob.core.windows.net/other/azureml/x",
    "https://mlprod2.blob.core.windows.net/azureml/x",
)


@pytest.mark.parametrize("text", (*POINTING, *PASSING_BY))
def test_only_what_names_the_container_itself_points_into_it(text: str) -> None:
    target = Seen(inventory(asset("data/d/1", dataUri=text)), ())
    found = containers._pointing(target, [Location("mlprod", "azureml")])
    assert found == ["data/d/1 in the target points into the source's containers."] * (text in POINTING)


@pytest.mark.parametrize(("account", "points"), [("MLProd", True), ("mlprod2", False)])
def test_a_datastore_names_the_account_and_the_container_apart(account: str, points: bool) -> None:
    target = Seen(inventory(asset("datastores/old", accountName=account, containerName="azureml")), ())
    assert bool(containers._pointing(target, [Location("mlprod", "azureml")])) is points


def test_containers_of_other_workspaces() -> None:
    names = (
        f"azureml-blobstore-{ID}",
        f"azureml-blobstore-{GUID}",
        f"azureml-filestore-{GUID}",
        "azureml-blobstore-x",
    )
    assert foreign(names, ID) == (f"azureml-blobstore-{GUID}", f"azureml-filestore-{GUID}")
