"""Blob containers: whose they are, by where datastores lead and by the service's names, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, OLD_ID, SOURCE, TARGET

from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Datastore, Location
from amlmigrate.kinds import Rest, Whose, holding, kind_of, state_digest

CODES = f"{OLD_ID}-75avxb"
UPLOADS = "azureml-mine"


class Account:
    """The containers of an account."""

    def __init__(self, *names: str) -> None:
        self._names = names

    async def containers(self, _: str) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(self._names, ())


def _side(account: Any) -> Any:
    return SimpleNamespace(blobs=account)


async def _own(mapping: Mapping, *names: str) -> set[str]:
    return {place.container for place in await holding().own(mapping, _side(Account(*names)))}


OTHER_ID = "77777777-0e7a-4a55-9c1d-0123456789ab"
ALWAYS = {OLD_BLOBS, "azureml"}


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (CODES, True),
        (UPLOADS, True),
        # The service's own or nobody's known: whose they are, nobody can say who does not look.
        ("azureml-x", True),
        ("snapshotzips", True),
        (f"{OLD_BLOBS}-2", True),
        ("customers", True),
        # Of another workspace, by its number: the target's, and one that nobody sees.
        (NEW_BLOBS, False),
        (f"azureml-filestore-{OTHER_ID}", False),
        (f"{OTHER_ID}-0123456789abcdefghijklmnop", False),
        (f"{OTHER_ID[:10]}-{OTHER_ID}", False),
        # A datastore of a user's leads there.
        ("raw-in-here", False),
    ],
)
async def test_of_the_names_in_the_account(name: str, own: bool) -> None:
    stores = (*SOURCE.datastores, Datastore("raw", False, Location("ACCT", "raw-in-here")))
    source = replace(SOURCE, upload_containers=frozenset({UPLOADS}), datastores=stores)
    assert await _own(Mapping(source, TARGET), name) == ALWAYS | ({name} if own else set())


async def test_one_of_the_services_names_is_its_own_where_none_of_the_target_says_where_it_goes() -> None:
    target = replace(TARGET, datastores=())
    assert await _own(Mapping(SOURCE, target), CODES, "azureml") == {CODES, "azureml"}


def test_uploads_in_a_container_whose_name_begins_like_a_datastores_have_their_folder() -> None:
    mapping = Mapping(replace(SOURCE, upload_containers=frozenset({UPLOADS})), TARGET)
    assert mapping.place(Location("acct", UPLOADS, "a")) == Location(
        "cmkacct", NEW_BLOBS, f"migrated-code/{UPLOADS}/a"
    )
    assert mapping.place(Location("acct", "azureml", "a")) == Location("cmkacct", "azureml", "a")


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        (OLD_BLOBS, Whose.WORKSPACES),
        (CODES, Whose.WORKSPACES),
        ("azureml", Whose.WORKSPACES),
        (NEW_BLOBS, Whose.SOMEBODYS),
        (f"azureml-blobstore-{OTHER_ID}", Whose.SOMEBODYS),
        ("raw-in-here", Whose.SOMEBODYS),
        ("snapshotzips", Whose.NOBODYS),
    ],
)
def test_whose_a_container_is(name: str, whose: Whose) -> None:
    stores = (*SOURCE.datastores, Datastore("raw", False, Location("acct", "raw-in-here")))
    mapping = Mapping(replace(SOURCE, datastores=stores), TARGET)
    assert holding().whose(mapping, Location("acct", name)) is whose


REST = Rest(3, 30, "0" * 64, {"of jobs": 1, "that no asset refers to": 2})


@pytest.mark.parametrize(
    ("placed", "shared", "reason", "remedy"),
    [
        (True, False, ": 2 that no asset refers to, 1 of jobs", "Copy them with --unreferenced copy"),
        (True, True, ": 2 that no asset refers to, 1 of jobs", "Copy by hand what is this workspace's"),
        (False, False, " in a container that no datastore points to on both sides", "Copy them with AzCopy"),
        (
            False,
            True,
            " in a container that no datastore points to on both sides",
            "Copy by hand what is this workspace's",
        ),
    ],
)
def test_what_stays_says_why_and_what_to_do(placed: bool, shared: bool, reason: str, remedy: str) -> None:
    left = holding().left(Location("acct", "azureml"), REST, placed=placed, shared=shared)
    assert (left.reason, left.remedy) == (f"3 blobs with 30 bytes{reason}", f"{remedy}, or keep the container.")
    assert str(left.address) == "blobs/azureml" and kind_of(left.address) is holding()
    assert state_digest(left) == REST.sha256


def test_an_empty_container_asks_nothing_of_anybody_and_has_no_digest() -> None:
    empty = holding().empty(Location("acct", "snapshotzips"))
    assert empty.empty and not empty.remedy and state_digest(empty) == ""


async def test_an_account_that_does_not_list_its_containers_is_no_empty_one() -> None:
    class Shut:
        async def containers(self, _: str) -> dict[str, tuple[str, ...]]:
            raise PermissionError

    with pytest.raises(PermissionError):
        await holding().own(Mapping(SOURCE, TARGET), _side(Shut()))


async def test_what_keeps_blobs_from_being_changed_is_told_with_the_container() -> None:
    class Held:
        async def containers(self, _: str) -> dict[str, tuple[str, ...]]:
            return {"azureml": ("a legal hold",)}

    own = await holding().own(Mapping(SOURCE, TARGET), _side(Held()))
    assert own[Location("acct", "azureml")] == ("a legal hold",)


def test_rights_on_blobs_are_operations_below_those_on_containers() -> None:
    has, [type_] = holding().permissions, holding().arm_types()
    data = has.data
    assert all((data.read, data.write, data.delete, data.read_tags, data.write_tags))
    every = (*data.read, *data.write, *data.delete, *data.read_tags, *data.write_tags)
    assert all(action.startswith(f"{type_}/blobs/") for action in every)
