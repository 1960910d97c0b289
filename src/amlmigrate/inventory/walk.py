"""Reads a workspace whole: its document, the assets of every kind, and what no kind is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import InventoryPort, WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.events import Emit, Event, ignore
from amlmigrate.core.parallel import together
from amlmigrate.core.workspace import Datastore, Workspace
from amlmigrate.inventory.extensions import extensions
from amlmigrate.inventory.jobs import read_jobs
from amlmigrate.inventory.leftovers import leftovers, shares, without_datastores
from amlmigrate.inventory.unlisted import could_not_be_listed, unlisted
from amlmigrate.kinds import Kind, all_kinds

Assets = dict[Address, Asset]


async def take(
    port: WorkspacePort,
    stores: Side | None = None,
    *,
    frozen: Iterable[Document] = (),
    users: bool = False,
    emit: Emit = ignore,
) -> Inventory:
    """The inventory of a workspace; without a way to its bytes only the assets that have a kind.

    `users`: without that way too what no kind is for, and jobs, as far as they refer to anything.

    `frozen` are role assignments that `freeze` took away: they are the workspace's all the same.

    A list that the service answers with 400 or 404 is an item of its own; for whatever else cannot be read it
    raises ServiceError: an inventory says of everything that it is there or not known, or there is none.
    """
    workspace = await port.read()
    # Without a list of what there is, a target is no basis to write or to judge upon; of a source it is an item.
    lists = InventoryPort(port.arm, port.ref) if stores else port
    async with together() as group:
        tasks = [group.create_task(_scan(kind, lists, emit)) for kind in all_kinds().values()]
        # Of a target what cannot be listed may refer to anything: it is noted, and ends nothing.
        more = InventoryPort(port.arm, port.ref) if not isinstance(lists, InventoryPort) else lists
        rest = group.create_task(leftovers(more)) if stores or users else None
        around = group.create_task(extensions(port, frozen)) if stores else None
        jobs = group.create_task(read_jobs(more)) if stores or users else None
    assets = {asset.address: asset for task in tasks for asset in task.result()}
    known = replace(
        workspace,
        datastores=_datastores(assets),
        upload_containers=_uploads(workspace, assets),
        job_outputs=jobs.result().outputs if jobs else {},
        jobs=frozenset(str(line["name"]) for line in jobs.result().lines) if jobs else frozenset(),
    )
    left = without_datastores(rest.result() if rest else (), known.datastores)
    left += around.result() if around else []
    if stores:
        left += await shares(known, assets.values(), stores)
    if jobs and (item := jobs.result().leftover()):
        left.append(item)
    if isinstance(lists, InventoryPort) and lists.unlisted:
        # Not because the workspace itself has gone in the meantime.
        await port.read()
        left += could_not_be_listed(lists.unlisted)
    elif users:
        # What cannot be listed may refer to anything.
        left += could_not_be_listed(more.unlisted)
    of_jobs = tuple(jobs.result().named.values()) if jobs else ()
    return Inventory(known, assets, left, unlisted(workspace.id, port.absent) if stores else [], of_jobs=of_jobs)


def _datastores(assets: Assets) -> tuple[Datastore, ...]:
    found = (all_kinds()[address.kind].datastore(asset) for address, asset in assets.items())
    return tuple(store for store in found if store is not None)


def _uploads(workspace: Workspace, assets: Assets) -> frozenset[str]:
    """The containers of the workspace's own account that uploads lie in."""
    found = (all_kinds()[address.kind].upload(asset) for address, asset in assets.items())
    account = workspace.storage_account
    return frozenset(place.container for place in found if place and place.account == account)


async def _scan(kind: Kind, port: WorkspacePort, emit: Emit) -> list[Asset]:
    found = await kind.scan(port)
    emit(Event.of("inventory.kind", kind=kind.name, count=len(found), workspace=port.ref.name))
    return found
