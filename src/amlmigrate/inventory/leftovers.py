"""What a workspace holds that no kind is for: each collection of the service, named with what to do by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Leftover

_ENDED = frozenset({"completed", "failed", "canceled", "notresponding", "paused", "unknown", "none"})


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection below the workspace that this version reads but cannot move."""

    name: str
    remedy: str
    query: tuple[tuple[str, str], ...] = ()
    below: tuple[str, ...] = ()
    folded: bool = False


# Azure ML's collections of azure-facts, section 2. Schedules list only the enabled ones and connections only
# the workspace's own unless asked for all.
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
    Collection("computes", "Create the compute in the target; names are unique in a region."),
    Collection("schedules", "Create the schedule in the target.", (("listViewType", "All"),)),
    Collection("connections", "Create the connection in the target with its secret.", (("includeAll", "true"),)),
    Collection("outboundRules", "Create the rule on the target's managed network."),
    Collection("featuresets", "Create the feature set in a feature store.", (("listViewType", "All"),)),
    Collection("featurestoreEntities", "Create the entity in a feature store.", (("listViewType", "All"),)),
    Collection("serverlessEndpoints", "Create the endpoint in the target; its keys will be new."),
    Collection("marketplaceSubscriptions", "Subscribe in the target; the terms have to be accepted anew."),
    Collection("privateEndpointConnections", "Create a private endpoint for the target."),
    Collection("capabilityHosts", "Create the capability host in the target."),
    Collection(
        "jobs",
        "Runs, metrics and lineage stay in the old workspace: export what you need before it is deleted.",
        (("listViewType", "All"),),
        folded=True,
    ),
)


async def leftovers(port: WorkspacePort) -> list[Leftover]:
    """Everything of the collections above; jobs as one item with their count."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_read(port, collection)) for collection in COLLECTIONS]
    return [item for task in tasks for item in task.result()]


async def _read(port: WorkspacePort, collection: Collection) -> list[Leftover]:
    reason = "this version cannot move it"
    # A workspace without a managed network answers 404 for its rules.
    items = [item async for item in port.pages(collection.name, dict(collection.query), absent_is_empty=True)]
    if collection.folded:
        if not items:
            return []
        running = sum(1 for item in items if str(item["properties"].get("status")).lower() not in _ENDED)
        document = {"count": len(items), "running": running, "names": sorted(item["name"] for item in items)}
        return [
            Leftover(Address(collection.name, ""), f"{len(items)} jobs: {reason}", collection.remedy, document)
        ]
    found: list[Leftover] = []
    for item in items:
        found.append(Leftover(Address(collection.name, item["name"]), reason, collection.remedy, item))
        for below in collection.below:
            async for child in port.pages(f"{collection.name}/{item['name']}/{below}"):
                address = Address(collection.name, item["name"], f"{below}/{child['name']}")
                found.append(Leftover(address, reason, collection.remedy, child))
    return found
