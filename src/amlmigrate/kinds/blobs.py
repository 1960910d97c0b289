"""Blob containers: what assets that move refer to moves; the other blobs stay, as one item for each container.

They are in the workspace's storage account.
"""

from __future__ import annotations

from collections.abc import Sequence

from amlmigrate.cloud.session import Side
from amlmigrate.core.address import BLOBS
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import digest
from amlmigrate.core.few import many
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Location, Service, address_of
from amlmigrate.kinds._holding import Holding, Holds, Rest, Whose, document_of
from amlmigrate.kinds._listed import WorkspacePort
from amlmigrate.kinds._permissions import DataActions, Permissions

_TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
_BLOBS, _TAGS = f"{_TYPE}/blobs", f"{_TYPE}/blobs/tags"


class BlobContainers(Holding):
    """A container of the workspace, and those of its account that nobody known made.

    Left out is what is somebody's: what bears the number of another workspace, and what a datastore of a user's
    leads to. Which of its blobs move, the plan decides by what refers to them.
    """

    # The layers below the kinds have addresses of blobs too.
    name = BLOBS
    open_ended = True
    manual = "Copy them with --unreferenced copy, or keep the container."
    shown = False
    refers = False
    needs_on = False

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return (_TYPE,)

    @property
    def permissions(self) -> Permissions:
        data = DataActions(
            read=(f"{_BLOBS}/read",),
            write=(f"{_BLOBS}/write",),
            delete=(f"{_BLOBS}/delete",),
            read_tags=(f"{_TAGS}/read",),
            write_tags=(f"{_TAGS}/write",),
        )
        # A list of blobs by their tags (so the descriptions of operations).
        return Permissions.of(_TYPE, harmless=("blobs/filter/action",), data=data)

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        # None lies below the workspace; what of them is an item shows once their blobs are listed.
        return []

    def stays(self, asset: Asset) -> str:
        return asset.reason

    async def own(self, mapping: Mapping, side: Side) -> Holds:
        """Those that have the service's names for it are among them even where no datastore leads there.

        So are those of which none of the target says where they go.
        """
        name = mapping.source.storage_account
        found: Holds = {root.at(""): () for root, _ in mapping.roots() if root.service is Service.BLOB}
        for container, holds in (await side.blobs.containers(name)).items():
            place = Location(name, container)
            if self.whose(mapping, place) is not Whose.SOMEBODYS:
                found[place] = holds
        return found

    def left(self, place: Location, rest: Rest, *, placed: bool, shared: bool) -> Asset:
        return Asset(
            address_of(place.at("")),
            document_of(rest),
            reason=f"{many(rest.blobs, 'blob')} with {many(rest.bytes, 'byte')}{_told(rest, placed=placed)}",
            remedy=self._remedy(placed=placed, shared=shared),
            account=place.account,
        )

    def _remedy(self, *, placed: bool, shared: bool) -> str:
        if shared:
            return "Copy by hand what is this workspace's, or keep the container."
        return self.manual if placed else "Copy them with AzCopy, or keep the container."

    def empty(self, place: Location) -> Asset:
        return Asset(
            address_of(place.at("")), {"blobs": 0}, reason="it is empty", account=place.account, empty=True
        )

    def example(self) -> Asset:
        rest = Rest(1, 3, digest([{"path": "loose/a.csv", "length": 3}]), {"that no asset refers to": 1})
        place = Location("{account}", "azureml-blobstore-{workspace_id}")
        return self.left(place, rest, placed=True, shared=False)


def _told(rest: Rest, *, placed: bool) -> str:
    """What is said of the blobs, the most of one sort first."""
    if not placed:
        return " in a container that no datastore points to on both sides"
    sorts = sorted(rest.sorts.items(), key=lambda one: -one[1])
    if len(sorts) == 1:
        return f" {sorts[0][0]}"
    return ": " + ", ".join(f"{count} {what}" for what, count in sorts)


KIND = BlobContainers()
