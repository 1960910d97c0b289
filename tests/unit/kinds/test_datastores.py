"""Datastores: where one points, and what becomes of one over the workspace's own container."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import CONTEXT, MAPPING, NEW_BLOBS, OLD_BLOBS, asset
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.asset import Asset
from amlmigrate.core.workspace import Datastore, Location, Service
from amlmigrate.core.writes import Desired
from amlmigrate.kinds import all_kinds

DATASTORES = all_kinds()["datastores"]


def _over(container: str, credentials: str, account: str = "acct", **more: Any) -> Asset:
    properties = {"accountName": account, "containerName": container, "datastoreType": "AzureBlob", **more}
    return asset("datastores/mine", credentials={"credentialsType": credentials}, **properties)


def _translated(store: Asset) -> Desired:
    return DATASTORES.desired(store, CONTEXT)


@pytest.mark.parametrize(
    ("properties", "root"),
    [
        ({"accountName": "a", "containerName": "c"}, Location("a", "c")),
        ({"accountName": "a", "filesystem": "f"}, Location("a", "f")),
        ({"accountName": "a", "fileShareName": "s"}, Location("a", "s", service=Service.FILE)),
        ({"storeName": "gen1"}, None),
        ({"oneLakeWorkspaceName": "w"}, None),
    ],
)
def test_a_datastore_has_a_root_when_it_points_to_blobs_or_files(
    properties: dict[str, str], root: Location | None
) -> None:
    assert DATASTORES.storage(asset("datastores/mine", **properties)).datastore == Datastore("mine", False, root)


@pytest.mark.parametrize(
    "name", ["workspaceblobstore", "workspaceartifactstore", "workspacefilestore", "workspaceworkingdirectory"]
)
def test_the_services_own_are_known_by_their_names(name: str) -> None:
    store = asset(f"datastores/{name}", accountName="a", containerName="c")
    assert DATASTORES.stays(store)
    assert DATASTORES.storage(store).datastore == Datastore(name, True, Location("a", "c"))


@pytest.mark.parametrize("credentials", ["None", "AccountKey", "Sas", "ServicePrincipal", "Certificate"])
def test_a_datastore_of_the_customers_points_where_it_pointed(credentials: str) -> None:
    for store, warned in (
        (_over("raw", credentials, "customers"), []),
        (_over("other", credentials), ["warning"]),
        (_over(OLD_BLOBS, credentials, "b"), []),
    ):
        found = _translated(store)
        assert found.first.body["properties"]["accountName"] == store.properties["accountName"]
        assert found.first.body["properties"]["containerName"] == store.properties["containerName"]
        assert not found.rewrites
        # One in the old workspace's account stays there, and that is said.
        assert [finding.severity for finding in found.findings] == warned


@pytest.mark.parametrize(("container", "goal"), [(OLD_BLOBS, NEW_BLOBS), ("azureml", "azureml")])
def test_one_over_the_workspaces_own_container_goes_where_its_bytes_go(container: str, goal: str) -> None:
    found = _translated(_over(container, "None"))
    properties = found.first.body["properties"]
    assert (properties["accountName"], properties["containerName"]) == ("cmkacct", goal)
    assert properties["credentials"] == {"credentialsType": "None"}
    assert [(one.where, one.before, one.after) for one in found.rewrites] == [
        ("/properties/accountName", "acct", "cmkacct"),
        ("/properties/containerName", container, goal),
    ]
    assert found.findings == ()


async def test_its_key_is_that_of_the_new_account() -> None:
    store = _over(OLD_BLOBS, "AccountKey")
    body = _translated(store).first.body
    secrets = body["properties"]["credentials"]["secrets"]
    assert secrets == {"secretsType": "AccountKey", "key": {"$secret": "key", "of": "workspaceblobstore"}}
    target = InMemory(secrets={"datastores/workspaceblobstore/listSecrets": {"key": "NEW KEY"}})
    filled = await DATASTORES.secrets(InMemory(), target, store.address, body)
    assert filled["properties"]["credentials"]["secrets"] == {"secretsType": "AccountKey", "key": "NEW KEY"}


@pytest.mark.parametrize("credentials", ["Sas", "ServicePrincipal", "Certificate"])
def test_other_credentials_for_the_old_account_are_an_error_of_the_plan(credentials: str) -> None:
    [finding] = _translated(_over(OLD_BLOBS, credentials)).findings
    assert (finding.severity, finding.address) == ("error", "datastores/mine!datastore-credentials")
    assert credentials in finding.summary


async def test_a_datastore_is_made_without_trying_its_secret() -> None:
    class Asked(InMemory):
        async def put(self, path: str, body: Any, query: Any = None) -> Any:
            self.documents["query"] = dict(query)
            return await super().put(path, body)

    port = Asked()
    store = _over("raw", "None", "customers")
    await DATASTORES.apply(port, store.address, _translated(store).first)
    assert port.documents["query"] == {"skipValidation": "true"}


def test_one_that_moves_names_the_group_of_its_new_account() -> None:
    store = _over(OLD_BLOBS, "None")
    properties = store.properties | {"subscriptionId": "oldsub", "resourceGroup": "oldgroup"}
    store = replace(store, document=store.document | {"properties": properties})
    moved = _translated(store).first.body["properties"]
    owner = MAPPING.target.storage_account_id.split("/")
    assert (moved["subscriptionId"], moved["resourceGroup"]) == (owner[2], owner[4])
