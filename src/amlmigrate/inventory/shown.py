"""Whether the target shows what a person says to have made or set right there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.address import ARCHIVE, Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import MARK
from amlmigrate.kinds import NO_NAMES, Kind, Listed, moving_kinds, root_of

_UNREAD = "settings-unread"
Effect = tuple[Document, Document]


async def shown(port: WorkspaceClient, address: Address, effect: Effect | None = None) -> bool | None:
    """Whether the workspace of the port shows it, by its name there; None where nobody can, or may, look.

    `effect`: of a phase, the bodies without it and with it.
    """
    kind = moving_kinds().get(address.kind)
    listed = root_of(address)
    try:
        # What stands for many, or for what was not listed, is nothing to look at.
        if kind and (address.name or kind.inherent):
            document = await kind.read(port, address.item)
            found = document is not None
            if not found and (kind.regional or not kind.keeps_name) and not address.phase:
                return await _listed(port, kind, address)
            if not found or not address.phase:
                return found
            if address.phase == ARCHIVE:
                return Asset(address.item, document or {}).archived
            return _changed(kind, address.item, effect, document or {}) if effect else None
        if listed and listed.shown and address.name:
            return await _listed(port, listed, address)
    except ServiceError as error:
        if error.status != 403:
            raise
    return None


def _changed(kind: Kind, address: Address, effect: Effect, document: Document) -> bool | None:
    """Whether a document is as a phase makes it, in all that the phase changes; None where that is nothing."""
    without, whole = effect
    changed = {one.field for one in kind.differences(address, without, whole)}
    differing = {one.field for one in kind.differences(address, whole, document)}
    return not changed & differing if changed else None


def looked_at(finding: str) -> bool:
    """Whether it can be looked up if what a finding tells of is still so."""
    about = finding.rpartition(MARK)[0].partition("/")[0]
    return about in moving_kinds() and moving_kinds()[about].inherent


async def set_right(
    source: WorkspaceClient, target: WorkspaceClient, finding: str, names: Mapping[Address, Address] = NO_NAMES
) -> bool | None:
    """Whether a finding about what every workspace has by itself is no longer so; None where that is not known.

    `names`: what the target calls items of the source that have another name there.
    """
    address = Address.parse(finding.rpartition(MARK)[0])
    kind = moving_kinds()[address.kind]
    left, right = await asyncio.gather(kind.read(source, address), kind.read(target, address))
    if left is None or right is None:
        return None
    found = kind.shortfalls(Asset(address, left), right, names)
    if finding in {one.address for one in found}:
        return False
    # What could not be read may be just this.
    return None if any(one.code == _UNREAD for one in found) else True


async def _listed(port: WorkspaceClient, kind: Listed, address: Address) -> bool | None:
    """By its collection, which shows what a GET of one item may hide, as a disabled schedule."""
    pages = port.pages(kind.collection, dict(kind.query), absent_is_empty=True)
    names = [str(item["name"]).lower() async for item in pages]
    if address.path[0].lower() in names:
        return True if len(address.path) == 1 else await port.get(str(address)) is not None
    # What was made for the target may have another name: only that there is none at all can be seen.
    return None if names and (kind.regional or not kind.keeps_name) else False
