"""File shares: notebooks, scripts and whatever else people and computes keep beside the blobs.

They are in the workspace's storage account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.address import SHARES, Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import digest
from amlmigrate.core.few import many
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.workspace import Location, Service, Workspace, address_of
from amlmigrate.kinds._holding import Holding, Holds, Rest, Whose, document_of
from amlmigrate.kinds._listed import Listed, WorkspacePort
from amlmigrate.kinds._permissions import DataActions, Permissions

if TYPE_CHECKING:
    from amlmigrate.cloud.arm import Arm

_SERVICE = "Microsoft.Storage/storageAccounts/fileServices"
_FILES = f"{_SERVICE}/fileshares/files"


class FileShares(Holding):
    """A share of the workspace, which moves whole, and those of its account that nobody known made.

    Left out is what is somebody's: what bears the number of another workspace, and what a datastore of a user's
    leads to.
    """

    # The layers below the kinds have addresses of files too.
    name = SHARES
    service = Service.FILE
    moves_whole = True
    open_ended = True
    manual = "Copy them with AzCopy, or keep the share."
    shown = False
    refers = False
    needs_on = False

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return (f"{_SERVICE}/shares",)

    @property
    def permissions(self) -> Permissions:
        # With the intent of a backup the right to it counts, and not what each file's own permission says.
        data = DataActions(
            read=(f"{_FILES}/read", f"{_SERVICE}/readFileBackupSemantics/action"),
            write=(f"{_FILES}/write", f"{_SERVICE}/writeFileBackupSemantics/action"),
            delete=(f"{_FILES}/delete",),
        )
        return Permissions.of(*self.arm_types(), data=data)

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        # None lies below the workspace; what of them is an item shows once their files are listed.
        return []

    async def scan_account(self, side: Side, workspace: Workspace, assets: Iterable[Asset]) -> list[Asset]:
        _, refused = await _every_share(side.arm, workspace.storage_account_id)
        return [refused] if refused else []

    def stays(self, asset: Asset) -> str:
        return asset.reason

    async def own(self, mapping: Mapping, side: Side) -> Holds:
        """Those of its datastores, and the others of its account, as far as the account lists them."""
        name = mapping.source.storage_account
        found: Holds = {root.at(""): () for root, _ in mapping.roots() if root.service is Service.FILE}
        listed, _ = await _every_share(side.arm, mapping.source.storage_account_id)
        places = (Location(name, share, service=Service.FILE) for share in listed)
        return found | {place: () for place in places if self.whose(mapping, place) is not Whose.SOMEBODYS}

    def left(self, place: Location, rest: Rest, *, placed: bool, shared: bool) -> Asset:
        told = "" if placed else " in a share that no datastore points to on both sides"
        remedy = "Copy by hand what is this workspace's, or keep the share." if shared else self.manual
        return Asset(
            address_of(place),
            document_of(rest),
            reason=f"{many(rest.blobs, 'file')} with {many(rest.bytes, 'byte')}{told}",
            remedy=remedy,
            account=place.account,
        )

    def empty(self, place: Location) -> Asset:
        return Asset(address_of(place), {"blobs": 0}, reason="it is empty", account=place.account, empty=True)

    def refused(self, place: Location, why: str) -> Asset:
        """A share whose files could not be listed, and why."""
        reason = f"its files could not be listed: {why}"
        return Asset(address_of(place), {}, reason=reason, remedy=self.manual, account=place.account)

    def digest(self, asset: Asset) -> str:
        # What nobody saw has no list.
        return super().digest(asset) if asset.address.path else Listed.digest(self, asset)

    def example(self) -> Asset:
        rest = Rest(1, 3, digest([{"path": "Users/ada/fraud.ipynb", "length": 3}]), {})
        return self.left(Location("{account}", "reports", service=Service.FILE), rest, placed=False, shared=False)


async def _every_share(arm: Arm, account_id: str) -> tuple[list[str], Asset | None]:
    """The names of an account's shares; where they could not be listed, an item for those that nobody saw."""
    try:
        return [str(one["name"]) async for one in arm.pages(f"{account_id}/fileServices/default/shares")], None
    except ServiceError as error:
        # What an account answers that has no files, as a premium one for blobs (AZ-FILE-2).
        if error.code == "FeatureNotSupportedForAccount":
            return [], None
        if error.transient or error.status not in (400, 403, 404):
            raise
        reason = f"the account's other file shares could not be listed ({error.code})"
        remedy = "Look there for shares that hold anything, and copy them by hand."
        return [], Asset(Address(SHARES), UNLISTED, reason=reason, remedy=remedy)


KIND = FileShares()
