"""Reads a workspace whole: its document, the assets of every kind, and what no kind is for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from amlmigrate.cloud.shares import Shares
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.events import Emit, Event, ignore
from amlmigrate.core.workspace import Datastore, Workspace
from amlmigrate.inventory.jobs import read_jobs
from amlmigrate.inventory.leftovers import leftovers, shares
from amlmigrate.kinds import Kind, all_kinds

Assets = dict[Address, Asset]


async def take(port: WorkspacePort, files: Shares | None = None, *, emit: Emit = ignore) -> Inventory:
    """The inventory of a workspace; without a way to its file shares only the assets that have a kind.

    Raises ServiceError for whatever cannot be read: an inventory is whole or none.
    """
    workspace = await port.read()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_scan(kind, port, emit)) for kind in all_kinds().values()]
        rest = group.create_task(leftovers(port)) if files else None
        jobs = group.create_task(read_jobs(port)) if files else None
    assets = {asset.address: asset for task in tasks for asset in task.result()}
    known = replace(
        workspace,
        datastores=_datastores(assets),
        upload_containers=_uploads(workspace, assets),
        job_outputs=jobs.result().outputs if jobs else {},
    )
    left = rest.result() if rest else []
    if files:
        left += await shares(known, assets.values(), files)
    if jobs and (item := jobs.result().leftover()):
        left.append(item)
    return Inventory(known, assets, left)


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
