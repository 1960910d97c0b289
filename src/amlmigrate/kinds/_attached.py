"""The base of kinds that lie at a workspace, or at something in it, belong to other providers, and move."""

from __future__ import annotations

import re
from dataclasses import replace

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.placement import AS_IT_IS, Around, Placement
from amlmigrate.core.reference import Reference, item_below
from amlmigrate.core.writes import Accepted
from amlmigrate.kinds._base import Kind
from amlmigrate.kinds._extension import Extension, at_or_below
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._listed import WorkspacePort

_NOT_FOUND = 404
# A step up, or the end of a path.
_LEADS_OUT = re.compile(r"(\A|/)\.{1,2}(/|\Z)|[%?#\\]|//")
# None of them has tags, or a place for an origin.
ATTACHED = replace(COMMON, customer_maps={}, provenance="")


class Attached(Extension, Kind):
    """What is at something in the workspace moves where that is in the target, or moves there too."""

    # Of one that is at something in the workspace the last name is the path of that.
    open_ended = True
    # Nobody reads one with MLClient.
    sdk_operations = ""

    def path(self, address: Address) -> str:
        # Whatever a plan says: what it makes is at the workspace or in it.
        if any(_LEADS_OUT.search(part) for part in address.path[1:]):
            raise BadInputError(
                "What it is at is nothing that lies in a workspace.",
                address=str(address),
                remedy="Make a new plan, or put the original one back.",
            )
        return super().path(address)

    def refuses(self, address: Address) -> str:
        # Not Azure ML's to say.
        return ""

    def address_in(self, workspace: str, item: Document) -> Address | None:
        """The address of what a list of the workspace with that id shows; None of what is not at it, nor in it."""
        return self.address_at(workspace, str(item["name"]), str(ArmId.of(item["id"]).scope))

    def address_at(self, workspace: str, name: str, scope: str) -> Address | None:
        """The same for one of that name at that scope."""
        if not at_or_below(workspace, scope):
            return None
        return Address.of(self.name, name, scope.rstrip("/")[len(workspace) :].strip("/"))

    def digest(self, asset: Asset) -> str:
        # What it is at is removed before the workspace is, and it goes with that.
        return "" if asset.address.path[1:] else super().digest(asset)

    async def read(self, port: WorkspacePort, address: Address) -> Document | None:
        """One; None where its list does not show it: the words of a 404 are not known of every provider."""
        try:
            return await super().read(port, address)
        except ServiceError as error:
            return await self._listed(port, address, error)

    async def settle(
        self, target: WorkspacePort, address: Address, accepted: Accepted | None = None
    ) -> Document | None:
        try:
            return await super().settle(target, address, accepted)
        except ServiceError as error:
            return await self._listed(target, address, error)

    async def _listed(self, port: WorkspacePort, address: Address, error: ServiceError) -> Document | None:
        if error.status != _NOT_FOUND:
            raise error
        wanted = key_of(f"{port.id}/{self.path(address)}")
        listed = [one async for one in port.pages("/".join((*address.path[1:], self.collection)))]
        return next((one for one in listed if key_of(one.get("id")) == wanted), None)

    def references(self, asset: Asset) -> tuple[Reference, ...]:
        """What it is at: nothing else of it is of the workspace."""
        found = _at(asset.address)
        return (replace(found, where="/id"),) if found else ()

    def placement(self, asset: Asset, around: Around) -> Placement:
        if not asset.address.path[1:]:
            return AS_IT_IS
        found = _at(asset.address)
        place = Address(str(found.kind), found.names) if found else None
        if place is None:
            told = f"it is at '{asset.address.path[1]}', which this version does not know"
            return Placement(reason=told, remedy=self.remedy)
        if not any(one.container == place for one in around.source.assets) and (
            around.mapping.called(place) not in around.target.assets
        ):
            told = f"it is at {place}, which this version does not move, and the target has none of that name"
            return Placement(reason=told, remedy=self.remedy)
        called = around.mapping.called(place)
        if called == place:
            return AS_IT_IS
        below = f"{called}{asset.address.path[1][len(str(place)) :]}"
        return Placement(Address(self.name, (asset.address.name, below)))


def _at(address: Address) -> Reference | None:
    """What something is at, of what lies in the workspace."""
    return item_below(f"/{address.path[1]}") if address.path[1:] else None
