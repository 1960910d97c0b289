"""File shares: whose they are, and what is said where the account does not list them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import OLD_ID, SOURCE, TARGET

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.workspace import WORKING_SHARE, Datastore, Location, Service
from amlmigrate.kinds import Whose, holdings, own_places, state_digest

SHARES = holdings()[Service.FILE]
OTHERS = "azureml-filestore-77777777-0e7a-4a55-9c1d-0123456789ab"
OWN = f"azureml-filestore-{OLD_ID}"


class Arm:
    """Lists shares, or does not."""

    def __init__(self, *names: str, error: ServiceError | None = None) -> None:
        self._names, self._error = names, error

    async def pages(self, _: str) -> AsyncIterator[dict[str, Any]]:
        for name in self._names:
            yield {"name": name}
        if self._error:
            raise self._error

    async def containers(self, _: str) -> dict[str, tuple[str, ...]]:
        return {}


def _side(arm: Arm) -> Any:
    return SimpleNamespace(arm=arm, blobs=arm)


def _mapping() -> Mapping:
    def stores(workspace: Any) -> Any:
        root = Location(workspace.storage_account, WORKING_SHARE, service=Service.FILE)
        user = Datastore("mine", False, Location(workspace.storage_account, "team", service=Service.FILE))
        return replace(workspace, datastores=(Datastore("workspaceworkingdirectory", True, root), user))

    return Mapping(stores(SOURCE), stores(TARGET))


@pytest.mark.parametrize(
    ("share", "whose"),
    [
        (WORKING_SHARE, Whose.WORKSPACES),
        (OWN, Whose.WORKSPACES),
        (OTHERS, Whose.SOMEBODYS),
        ("team", Whose.SOMEBODYS),
        ("reports", Whose.NOBODYS),
    ],
)
async def test_whose_a_share_is(share: str, whose: Whose) -> None:
    mapping, place = _mapping(), Location("acct", share, service=Service.FILE)
    assert SHARES.whose(mapping, place) is whose
    own = await SHARES.own(mapping, _side(Arm(share)))
    assert (place in own) is (whose is not Whose.SOMEBODYS)
    assert Location("acct", share) not in own, "a container of that name is another place"
    assert set(await own_places(mapping, _side(Arm(share)))) >= set(own)


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_an_account_that_does_not_list_its_shares_is_an_item(status: int) -> None:
    refused = ServiceError(status, "Whatever", "no", method="GET", url="https://x")
    side = _side(Arm(error=refused))
    [item] = await SHARES.scan_account(side, SOURCE, ())
    assert str(item.address) == "shares" and "Whatever" in item.reason
    assert item.document == UNLISTED and state_digest(item)
    assert set(await SHARES.own(_mapping(), side)) == {Location("acct", WORKING_SHARE, service=Service.FILE)}


async def test_an_account_without_files_has_none_and_one_out_of_order_is_no_answer() -> None:
    none = ServiceError(400, "FeatureNotSupportedForAccount", "no", method="GET", url="https://x")
    assert await SHARES.scan_account(_side(Arm(error=none)), SOURCE, ()) == []
    down = ServiceError(503, "ServerBusy", "no", method="GET", url="https://x")
    with pytest.raises(ServiceError):
        await SHARES.scan_account(_side(Arm(error=down)), SOURCE, ())
    with pytest.raises(ServiceError):
        await SHARES.own(_mapping(), _side(Arm(error=down)))
