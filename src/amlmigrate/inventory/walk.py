"""Reads a workspace whole: its document, the assets of every kind, and what no kind is for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.events import Emit, Event, ignore
from amlmigrate.inventory.leftovers import leftovers
from amlmigrate.kinds import Kind, all_kinds


async def take(port: WorkspacePort, *, everything: bool = True, emit: Emit = ignore) -> Inventory:
    """The inventory of a workspace; without `everything` only the assets that have a kind.

    Raises ServiceError for whatever cannot be read: an inventory is whole or none.
    """
    workspace = await port.read()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_scan(kind, port, emit)) for kind in all_kinds().values()]
        rest = group.create_task(leftovers(port)) if everything else None
    assets = {asset.address: asset for task in tasks for asset in task.result()}
    stores = tuple(
        store
        for asset in assets.values()
        if (store := all_kinds()[asset.address.kind].datastore(asset)) is not None
    )
    return Inventory(replace(workspace, datastores=stores), assets, rest.result() if rest else [])


async def _scan(kind: Kind, port: WorkspacePort, emit: Emit) -> list[Asset]:
    found = await kind.scan(port)
    emit(Event("inventory.kind", {"kind": kind.name, "count": len(found), "workspace": port.ref.name}))
    return found
