"""Reads a workspace whole: its document, the assets of every kind, and what no kind is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.events import Emit, Event, ignore
from amlmigrate.core.parallel import together
from amlmigrate.core.workspace import Datastore, Workspace
from amlmigrate.inventory.extensions import extensions
from amlmigrate.inventory.jobs import read_jobs
from amlmigrate.inventory.leftovers import leftovers, shares
from amlmigrate.inventory.unlisted import unlisted
from amlmigrate.kinds import Kind, all_kinds

Assets = dict[Address, Asset]


async def take(
    port: WorkspacePort, stores: Side | None = None, *, frozen: Iterable[Document] = (), emit: Emit = ignore
) -> Inventory:
    """The inventory of a workspace; without a way to its bytes only the assets that have a kind.

    `frozen` are role assignments that `freeze` took away: they are the workspace's all the same.

    Raises ServiceError for whatever cannot be read: an inventory is whole or none.
    """
    workspace = await port.read()
    async with together() as group:
        tasks = [group.create_task(_scan(kind, port, emit)) for kind in all_kinds().values()]
        rest = group.create_task(leftovers(port)) if stores else None
        around = group.create_task(extensions(port, frozen)) if stores else None
        jobs = group.create_task(read_jobs(port)) if stores else None
    assets = {asset.address: asset for task in tasks for asset in task.result()}
    known = replace(
        workspace,
        datastores=_datastores(assets),
        upload_containers=_uploads(workspace, assets),
        job_outputs=jobs.result().outputs if jobs else {},
    )
    left = [item for task in (rest, around) if task for item in task.result()]
    if stores:
        left += await shares(known, assets.values(), stores.shares)
    if jobs and (item := jobs.result().leftover()):
        left.append(item)
    return Inventory(known, assets, left, unlisted(workspace.id, port.absent) if stores else [])


def _datastores(assets: Assets) -> tuple[Datastore, ...]:
    found = (all_kinds()[address.kind].datastore(asset) for address, asset in assets.items())
    return tuple(store for store in found if store is not None)


def _uploads(workspace: Workspace, assets: Assets) -> frozenset[str]:
    """The containers of the workspace's own account that uploads lie in."""
    found = (all_kinds()[address.kind].upload(asset) for address, asset in assets.items())
    account = workspace.storage_account.lower()
    return frozenset(place.container for place in found if place and place.account.lower() == account)


async def _scan(kind: Kind, port: WorkspacePort, emit: Emit) -> list[Asset]:
    found = await kind.scan(port)
    emit(Event("inventory.kind", {"kind": kind.name, "count": len(found), "workspace": port.ref.name}))
    return found
