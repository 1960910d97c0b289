"""Two workspaces as values, and what can lie in them: what the unit tests are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Blob, Inventory, Many
from amlmigrate.core.documents import Document
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Header, Plan, Step
from amlmigrate.core.workspace import Datastore, Location, SurveyedWorkspace, WorkspaceRef
from amlmigrate.kinds import Context, all_kinds

OLD_ID = "1b3d9c2f-0e7a-4a55-9c1d-0123456789ab"
NEW_ID = "9f8e7d6c-5b4a-4938-a726-ba9876543210"
OLD = WorkspaceRef("11111111-aaaa-4bbb-8ccc-000000000001", "rg-old", "ws1")
NEW = WorkspaceRef("22222222-aaaa-4bbb-8ccc-000000000002", "rg-new", "cmk")
OLD_BLOBS = f"azureml-blobstore-{OLD_ID}"
NEW_BLOBS = f"azureml-blobstore-{NEW_ID}"


def workspace(
    ref: WorkspaceRef, workspace_id: str, account: str, region: str, *more: Datastore
) -> SurveyedWorkspace:
    """A workspace with the two datastores for blobs that the service makes, and more."""
    document = {
        "id": ref.id,
        "location": region,
        "properties": {
            "workspaceId": workspace_id,
            "storageAccount": f"/subscriptions/{ref.subscription}/resourceGroups/{ref.group}"
            f"/providers/Microsoft.Storage/storageAccounts/{account}",
        },
    }
    stores = (
        Datastore("workspaceblobstore", True, Location(account, f"azureml-blobstore-{workspace_id}")),
        Datastore("workspaceartifactstore", True, Location(account, "azureml")),
        Datastore("workspacefilestore", True, None),
    )
    return SurveyedWorkspace(ref, document, (*stores, *more))


LAKE = Datastore("lake", False, Location("customerlake", "raw"))
SOURCE = workspace(OLD, OLD_ID, "acct", "westeurope", LAKE)
TARGET = workspace(NEW, NEW_ID, "cmkacct", "northeurope", LAKE)
MAPPING = Mapping(SOURCE, TARGET)


def asset(address: str, created: str = "2026-01-01T00:00:00+00:00", **properties: Any) -> Asset:
    """A document of the source as the service answers it."""
    where = Address.parse(address)
    name = where.version or where.name
    document = {
        "id": f"{OLD.id}/{where}",
        "name": name,
        "properties": properties,
        "systemData": {"createdAt": created},
    }
    return Asset(where, document)


def system_stores(account: str, workspace_id: str) -> list[Asset]:
    """The documents of the datastores that are in every workspace."""
    containers = {"workspaceblobstore": f"azureml-blobstore-{workspace_id}", "workspaceartifactstore": "azureml"}
    return [
        asset(f"datastores/{name}", accountName=account, containerName=container, datastoreType="AzureBlob")
        for name, container in containers.items()
    ]


def inventory(*assets: Asset, of: SurveyedWorkspace = SOURCE) -> Inventory:
    """What a workspace holds, the service's own datastores included."""
    stores = system_stores(of.storage_account, of.workspace_id)
    return Inventory(of, {found.address: found for found in (*stores, *assets)})


def blob(path: str, length: int = 1, etag: str = '"0x1"', **more: Any) -> Blob:
    """A blob as a listing shows it."""
    return Blob(path, length, etag, **more)


def listing(place: Location, *blobs: Blob) -> Listing:
    """A container's blobs."""
    return Listing(place, {found.path: found for found in blobs})


def containers(
    source: dict[str, Iterable[Blob]] | None = None, target: dict[str, Iterable[Blob]] | None = None
) -> Containers:
    """Listings of both sides' own containers; what is not named is there and empty."""
    left = {OLD_BLOBS: (), "azureml": (), **(source or {})}
    right = {NEW_BLOBS: (), "azureml": (), **(target or {})}
    return Containers(
        {("acct", name): listing(Location("acct", name), *blobs) for name, blobs in left.items()},
        {("cmkacct", name): listing(Location("cmkacct", name), *blobs) for name, blobs in right.items()},
    )


def header(**changed: Any) -> Header:
    """A plan's header."""
    values: dict[str, Any] = {
        "name": "ws1",
        "tool": "aml-cmk-migrate 0",
        "created": "2026-01-01T00:00:00+00:00",
        "source": SOURCE.header(),
        "target": TARGET.header(),
        "inventory_sha256": "00" * 32,
        "counts": {},
        "blobs": 0,
        "bytes": 0,
        "estimate": {},
    }
    return Header(**(values | changed))


def step(address: str, *after: str, action: Action = Action.CREATE, **more: Any) -> Step:
    """A step that comes after others."""
    return Step(Address.parse(address), action, after=tuple(Address.parse(text) for text in after), **more)


def plan(*steps: Step, sha256: str = "ab" * 32) -> Plan:
    """A plan as it was read."""
    return Plan(header(), steps, sha256)


def by_hand(
    address: Address,
    reason: str = "",
    remedy: str = "",
    document: Document | None = None,
    listing: tuple[Document, ...] = (),
    **more: Any,
) -> Asset:
    """Something that is left to do by hand; `listing` is what it stands for, where it stands for many."""
    return Asset(address, document or {}, reason=reason, remedy=remedy, many=Many(listing), **more)


CONTEXT = Context(MAPPING)


def archiving(found: Asset) -> dict[str, Any] | None:
    """The body that archives an asset; None for kinds that cannot be archived."""
    document = {**found.document, "properties": {**found.properties, "isArchived": True}}
    write = all_kinds()[found.address.kind].desired(Asset(found.address, document), CONTEXT).of("archive")
    return write.body if write else None
