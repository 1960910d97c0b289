"""Which containers are a workspace's own: by where datastores lead, by the service's names, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.world import NEW_BLOBS, OLD_BLOBS, OLD_ID, SOURCE, TARGET

from amlmigrate.bytes.areas import own_containers
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Datastore, Location

CODES = f"{OLD_ID}-75avxb"
UPLOADS = "azureml-mine"


class Account:
    """The containers of an account."""

    def __init__(self, *names: str) -> None:
        self._names = names

    async def containers(self, _: str) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(self._names, ())


async def _own(mapping: Mapping, *names: str) -> set[str]:
    return {place.container for place in await own_containers(mapping, Account(*names))}  # type: ignore[arg-type]


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
