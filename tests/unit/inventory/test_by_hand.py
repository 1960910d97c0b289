"""What is left to do by hand, and which of its changes count."""

from __future__ import annotations

from typing import cast

import pytest
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import Datastore, Location
from amlmigrate.inventory.listing import without_datastores
from amlmigrate.inventory.shown import shown
from amlmigrate.kinds import all_kinds

CLUSTER: Document = {
    "id": "/c", "name": "cpu", "type": "x", "location": "westeurope", "systemData": {"lastModifiedAt": "1"}, "etag": "1",
    "properties": {"computeType": "AmlCompute", "provisioningState": "Succeeded", "modifiedOn": "1", "properties": {
        "vmSize": "A", "allocationState": "Steady", "currentNodeCount": 0, "targetNodeCount": 0,
        "nodeStateCounts": {"idleNodeCount": 0}, "scaleSettings": {"maxNodeCount": 4}}},
}  # fmt: skip
INSTANCE: Document = {
    "id": "/i", "name": "ci", "properties": {"computeType": "ComputeInstance", "properties": {
        "vmSize": "A", "state": "Running", "lastOperation": {"operationName": "Start"}}},
}  # fmt: skip


def _digest(collection: str, document: Document) -> str:
    return all_kinds()[collection].digest(Asset(Address.of(collection, "x"), document))


def _changed(document: Document, path: str, value: object) -> Document:
    head, _, rest = path.partition("|")
    return {**document, head: _changed(document[head], rest, value) if rest else value}


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        (CLUSTER, "systemData", {"lastModifiedAt": "2"}),
        (CLUSTER, "etag", "2"),
        (CLUSTER, "properties|provisioningState", "Updating"),
        (CLUSTER, "properties|modifiedOn", "2"),
        (CLUSTER, "properties|properties|allocationState", "Resizing"),
        (CLUSTER, "properties|properties|currentNodeCount", 3),
        (CLUSTER, "properties|properties|targetNodeCount", 3),
        (CLUSTER, "properties|properties|nodeStateCounts", {"idleNodeCount": 3}),
        (INSTANCE, "properties|properties|state", "Stopped"),
        (INSTANCE, "properties|properties|lastOperation", {"operationName": "Stop"}),
    ],
)
def test_what_changes_by_itself_is_no_drift(document: Document, path: str, value: object) -> None:
    assert _digest("computes", _changed(document, path, value)) == _digest("computes", document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("location", "northeurope"),
        ("properties|properties|vmSize", "B"),
        ("properties|properties|scaleSettings", {"maxNodeCount": 8}),
    ],
)
def test_what_somebody_changes_is(path: str, value: object) -> None:
    assert _digest("computes", _changed(CLUSTER, path, value)) != _digest("computes", CLUSTER)


@pytest.mark.parametrize(
    ("collection", "member"),
    [
        ("outboundRules", "status"),
        ("serverlessEndpoints", "endpointState"),
        ("marketplaceSubscriptions", "marketplaceSubscriptionStatus"),
        ("onlineEndpoints", "provisioningState"),
    ],
)
def test_states_of_other_collections_are_no_drift(collection: str, member: str) -> None:
    documents = [{"id": "/x", "properties": {"kept": 1, member: state}} for state in ("Inactive", "Active")]
    assert _digest(collection, documents[0]) == _digest(collection, documents[1])
    assert _digest(collection, documents[0]) != _digest(collection, {"properties": {"kept": 2}})


STORES = (
    Datastore("Lake", system=False, root=Location("account", "data", "deep")),
    Datastore("files", system=False, root=None),
)


def _line(name: str, target: str, collection: str = "connections") -> Asset:
    document = {
        "name": name,
        "properties": {"category": "AzureBlob", "target": target, "metadata": {"a": "data-2"}},
    }
    return left_by_hand(Address.of(collection, name), "", "", document)


def test_a_datastore_among_connections_is_nothing_to_make_by_hand() -> None:
    line = _line("lake", "https://Account.blob.core.windows.net/data")
    assert without_datastores([line], STORES) == []
    assert without_datastores([line], ()) == [line]


@pytest.mark.parametrize(
    "line",
    [
        _line("lake2", "https://account.blob.core.windows.net/data"),
        _line("lake", "https://other.blob.core.windows.net/data"),
        _line("lake", "https://account.blob.core.windows.net/database"),
        _line("lake", "https://account.blob.core.windows.net/"),
        _line("files", "https://account.file.core.windows.net/data"),
        _line("lake", "https://account.blob.core.windows.net/data", "computes"),
        left_by_hand(Address.of("connections"), "answered 400", ""),
    ],
)
def test_what_may_be_another_connection_stays(line: Asset) -> None:
    assert without_datastores([line], STORES) == [line]


def test_of_two_lines_of_one_name_one_is_a_connection() -> None:
    lines = [_line("lake", "https://account.blob.core.windows.net/data"), _line("git", "https://x")]
    assert without_datastores([lines[0], *lines], STORES) == lines


class _Port:
    """A target with one connection, and a datastore that the list of connections shows."""

    async def get(self, path: str) -> Document | None:
        return {"name": "it"} if path in ("datastores/lake", "connections/git") else None


@pytest.mark.parametrize(("name", "found"), [("git", True), ("lake", False), ("other", False)])
async def test_a_datastore_is_not_taken_for_the_connection_that_somebody_made(name: str, found: bool) -> None:
    assert await shown(cast(WorkspaceClient, _Port()), Address.of("connections", name)) is found
