"""What a workspace holds that no kind is for: each collection of the service, named with what to do by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.cloud import absence
from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.store import Store
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Leftover
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.leading import leads_into
from amlmigrate.core.parallel import together
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.workspace import WORKING_SHARE, Datastore, Location, Service, Workspace
from amlmigrate.kinds import all_kinds


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection below the workspace that this version reads but cannot move."""

    name: str
    remedy: str
    # Of the collection, and of those below its items.
    query: tuple[tuple[str, str], ...] = ()
    below: tuple[str, ...] = ()
    # Members below `properties`, dotted with `|`, that change while nobody changes anything.
    volatile: tuple[str, ...] = ()
    # Whether its list shows the workspace's datastores too.
    with_datastores: bool = False


# Azure ML's collections (AZ-WS-8). Schedules list only the enabled ones and connections only the workspace's own
# unless asked for all (AZ-LIST-2).
COLLECTIONS = (
    Collection(
        "onlineEndpoints",
        "Create the endpoint under another name in the target region.",
        (),
        ("deployments",),
    ),
    Collection(
        "batchEndpoints", "Create the endpoint under another name in the target region.", (), ("deployments",)
    ),
    Collection(
        "computes",
        "Create the compute in the target; names are unique in a region.",
        volatile=(
            "modifiedOn",
            "provisioningErrors",
            # A cluster grows and shrinks by itself.
            *(f"properties|{name}" for name in ("allocationState", "allocationStateTransitionTime", "errors")),
            *(f"properties|{name}" for name in ("currentNodeCount", "targetNodeCount", "nodeStateCounts")),
            # An instance is started and stopped, and counts what is mounted on it.
            *(
                f"properties|{name}"
                for name in ("state", "lastOperation", "applications", "connectivityEndpoints")
            ),
            *(
                f"properties|{name}"
                for name in ("containers", "dataDisks", "dataMounts", "versions", "osImageMetadata")
            ),
        ),
    ),
    Collection("schedules", "Create the schedule in the target.", (("listViewType", "All"),)),
    # "Both connections and datastores", says the description of 2025-12-01; a test of azure-ai-ml sees the latter.
    Collection(
        "connections",
        "Create the connection in the target with its secret.",
        (("includeAll", "true"),),
        with_datastores=True,
    ),
    # Inactive until the managed network is provisioned.
    Collection("outboundRules", "Create the rule on the target's managed network.", volatile=("status",)),
    Collection(
        "featuresets", "Create the feature set in a feature store.", (("listViewType", "All"),), ("versions",)
    ),
    Collection(
        "featurestoreEntities", "Create the entity in a feature store.", (("listViewType", "All"),), ("versions",)
    ),
    Collection(
        "serverlessEndpoints",
        "Create the endpoint in the target; its keys will be new.",
        volatile=("endpointState",),
    ),
    Collection(
        "marketplaceSubscriptions",
        "Subscribe in the target; the terms have to be accepted anew.",
        volatile=("marketplaceSubscriptionStatus",),
    ),
    Collection("privateEndpointConnections", "Create a private endpoint for the target."),
    Collection("capabilityHosts", "Create the capability host in the target."),
)


async def leftovers(port: WorkspacePort) -> list[Leftover]:
    """Everything of the collections above, an item each; an `InventoryPort` notes what cannot be listed."""
    async with together() as group:
        tasks = [group.create_task(_read(port, collection)) for collection in COLLECTIONS]
    return [item for task in tasks for item in task.result()]


async def _read(port: WorkspacePort, collection: Collection) -> list[Leftover]:
    reason = "this version cannot move it"
    items = [item async for item in port.pages(collection.name, dict(collection.query))]
    found: list[Leftover] = []
    volatile = collection.volatile
    for item in items:
        address = Address.of(collection.name, item["name"])
        found.append(Leftover(address, reason, collection.remedy, item, volatile=volatile))
        for below in collection.below:
            path = f"{collection.name}/{item['name']}/{below}"
            async for child in port.pages(path, dict(collection.query)):
                address = Address.of(f"{collection.name}/{below}", item["name"], child["name"])
                found.append(Leftover(address, reason, collection.remedy, child, volatile=volatile))
    return found


def without_datastores(left: Iterable[Leftover], datastores: Iterable[Datastore]) -> list[Leftover]:
    """Without the lines that are datastores in another collection's list: these move as datastores.

    A line is one if it has a datastore's name and leads into its container; of several of that name only the first
    is. Inferred (AZ-LIST-11): a connection of the same name to the same place would be a line of its own.
    """
    stores = {one.name.lower(): one.root for one in datastores if one.root}
    found: list[Leftover] = []
    for item in left:
        root = stores.get(item.address.name.lower()) if item.address.collection in _SHOWS_DATASTORES else None
        if root is not None and leads_into(properties_of(item.document), [root]):
            del stores[item.address.name.lower()]
        else:
            found.append(item)
    return found


_SHOWS_DATASTORES = frozenset(one.name for one in COLLECTIONS if one.with_datastores)


async def shares(workspace: Workspace, datastores: Iterable[Asset], side: Side) -> list[Leftover]:
    """The file shares of the workspace that hold anything: notebooks, most of all; and those nobody known made.

    They are behind its system datastores, and have the service's own names where it has no such datastore. Of the
    others of its account, an empty one is told as such; those that bear another workspace's number are not its.
    """
    account = workspace.storage_account
    number = workspace.workspace_id
    named = dict.fromkeys((account, name) for name in (WORKING_SHARE, f"azureml-filestore-{number}") if number)
    led: set[tuple[str, str]] = set()
    for asset in datastores:
        share = asset.properties.get("fileShareName")
        place = (str(asset.properties.get("accountName") or account), str(share))
        if share and all_kinds()[asset.address.kind].not_moved(asset) is not None:
            named[place] = None
        elif share:
            led.add(place)
    found = [item for account, share in named for item in await _share(account, share, side.shares)]
    every, unlisted = await _every_share(side.arm, workspace.storage_account_id)
    for name in every:
        known = (account, name) in named or (account, name) in led
        if not known and not workspace.names_another(name):
            found += await _share(account, name, side.shares) or [_empty(account, name)]
    return found + unlisted


async def _every_share(arm: Arm, account_id: str) -> tuple[list[str], list[Leftover]]:
    """The names of an account's shares; where they could not be listed, an item for those that nobody saw."""
    try:
        return [str(one["name"]) async for one in arm.pages(f"{account_id}/fileServices/default/shares")], []
    except ServiceError as error:
        # What an account answers that has no files, as a premium one for blobs (AZ-FILE-2).
        if error.code == "FeatureNotSupportedForAccount":
            return [], []
        if error.transient or error.status not in (400, 403, 404):
            raise
        reason = f"the account's other file shares could not be listed ({error.code})"
        remedy = "Look there for shares that hold anything, and copy them by hand."
        return [], [Leftover(Address.of("shares"), reason, remedy, UNLISTED)]


def _empty(account: str, share: str) -> Leftover:
    return Leftover(Address.of("shares", share), "it is empty", "", {"files": 0}, account=account, empty=True)


# The same for a missing role and for a firewall: which of the two it is may change, the item does not.
# Not `seal.UNLISTED`, of which nothing is known to have changed: files that can be seen later were not planned.
_UNLISTED: Document = {"files": "not listed"}
_RIGHT = "a role such as Storage File Data Privileged Reader is missing, or the account's firewall is in the way"


async def _share(account: str, share: str, files: Store) -> list[Leftover]:
    address = Address.of("shares", share)
    place = Location(account, share, service=Service.FILE)
    remedy = f"Copy it from {files.url(place)} with the AzCopy line in by-hand/{address}.yaml."
    try:
        # Its ETag tells a file that was written anew with the same length.
        lines: list[Document] = [
            {"path": one.path, "length": one.length, "etag": one.etag} async for one in files.list(place)
        ]
    except ServiceError as error:
        if absence.of_share(error):
            return []
        if error.status != 403:
            raise
        why = error.key_trouble.says if error.key_trouble else _RIGHT
        reason = f"its files could not be listed ({error.code}): {why}"
        return [Leftover(address, reason, remedy, _UNLISTED, account=account)]
    if not lines:
        return []
    size = sum(int(line["length"]) for line in lines)
    document = {"files": len(lines), "bytes": size, "sha256": digest(lines)}
    reason = f"{len(lines)} files with {size} bytes, listed in shares-{share}.jsonl: this version cannot move them"
    return [Leftover(address, reason, remedy, document, tuple(lines), account=account)]
