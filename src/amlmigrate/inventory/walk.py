"""Reads a workspace whole: its document, the assets of every kind, and what no kind is for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from amlmigrate.bytes.contents import LARGEST
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.events import Emit, Event, ignore
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each
from amlmigrate.core.reference import references
from amlmigrate.core.workspace import Datastore, Location, Workspace
from amlmigrate.inventory.jobs import read_jobs
from amlmigrate.inventory.leftovers import leftovers, shares
from amlmigrate.kinds import Kind, all_kinds

Assets = dict[Address, Asset]
_PARALLEL = 16


async def take(port: WorkspacePort, stores: Side | None = None, *, emit: Emit = ignore) -> Inventory:
    """The inventory of a workspace; without a way to its bytes only the assets that have a kind.

    Raises ServiceError for whatever cannot be read: an inventory is whole or none.
    """
    workspace = await port.read()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_scan(kind, port, emit)) for kind in all_kinds().values()]
        rest = group.create_task(leftovers(port)) if stores else None
        jobs = group.create_task(read_jobs(port)) if stores else None
    assets = {asset.address: asset for task in tasks for asset in task.result()}
    known = replace(
        workspace,
        datastores=_datastores(assets),
        upload_containers=_uploads(workspace, assets),
        job_outputs=jobs.result().outputs if jobs else {},
    )
    left = rest.result() if rest else []
    if stores:
        left += await shares(known, assets.values(), stores.shares)
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


async def read_contents(inventory: Inventory, blobs: Blobs) -> None:
    """Reads, for planning, the few small files among an inventory's bytes that name other places.

    One that names some but cannot be written anew as text is an error of the inventory, as is one that is too
    large to be read: it would go on naming the source, and nobody would know.
    """
    own = Mapping(inventory.workspace, inventory.workspace)
    assets = inventory.assets

    async def read(asset: Asset) -> None:
        kind = all_kinds()[asset.address.kind]
        texts: list[tuple[Location, str]] = []
        for name in kind.content_files(asset):
            for place in {found for ref in kind.references(asset) if (found := own.locate(ref))}:
                file = Location(place.account, place.container, place.path.rstrip("/")).below(name)
                if own.place(place) is None:
                    continue
                try:
                    data = await blobs.read(file, LARGEST)
                except ServiceError as error:
                    if error.code != "BlobArchived":
                        raise
                    inventory.findings.append(_archived(asset, file))
                    continue
                text = _text(data)
                if text is not None:
                    texts.append((file, text))
                elif _names_places(data) if data is not None else await blobs.head(file):
                    inventory.findings.append(_unread(asset, file))
        if texts:
            assets[asset.address] = replace(asset, contents=tuple(texts))

    await each(list(assets.values()), read, parallel=_PARALLEL)


def _text(data: bytes | None) -> str | None:
    """A file as text; None where it is none in UTF-8, as when it is in UTF-16."""
    try:
        text = None if data is None else data.decode()
    except UnicodeDecodeError:
        return None
    return None if text is None or "\0" in text else text


def _names_places(data: bytes) -> bool:
    """Whether a file that is no text in UTF-8 names places: they are ASCII, whatever is around them."""
    return any(references(data.replace(b"\0", b"").decode("latin-1").splitlines()))


def _archived(asset: Asset, file: Location) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"'{file.container}/{file.path}' may name places of the old workspace, but is archived and not readable.",
        "Bring it back from the archive tier in the source, or leave the asset out with --exclude.",
    )


def _unread(asset: Asset, file: Location) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"'{file.container}/{file.path}' may name places of the old workspace, but is no text in UTF-8 of up to"
        f" {LARGEST // 2**20} MiB.",
        "Write it anew as UTF-8 in the source, or leave the asset out with --exclude.",
    )


async def _scan(kind: Kind, port: WorkspacePort, emit: Emit) -> list[Asset]:
    found = await kind.scan(port)
    emit(Event("inventory.kind", {"kind": kind.name, "count": len(found), "workspace": port.ref.name}))
    return found
