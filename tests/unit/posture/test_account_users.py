"""Who uses an account: every workspace and datastore that is seen, and what is not seen is never taken for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.builders.errors import refusal, silence

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.posture.accountusers import account_users

ONE, TWO = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
NUMBER = "11111111-2222-3333-4444-555555555555"
WORKSPACES = "/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces"
ACCOUNT = f"/subscriptions/{ONE}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/Stone"
OTHER_ACCOUNT = f"/subscriptions/{ONE}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stone2"


def _id(name: str, subscription: str = ONE) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/{name}"


TARGET = _id("target")


def _workspace(name: str, account: str, subscription: str = ONE, number: str = "") -> dict[str, Any]:
    return {
        "id": _id(name, subscription),
        "properties": {"storageAccount": account, "workspaceId": number or name},
    }


def _store(name: str, kind: str = "None", **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"credentials": {"credentialsType": kind}, **properties}}


@dataclass
class _Azure:
    """What each list answers, which subscriptions may be read whole, and the account's containers."""

    lists: dict[str, list[dict[str, Any]] | ServiceError] = field(default_factory=dict)
    whole: tuple[str, ...] = (ONE, TWO)
    names: tuple[str, ...] | Exception = ()

    async def permissions(self, scope: str) -> list[dict[str, Any]]:
        return [{"actions": ["*/read"], "notActions": []}] if scope.rpartition("/")[2] in self.whole else []

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        found = [{"subscriptionId": TWO}] if path == "/subscriptions" else self.lists.get(path, [])
        if isinstance(found, ServiceError):
            raise found
        for item in found:
            yield item

    async def containers(self, account: str) -> dict[str, Any]:
        if isinstance(self.names, Exception):
            raise self.names
        return dict.fromkeys(self.names)


async def _users(azure: _Azure) -> tuple[list[str], list[str]]:
    side: Any = type("Side", (), {"arm": azure, "roles": azure, "blobs": azure})()
    found = await account_users(side, ACCOUNT, TARGET)
    return found.known, found.unknown


async def test_nobody_uses_it() -> None:
    azure = _Azure({WORKSPACES.format(ONE): [_workspace("w", OTHER_ACCOUNT)]}, names=("azureml", "data"))
    assert await _users(azure) == ([], [])


async def test_a_workspace_of_any_subscription_that_is_seen_uses_it() -> None:
    lists: Any = {WORKSPACES.format(TWO): [_workspace("w", ACCOUNT.upper(), TWO, NUMBER)]}
    # Its own container is no other one's.
    azure = _Azure(lists, names=(f"azureml-blobstore-{NUMBER}",))
    assert await _users(azure) == ([f"the workspace {_id('w', TWO)}"], [])


@pytest.mark.parametrize(
    ("store", "counts"),
    [
        (_store("d", accountName="STONE", containerName="c"), True),
        (_store("d", "AccountKey", accountName="stone", fileShareName="s"), True),
        (_store("d", url="https://stone.blob.core.usgovcloudapi.net/c"), True),
        (_store("d", url="abfss://c@stone.dfs.core.windows.net/x"), True),
        (_store("d", resource=f"{ACCOUNT}/blobServices/default"), True),
        (_store("d", accountName="stone2"), False),
        (_store("d", url="https://stone2.blob.core.windows.net/stone.x"), False),
    ],
)
async def test_a_datastore_of_any_workspace_leads_into_it(store: dict[str, Any], counts: bool) -> None:
    lists: Any = {
        WORKSPACES.format(ONE): [_workspace("w", OTHER_ACCOUNT)],
        f"{_id('w')}/datastores": [store],
    }
    assert await _users(_Azure(lists)) == ([f"the datastore {_id('w')}/datastores/d"] if counts else [], [])


async def test_of_the_workspace_itself_only_what_goes_by_a_key_counts() -> None:
    stores = [
        _store("workspaceblobstore", "AccountKey", accountName="stone"),
        _store("mine", "None", accountName="stone"),
        _store("keyed", "AccountKey", accountName="stone"),
        _store("shared", "Sas", accountName="stone"),
    ]
    lists: Any = {
        WORKSPACES.format(ONE): [_workspace("target", ACCOUNT, number=NUMBER)],
        f"{TARGET}/datastores": stores,
    }
    azure = _Azure(lists, names=(f"azureml-blobstore-{NUMBER}",))
    told = [f"the datastore {TARGET}/datastores/{name}" for name in ("keyed", "shared")]
    assert await _users(azure) == (told, [])


async def test_a_container_tells_of_a_workspace_that_is_not_seen() -> None:
    known, _ = await _users(_Azure(names=(f"azureml-filestore-{NUMBER}",)))
    assert known == [f"the workspace that the container 'azureml-filestore-{NUMBER}' belongs to"]


@pytest.mark.parametrize(
    ("azure", "told"),
    [
        (_Azure({WORKSPACES.format(TWO): refusal(403, "AuthorizationFailed")}), f"subscription {TWO} could not be listed"),
        (_Azure({WORKSPACES.format(TWO): refusal(404, "SubscriptionNotFound")}), f"subscription {TWO} could not be listed"),
        (_Azure(whole=(TWO,)), f"no right to read every workspace of subscription {ONE}"),
        (
            _Azure({WORKSPACES.format(ONE): [_workspace("w", OTHER_ACCOUNT)],
                    f"{_id('w')}/datastores": refusal(403, "X")}),
            f"the datastores of {_id('w')} could not be listed (403 X)",
        ),
        (_Azure(names=refusal(403, "AuthorizationPermissionMismatch")), "containers/read"),
        (_Azure(names=silence("no route")), "no answer came"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_not_known(azure: _Azure, told: str) -> None:
    known, unknown = await _users(azure)
    assert known == [] and len(unknown) == 1 and told in unknown[0]


async def test_what_passes_by_itself_is_raised() -> None:
    with pytest.raises(ServiceError):
        await _users(_Azure({WORKSPACES.format(TWO): refusal(503, "Busy")}))
    with pytest.raises(ServiceError):
        await _users(_Azure(names=refusal(503, "Busy")))
