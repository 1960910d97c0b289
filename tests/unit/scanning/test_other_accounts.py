"""Storage that datastores lead to besides the workspace's own account: each once, and nothing is guessed."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.builders.arm import FakeArm
from tests.unit.scanning.workspaces import SUBSCRIPTION, scanned

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.scanning.otheraccounts import other_accounts
from amlmigrate.scanning.resources import SurroundingResources
from amlmigrate.scanning.values import NotKnown, OtherAccount, StorageValues

ACCOUNTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts"
OTHER = "99999999-2222-3333-4444-555555555555"


def id_of(name: str, subscription: str = SUBSCRIPTION) -> str:
    """An account's ARM id."""
    return f"/subscriptions/{subscription}/resourcegroups/rg/providers/microsoft.storage/storageaccounts/{name}"


def account(name: str, source: str, subscription: str = SUBSCRIPTION) -> dict[str, Any]:
    """As ARM shows one."""
    return {"id": id_of(name, subscription), "name": name, "properties": {"encryption": {"keySource": source}}}


def store(name: str, account_name: str | None, **more: Any) -> dict[str, Any]:
    """A datastore as it is listed."""
    return {"name": name, "properties": {"accountName": account_name, **more}}


OWN = scanned(storage=StorageValues(id_of("own")))


async def read(answers: dict[str, Any]) -> Any:
    arm = cast(Arm, FakeArm(answers))
    return await other_accounts(arm, SurroundingResources(arm), OWN)


@pytest.mark.parametrize("listed", [True, False])
async def test_each_account_is_told_once_with_whose_key(listed: bool) -> None:
    far = f"/subscriptions/{OTHER}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/far"
    answers: dict[str, Any] = {
        f"{OWN.id}/datastores": [
            store("workspaceblobstore", "OWN"),
            store("lake", "lake"),
            store("lake2", "LAKE"),
            store("theirs", "theirs"),
            store("far", "far", subscriptionId=OTHER, resourceGroup="rg"),
            store("onelake", None),
        ],
        ACCOUNTS: [account("lake", "Microsoft.Keyvault"), account("theirs", "Microsoft.Storage")]
        if listed
        else [],
        far: account("far", "Microsoft.Storage", OTHER),
    }
    found = {one.name: one for one in await read(answers)}
    assert set(found) == {"far", "lake", "onelake", "theirs"}
    assert (found["far"].encryption, found["onelake"]) == ("microsoft", OtherAccount("onelake"))
    if listed:
        assert (found["lake"].id, found["lake"].encryption) == (id_of("lake"), "customer")
        assert found["theirs"].encryption == "microsoft"
    else:
        assert (found["lake"], found["theirs"].encryption) == (OtherAccount("lake"), None)


async def test_what_is_refused_is_not_known() -> None:
    refused = ServiceError(403, "AuthorizationFailed", "no", method="GET", url="/x")
    found = await read({f"{OWN.id}/datastores": refused})
    assert isinstance(found, NotKnown)
    assert found.fact == "other_accounts"
    far = f"/subscriptions/{OTHER}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/far"
    stores = [store("far", "far", subscriptionId=OTHER, resourceGroup="rg")]
    [one] = await read({f"{OWN.id}/datastores": stores, far: refused})
    assert (one.name, one.encryption) == ("far", None)
