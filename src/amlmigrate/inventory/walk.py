"""Reads a workspace whole: its document, the assets that may move, and what is left to do by hand."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import InventoryPort, WorkspaceClient
from amlmigrate.core.address import Address
from amlmigrate.core.asked import NOTHING, Asked
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.metering import Reading
from amlmigrate.core.parallel import together
from amlmigrate.core.workspace import Datastore, SurveyedWorkspace, Workspace
from amlmigrate.inventory.listing import by_hand_kinds, in_order, scan, without_datastores
from amlmigrate.inventory.unlisted import could_not_be_listed, unlisted
from amlmigrate.kinds import all_kinds, moving_kinds

Assets = dict[Address, Asset]


async def take(
    port: WorkspaceClient,
    stores: Side | None = None,
    *,
    workspace: Workspace | None = None,
    users: bool = False,
    asked: Asked = NOTHING,
    emit: Emit = ignore,
    reading: Reading | None = None,
) -> Inventory:
    """The inventory of a workspace; without a way to its bytes only the assets that may move.

    `workspace`: as the command has just read it; it is not read again. `users`: without that way too what is left
    to do by hand, as far as it may refer to anything.

    `asked`: what moves only since the plan asks for it.

    A list that the service answers with 400 or 404 is an item of its own; for whatever else cannot be read it
    raises ServiceError: an inventory says of everything that it is there or not known, or there is none.
    """
    workspace = workspace or await port.read()
    # Without a list of what there is, a target is no basis to write or to judge upon; of a source it is an item.
    # Of a target what cannot be listed may refer to anything: it is noted, and ends nothing.
    own = workspace.document
    more = InventoryPort(port.arm, port.ref, port.frozen, document=own, vaults=port.vaults, asked=asked)
    plain = WorkspaceClient(port.arm, port.ref, own, vaults=port.vaults, asked=asked.only())
    by_hand = by_hand_kinds(refers=not stores) if stores or users else []
    async with together() as group:
        moving = group.create_task(scan(moving_kinds().values(), more if stores else plain, emit, reading))
        rest = group.create_task(scan(by_hand, more, reading=reading))
    every = [asset for found in moving.result().values() for asset in found]
    left = list(in_order(rest.result()))
    known = _known(workspace, {asset.address: asset for asset in every}, left)
    every, left = (without_datastores(found, known.datastores) for found in (every, left))
    # Of kinds that move, too, there is what does not. In a target it is compared with all the same.
    left += [asset for asset in every if asset.reason and stores]
    assets = {asset.address: asset for asset in every if not (asset.reason and stores)}
    if stores:
        for kind in all_kinds().values():
            left += await kind.scan_account(stores, known, assets.values())
    if stores and more.unlisted:
        # Not because the workspace itself has gone in the meantime.
        await port.read()
    # What cannot be listed may refer to anything.
    left += could_not_be_listed(more.unlisted)
    names = tuple(reference for one in left for reference in one.many.names)
    return Inventory(known, assets, left, unlisted(workspace.id, more.absent) if stores else [], of_jobs=names)


def _known(workspace: Workspace, assets: Assets, left: Iterable[Asset]) -> SurveyedWorkspace:
    """The workspace with what its assets say of where things lie."""
    many = [one.many for one in left]
    return SurveyedWorkspace(
        workspace.ref,
        workspace.document,
        datastores=_datastores(assets),
        upload_containers=_uploads(workspace, assets),
        job_outputs={key: uri for one in many for key, uri in one.outputs.items()},
        jobs=frozenset(name for one in many for name in one.writers),
    )


def _datastores(assets: Assets) -> tuple[Datastore, ...]:
    found = (moving_kinds()[address.kind].storage(asset).datastore for address, asset in assets.items())
    return tuple(store for store in found if store is not None)


def _uploads(workspace: Workspace, assets: Assets) -> frozenset[str]:
    """The containers of the workspace's own account that uploads lie in."""
    found = (moving_kinds()[address.kind].storage(asset).upload for address, asset in assets.items())
    account = workspace.storage_account
    return frozenset(place.container for place in found if place and place.account == account)
