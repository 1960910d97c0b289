"""File shares: mostly notebooks and scripts; they are in the workspace's storage account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from amlmigrate.cloud import absence
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.store import Store
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Many
from amlmigrate.core.documents import Document, digest
from amlmigrate.core.few import agreed, many
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.workspace import WORKING_SHARE, Location, Service, Workspace
from amlmigrate.kinds._listed import Listed, Way, WorkspacePort
from amlmigrate.kinds._permissions import DataActions, Permissions
from amlmigrate.kinds._registry import moving_kinds

if TYPE_CHECKING:
    from amlmigrate.cloud.arm import Arm

_NAME = "shares"
_SERVICE = "Microsoft.Storage/storageAccounts/fileServices"
# The same for a missing role and for a firewall: which of the two it is may change, the item does not.
# Not `seal.UNLISTED`, of which nothing is known to have changed: files that can be seen later were not planned.
_UNLISTED: Document = {"files": "not listed"}
_RIGHT = "a role such as Storage File Data Privileged Reader is missing, or the account's firewall is in the way"


class FileShares(Listed):
    """A share of the workspace that holds anything; and those of its account that nobody known made.

    They are behind its system datastores, and have the service's own names where it has no such datastore. Of the
    others of its account, an empty one is told as such; those that bear another workspace's number are not its.
    """

    name = _NAME
    way = Way.FILES
    manual = "Copy it with AzCopy."
    shown = False
    refers = False
    needs_on = False

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return (f"{_SERVICE}/shares",)

    @property
    def permissions(self) -> Permissions:
        read = (f"{_SERVICE}/fileshares/files/read", f"{_SERVICE}/readFileBackupSemantics/action")
        return Permissions.of(*self.arm_types(), data=DataActions(read=read))

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        return []

    async def scan_account(self, side: Side, workspace: Workspace, assets: Iterable[Asset]) -> list[Asset]:
        account = workspace.storage_account
        own, led = _places(workspace, assets)
        found = [item for at, share in own for item in await _share(at, share, side.shares)]
        every, unlisted = await _every_share(side.arm, workspace.storage_account_id)
        for name in every:
            known = (account, name) in own or (account, name) in led
            if not known and not workspace.names_another(name):
                found += await _share(account, name, side.shares) or [_empty(account, name)]
        return found + unlisted

    def example(self) -> Asset:
        line = {"path": "Users/ada/fraud.ipynb", "length": 3, "etag": "1"}
        return _of_files("{account}", "code-0a1b", [line], "Copy it.")


def _places(
    workspace: Workspace, assets: Iterable[Asset]
) -> tuple[dict[tuple[str, str], None], set[tuple[str, str]]]:
    """Account and share: of the service's own, and of those that datastores of people lead to."""
    account, number = workspace.storage_account, workspace.workspace_id
    named = dict.fromkeys((account, name) for name in (WORKING_SHARE, f"azureml-filestore-{number}") if number)
    led: set[tuple[str, str]] = set()
    for asset in assets:
        share = asset.properties.get("fileShareName")
        place = (str(asset.properties.get("accountName") or account), str(share))
        if share and moving_kinds()[asset.address.kind].stays(asset):
            named[place] = None
        elif share:
            led.add(place)
    return named, led


async def _every_share(arm: Arm, account_id: str) -> tuple[list[str], list[Asset]]:
    """The names of an account's shares; where they could not be listed, an item for those that nobody saw."""
    try:
        return [str(one["name"]) async for one in arm.pages(f"{account_id}/fileServices/default/shares")], []
    except ServiceError as error:
        # What an account answers that has no files, as a premium one for blobs (AZ-FILE-2).
        if error.code == "FeatureNotSupportedForAccount":
            return [], []
        if error.transient or error.status not in (400, 403, 404):
            raise
        reason = f"the account's other file shares could not be listed ({error.code})"
        remedy = "Look there for shares that hold anything, and copy them by hand."
        return [], [Asset(Address(_NAME), UNLISTED, reason=reason, remedy=remedy)]


def _empty(account: str, share: str) -> Asset:
    return Asset(Address.of(_NAME, share), {"files": 0}, reason="it is empty", account=account, empty=True)


async def _share(account: str, share: str, files: Store) -> list[Asset]:
    address = Address.of(_NAME, share)
    place = Location(account, share, service=Service.FILE)
    remedy = f"Copy it from {files.url(place)} with the AzCopy line in by-hand/{address}.yaml."
    try:
        # Its ETag tells a file that was written anew with the same length.
        lines: list[Document] = [
            {"path": one.path, "length": one.length, "etag": one.etag} async for one in files.list(place)
        ]
    except ServiceError as error:
        if absence.of_share(error):
            return []
        if error.status != 403:
            raise
        why = error.key_trouble.says if error.key_trouble else _RIGHT
        reason = f"its files could not be listed ({error.code}): {why}"
        return [Asset(address, _UNLISTED, reason=reason, remedy=remedy, account=account)]
    return [_of_files(account, share, lines, remedy)] if lines else []


def _of_files(account: str, share: str, lines: list[Document], remedy: str) -> Asset:
    size = sum(int(line["length"]) for line in lines)
    document = {"files": len(lines), "bytes": size, "sha256": digest(lines)}
    them, files = agreed(len(lines), "it", "them"), many(len(lines), "file")
    reason = f"{files} with {many(size, 'byte')}, listed in shares-{share}.jsonl: this version cannot move {them}"
    every = Many(tuple(lines))
    return Asset(Address.of(_NAME, share), document, reason=reason, remedy=remedy, many=every, account=account)


KIND = FileShares()
