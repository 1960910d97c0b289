"""What is left to do by hand, and which of its changes count."""

from __future__ import annotations

import pytest

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Leftover
from amlmigrate.core.documents import Document
from amlmigrate.inventory.leftovers import COLLECTIONS

VOLATILE = {collection.name: collection.volatile for collection in COLLECTIONS}
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
    return Leftover(Address(collection, "x"), "", "", document, volatile=VOLATILE[collection]).sha256


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
