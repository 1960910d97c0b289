"""Copies a blob inside Azure in blocks, and goes on from those that an earlier attempt put."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from azure.storage.blob import BlobBlock, StandardBlobTier
from azure.storage.blob.aio import BlobClient

from amlmigrate.cloud import absence
from amlmigrate.cloud import retrying as retry
from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.blobshapes import condition_of, settings_of
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, InterruptedRunError
from amlmigrate.core.limits import LARGEST_BLOCK, MOST_BLOCKS
from amlmigrate.core.metering import moved
from amlmigrate.core.parallel import each

# Small enough to be over soon when it is to stop, large enough that the calls do not count.
BLOCK = 256 * 2**20
_AT_ONCE = 8
_TAKEN = (409, 412)
Call = Callable[[str, str, Callable[[], Awaitable[Any]]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its id, and the bytes of the source that it has."""

    id: str
    offset: int
    length: int


def blocks_of(
    url: str,
    etag: str,
    length: int,
    *,
    size: int = BLOCK,
    most: int = MOST_BLOCKS,
    largest: int = LARGEST_BLOCK,
) -> list[Block]:
    """The blocks that a blob of `length` bytes is put in, of `size` bytes each or, to be few enough, of more.

    An id is that of the source's URL, its version, its length and the size of the blocks: whatever has it has
    these very bytes, and the blob is there with the list of its blocks alone (AZ-BLOB-24). All ids of a blob have
    one length, as they must, of up to 64 bytes (learn.microsoft.com: put-block-from-url, `blockid`). Raises
    ValueError for a blob that no list of blocks makes.
    """
    size = max(size, -(-length // most))
    if size > largest:
        raise ValueError(f"{length} bytes are more than {most} blocks of {largest}")
    name = hashlib.sha256(f"{url}\n{etag}\n{length}\n{size}".encode()).hexdigest()[:24]
    offsets = enumerate(range(0, length, size))
    return [Block(f"{name}{number:08d}", offset, min(size, length - offset)) for number, offset in offsets]


@dataclass(frozen=True, slots=True)
class BlockCopy:
    """One blob's copy. `call` makes a call, paced and retried; `authorization` is what opens the source.

    `replaces` is the ETag of the blob that may be overwritten; without it nothing is.
    """

    call: Call
    client: BlobClient
    url: str
    authorization: Callable[[], Awaitable[str]]
    blob: Blob
    replaces: str | None
    size: int = BLOCK

    async def made(self, stopping: Callable[[], bool]) -> str:
        """Puts the blocks that are missing and makes the blob of them; its ETag.

        Raises ServiceError; InterruptedRunError where `stopping` says so before all are there: a later one goes on
        from these, for as long as the service keeps them, which is a week (put-block-list, "Remarks").
        """
        blocks = blocks_of(self.url, self.blob.etag, self.blob.length, size=self.size)
        there = await self._there("uncommitted")
        self._refuse_others(blocks[0], there)
        missing = [block for block in blocks if there.get(block.id) != block.length]
        if not await each(missing, self._stage, parallel=_AT_ONCE, stopping=stopping):
            raise InterruptedRunError("Stopped before all blocks of a blob were copied.")
        return await self._committed(blocks)

    async def _there(self, which: str) -> dict[str, int]:
        """The blocks of the target, by id with their length; none where there is no such blob."""
        try:
            committed, not_yet = await self.call(
                "GET", self.client.url, partial(self.client.get_block_list, which)
            )
        except ServiceError as error:
            if absence.of_blob(error):
                return {}
            raise
        return {block.id: block.size for block in (committed if which == "committed" else not_yet)}

    def _refuse_others(self, ours: Block, there: dict[str, int]) -> None:
        """Beside ids of another length ours would be refused, with 400 `InvalidBlobOrBlock`."""
        if any(len(id_) != len(ours.id) for id_ in there):
            raise ConflictError(
                "The target has blocks under this name that are not yet part of a blob, and that this"
                " version did not put.",
                address=self.client.url,
                remedy="Have whoever uploads there end it, or wait for the week after which Azure drops such"
                " blocks; then continue with `migrate run --resume`.",
            )

    async def _stage(self, block: Block) -> None:
        async def put() -> Any:
            return await self.client.stage_block_from_url(
                block.id,
                self.url,
                source_offset=block.offset,
                source_length=block.length,
                source_authorization=await self.authorization(),
                headers={"x-ms-source-if-match": self.blob.etag},  # AZ-BLOB-21
                read_timeout=retry.copy_seconds(block.length),
            )

        await self.call("PUT", self.client.url, put)
        moved(bytes=block.length)

    async def _committed(self, blocks: list[Block]) -> str:
        blob = self.blob
        settings = settings_of(blob)
        settings.content_md5 = bytearray(base64.b64decode(blob.md5)) if blob.md5 else None

        async def commit() -> Any:
            return await self.client.commit_block_list(
                [BlobBlock(block.id) for block in blocks],
                content_settings=settings,
                metadata=dict(blob.metadata) or None,
                tags=dict(blob.tags or ()) or None,
                standard_blob_tier=StandardBlobTier(blob.tier) if blob.tier else None,
                **condition_of(self.replaces),
            )

        try:
            return quoted((await self.call("PUT", self.client.url, commit))["etag"])
        except ServiceError as error:
            if error.doubtful and error.status in _TAKEN and (etag := await self._done_before(blocks)):
                return etag
            raise

    async def _done_before(self, blocks: list[Block]) -> str:
        """The ETag of the blob that an attempt without an answer made; '' where it is another.

        Its ids say so: to read both sides of so long a blob instead may take days.
        """
        found = await self.call("HEAD", self.client.url, self.client.get_blob_properties)
        if await self._there("committed") == {block.id: block.length for block in blocks}:
            return quoted(str(found.etag))
        return ""
