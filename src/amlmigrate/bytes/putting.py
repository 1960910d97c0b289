"""Brings one blob to its place in the target: nothing overwritten that the tool did not write, nothing half."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from amlmigrate.bytes.contents import LARGEST, as_written, rewritten
from amlmigrate.bytes.jsonfiles import LARGEST as JSON_LARGEST
from amlmigrate.bytes.jsonfiles import written_anew
from amlmigrate.bytes.listings import Listing, unlike
from amlmigrate.bytes.work import Copy, changed
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.anew import AnewFile
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import DriftError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import never
from amlmigrate.core.prior import Copied, Labels
from amlmigrate.core.workspace import Location

_LARGE_AT_ONCE = 2
_TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"})


class TakenError(Exception):
    """The target has another blob of this name; its text says why it is another."""


class Putter:
    """Copies, writes and relabels single blobs."""

    def __init__(
        self, source: Blobs, target: Blobs, mapping: Mapping, *, stopping: Callable[[], bool] = never
    ) -> None:
        """Once `stopping` says so, a long blob is left at the end of its block: InterruptedRunError."""
        self._stopping = stopping
        self._source = source
        self._target = target
        self._mapping = mapping
        # Each takes several times its length while it is read as JSON.
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def expected(self, work: Copy, blob: Blob) -> Blob:
        """The blob that the target shall have: another one where the plan rewrites lines of it."""
        if file := work.whole.get(blob.path):
            return replace(blob, length=file.length, md5=file.md5)
        if blob.path not in work.texts:
            return blob
        data = await self._read(work.source(blob), blob)
        try:
            text = rewritten((data or b"").decode(), work.texts[blob.path])
        except ValueError as error:
            raise DriftError(
                f"A file that the plan rewrites has changed: {error}.",
                address=blob.path,
                remedy="Make a new plan: it will hold just the difference.",
            ) from error
        work.data[blob.path] = text.encode()
        return as_written(blob, work.data[blob.path])

    async def put(self, work: Copy, there: Listing, blob: Blob) -> None:
        """Brings a blob to the target where there is none, or the tool's own. Raises TakenError, DriftError."""
        source, target = work.source(blob), work.target(blob)
        twin = there.blobs.get(target.path)
        try:
            etag = await self._put(work, source, blob, target, twin.etag if twin else None)
        except ServiceError as error:
            etag = await self._settle(error, source, blob, target)
            if not error.doubtful and target.path not in work.asked_before:
                # Somebody else was faster: theirs is equal, and stays theirs.
                return
        await work.record.arrived(target.path, Copied(blob.etag, etag, Labels.of(blob)))

    async def relabel(self, work: Copy, there: Listing, blob: Blob) -> None:
        """Gives a copy of the tool's own the tier and the tags of its source. Raises TakenError."""
        target = work.target(blob)
        twin = there.blobs[target.path]
        # Neither call takes an ETag as its condition (learn.microsoft.com, set-blob-tier and set-blob-tags).
        now = await self._target.head(target)
        if now is None or now.etag != twin.etag or now.tier != twin.tier:
            raise TakenError("written by somebody else while its tier or tags were to be set")
        if blob.tags is not None and blob.tags != twin.tags:
            await self._target.set_tags(target, blob.tags)
        if blob.tier and blob.tier != twin.tier:
            await self._target.set_tier(target, blob.tier)
        await work.record.arrived(target.path, Copied(blob.etag, twin.etag, Labels.of(blob)))

    async def same(self, work: Copy, there: Listing, blob: Blob) -> None:
        """Raises TakenError unless both blobs hold the same bytes."""
        target = work.target(blob)
        if not await self._alike(work.source(blob), blob, target, there.blobs[target.path]):
            raise TakenError("of other bytes, and not written by this tool")

    async def _alike(self, source: Location, blob: Blob, target: Location, twin: Blob) -> bool:
        """Whether both have the same bytes: each is read."""
        ours = await self._source.digest(source, blob, stopping=self._stopping)
        return ours == await self._target.digest(target, twin, stopping=self._stopping)

    async def _read(self, place: Location, blob: Blob, largest: int = LARGEST) -> bytes | None:
        try:
            return await self._source.read(place, largest, blob.etag)
        except ServiceError as error:
            if error.status != 412:
                raise
            raise changed(blob) from error

    async def _put(self, work: Copy, source: Location, blob: Blob, target: Location, replaces: str | None) -> str:
        """The ETag of the new blob."""
        if file := work.whole.get(blob.path):
            async with self._large:
                data = await self._anew(source, blob, file)
                return await self._target.write(blob, target, data, replaces=replaces)
        if blob.path in work.data:
            return await self._target.write(blob, target, work.data[blob.path], replaces=replaces)
        copy = partial(
            self._target.copy_from, self._source, source, blob, target, replaces=replaces, stopping=self._stopping
        )
        try:
            return await copy()
        except ServiceError as error:
            if error.code != "Md5Mismatch":
                raise
            # The label in the source is false: the bytes are what counts, and the label is kept as it is.
            work.false_labels.append(blob.path)
            return await copy(check=False)

    async def _anew(self, source: Location, blob: Blob, file: AnewFile) -> bytes:
        """A file as it has to be in the target. Raises DriftError where it is not what was planned."""
        found = await self._read(source, blob, JSON_LARGEST) or b""
        if hashlib.sha256(found).hexdigest() != file.sha256:
            raise changed(blob)
        made = await asyncio.to_thread(written_anew, file.path, found, self._mapping)
        if hashlib.sha256(made).hexdigest() != file.to_sha256:
            raise DriftError(
                "A file would be written anew in another way than was planned.",
                address=blob.path,
                remedy="A datastore or an account of either side has changed since: make a new plan.",
            )
        return made

    async def _settle(self, error: ServiceError, source: Location, blob: Blob, target: Location) -> str:
        """A target that is taken is settled by reading it: a lost answer leaves a copy behind. Its ETag."""
        if error.status not in (409, 412) or error.code not in _TAKEN:
            gone = error.status == 404 and await self._source.head(source) is None
            if gone or error.code == "SourceConditionNotMet":
                raise changed(blob) from error
            raise error
        twin = await self._target.head(target)
        other = twin is None or bool(set(unlike(blob, twin)) - {"tags"})
        if twin and not other and blob.length and None in (blob.md5, twin.md5):
            other = not await self._alike(source, blob, target, twin)
        if twin is None or other:
            raise TakenError("another one than the source's, or taken away while it was copied") from error
        return twin.etag
