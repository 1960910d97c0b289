"""Reads a workspace by its kinds: each lists what there is of it, those below others after these."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import nullcontext

from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.asset import Asset
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.metering import Reading
from amlmigrate.core.parallel import together
from amlmigrate.core.progress import KindListed
from amlmigrate.core.reference_targets import leads_into
from amlmigrate.core.workspace import Datastore
from amlmigrate.kinds import Listed, all_kinds, children, moving_kinds, root_of

Found = dict[str, list[Asset]]


async def scan(
    kinds: Iterable[Listed], port: WorkspaceClient, emit: Emit = ignore, reading: Reading | None = None
) -> Found:
    """The assets of these kinds, by their names; of a kind with a parent this comes before it among them."""
    kinds = list(kinds)
    if reading:
        reading.expect(len(kinds))
    tasks: dict[str, asyncio.Task[list[Asset]]] = {}
    async with together() as group:
        for kind in kinds:
            tasks[kind.name] = group.create_task(_scan(kind, port, tasks.get(kind.parent), emit, reading))
    return {name: task.result() for name, task in tasks.items()}


async def _scan(
    kind: Listed,
    port: WorkspaceClient,
    parents: asyncio.Task[list[Asset]] | None,
    emit: Emit,
    reading: Reading | None,
) -> list[Asset]:
    below = await parents if parents else ()
    with reading.of(kind.name) if reading else nullcontext():
        found = await kind.scan(port, below)
    if kind.name in moving_kinds():
        emit(KindListed(kind.name, len(found), port.ref.name))
    return found


def by_hand_kinds(*, refers: bool = False, needs_on: bool = False) -> list[Listed]:
    """The kinds that do not move: all, or those whose items may refer to others, or go on needing these."""
    return [
        kind
        for kind in all_kinds().values()
        if kind.manual and (kind.refers or not refers) and (kind.needs_on or not needs_on)
    ]


def in_order(found: Found) -> Iterator[Asset]:
    """Each asset before those that lie in it."""
    for name, assets in found.items():
        kind = all_kinds()[name]
        if not kind.parent:
            yield from _nested(kind, assets, found)


def _nested(kind: Listed, assets: list[Asset], found: Found) -> Iterator[Asset]:
    for asset in assets:
        yield asset
        for below in children(kind):
            inside = [one for one in found.get(below.name, ()) if one.address.parent == asset.address]
            yield from _nested(below, inside, found)


def without_datastores(left: Iterable[Asset], datastores: Iterable[Datastore]) -> list[Asset]:
    """Without the lines that are datastores in another collection's list: these move as datastores.

    A line is one if it has a datastore's name and leads into its container; of several of that name only the first
    is. Inferred (AZ-LIST-11): a connection of the same name to the same place would be a line of its own.
    """
    stores = {one.name.lower(): one.root for one in datastores if one.root}
    found: list[Asset] = []
    for item in left:
        kind = root_of(item.address)
        root = stores.get(item.address.name.lower()) if kind and kind.shows_datastores else None
        if root is not None and leads_into(item.properties, [root]):
            del stores[item.address.name.lower()]
        else:
            found.append(item)
    return found
