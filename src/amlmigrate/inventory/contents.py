"""Reads, for planning, the few small files among an inventory's bytes that name other places."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from amlmigrate.bytes.contents import LARGEST, encoded
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import each
from amlmigrate.core.reference import references
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import all_kinds

_PARALLEL = 16


async def read_contents(inventory: Inventory, blobs: Blobs) -> None:
    """Adds them to their assets, wherever they lie: in the workspace's own containers or in anybody else's.

    One that names some places but cannot be written anew as text is an error of the inventory, as is one that
    is too large to be read: it would go on naming the source, and nobody would know. One of somebody else's
    that may not be read is a warning.
    """
    reader = _Reader(inventory, blobs, Mapping(inventory.workspace, inventory.workspace))
    await each(list(inventory.assets.values()), reader.read, parallel=_PARALLEL)


@dataclass(slots=True)
class _Reader:
    inventory: Inventory
    blobs: Blobs
    own: Mapping
    # Accounts that gave no answer: each is waited for once, not once for each asset in it.
    silent: dict[str, MigrateError] = field(default_factory=dict)

    async def read(self, asset: Asset) -> None:
        """Reads the files of one asset."""
        kind = all_kinds()[asset.address.kind]
        texts: list[tuple[Location, str]] = []
        for name in kind.content_files(asset):
            for place in {found for ref in kind.references(asset) if (found := self.own.locate(ref))}:
                file = Location(place.account, place.container, place.path.rstrip("/")).below(name)
                text = await self._file(asset, file)
                if text is not None:
                    texts.append((file, text))
        if texts:
            self.inventory.assets[asset.address] = replace(asset, contents=tuple(texts))

    async def _file(self, asset: Asset, file: Location) -> str | None:
        if self.own.place(file) is not None:
            return await self._text(asset, file)
        try:
            if known := self.silent.get(file.account):
                raise known
            return await self._text(asset, file)
        except (ServiceError, OutOfReachError) as error:
            if isinstance(error, OutOfReachError):
                self.silent[file.account] = error
            self.inventory.findings.append(_not_read(asset, file, error))
            return None

    async def _text(self, asset: Asset, file: Location) -> str | None:
        try:
            found = await self.blobs.fetch(file, LARGEST)
        except ServiceError as error:
            if error.code != "BlobArchived":
                raise
            self.inventory.findings.append(_archived(asset, file))
            return None
        if found is None:
            return None
        if encoded(found.encoding):
            self.inventory.findings.append(_encoded(asset, file, found.encoding))
            return None
        text = _decoded(found.data)
        if text is None and (found.data is None or _names_places(found.data)):
            self.inventory.findings.append(_unread(asset, file))
        return text


def _decoded(data: bytes | None) -> str | None:
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
        code="file-archived",
    )


def _encoded(asset: Asset, file: Location, encoding: str) -> Finding:
    return Finding(
        "blocks",
        str(asset.address),
        f"'{file.container}/{file.path}' may name places of the old workspace, but is stored under the"
        f" Content-Encoding '{encoding}': it is copied as it is, and nothing in it is rewritten.",
        "Store it in the source without that encoding and plan anew, or write the target's by hand.",
        code="file-encoded",
    )


def _unread(asset: Asset, file: Location) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"'{file.container}/{file.path}' may name places of the old workspace, but is no text in UTF-8 of up to"
        f" {LARGEST // 2**20} MiB.",
        "Write it anew as UTF-8 in the source, or leave the asset out with --exclude.",
        code="file-not-text",
    )


def _not_read(asset: Asset, file: Location, error: MigrateError) -> Finding:
    return Finding(
        "blocks",
        str(asset.address),
        f"'{file.container}/{file.path}' in the account '{file.account}' may name places of the old workspace, and"
        f" could not be read: {error.summary}",
        "Read it by hand, or let the identity read that account and plan anew.",
        code="file-unread",
    )
