"""The names that the workspaces of a fleet have in their regions: no plan gives one of another's."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.namescope import NameScope, Taken
from amlmigrate.core.parallel import each
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet.fleetfile import FleetEntry
from amlmigrate.kinds import moving_kinds
from amlmigrate.planning.new_names import NamesAlongside

_log = logging.getLogger(__name__)
_AT_ONCE = 3


async def note(clouds: Session, entries: Iterable[FleetEntry], alongside: NamesAlongside) -> None:
    """Notes what both workspaces of each plan have that is still to be made."""

    async def one(entry: FleetEntry) -> None:
        pair = (WorkspaceRef.parse(entry.source), WorkspaceRef.parse(entry.target))
        try:
            for side, ref in ((clouds.source, pair[0]), (clouds.target, pair[1])):
                alongside.add(pair, await _held(side, ref))
        except Exception as error:  # noqa: BLE001 - of one workspace, and its own plan meets and tells it
            _log.info("its names are not known: %s", error, extra={"address": entry.source})

    await each(list(entries), one, parallel=_AT_ONCE)


async def _held(side: Side, ref: WorkspaceRef) -> set[Taken]:
    assets = [
        (kind, asset)
        for kind in moving_kinds().values()
        if kind.regional
        for asset in await kind.scan(side.workspace(ref))
    ]
    return {
        (NameScope(kind.regional, plain_region(kind.region(asset))), asset.address.name.lower())
        for kind, asset in assets
    }
