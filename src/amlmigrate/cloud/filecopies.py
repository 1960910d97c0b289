"""Copies a file inside Azure in ranges, holes left out; through this machine where Azure refuses that."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from amlmigrate.cloud import absence
from amlmigrate.cloud import retrying as retry
from amlmigrate.cloud.errors import OtherBytesError, ServiceError
from amlmigrate.cloud.fileaccess import FileAccess
from amlmigrate.cloud.fileplacing import placed
from amlmigrate.cloud.lists import whole
from amlmigrate.cloud.looks import Looks
from amlmigrate.cloud.ranges import Range, ranges_of
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import InterruptedRunError, MigrateError
from amlmigrate.core.few import many
from amlmigrate.core.metering import moved
from amlmigrate.core.parallel import each
from amlmigrate.core.workspace import Location

if TYPE_CHECKING:
    from azure.storage.fileshare import Handle
    from azure.storage.fileshare.aio import ShareFileClient

_log = logging.getLogger(__name__)
# So much at most one call puts (AZ-FILE-6).
PIECE = 4 * 2**20
# A file that is no longer may have holes: they take no room, and to ask for them costs as much as to copy them.
_ASKED_FOR_HOLES = 64 * 2**10
_AT_ONCE = 8
# The clients undo a `Content-Encoding` unless they are told not to (azure-storage-blob 12.31,
# `download_blob(decompress=)`): one piece of several cannot be undone at all, and no copy may rest on that.
AS_STORED: dict[str, Any] = {"decompress": False}
# Answers to a copy inside Azure after which the same bytes are read and written here: whatever refuses one of the
# two then says so itself.
_REFUSED = (400, 401, 403, 404, 409, 501)


@dataclass(slots=True)
class FileCopies:
    """Copies to the shares of one side. `carried`: what was answered where bytes went through this machine.

    It is by the accounts that they come from and go to.
    """

    files: FileAccess
    carried: dict[tuple[str, str], str] = field(default_factory=dict)
    _looks: dict[tuple[str, str], Looks] = field(default_factory=dict)

    async def copy(
        self,
        origin: FileAccess,
        source: Location,
        blob: Blob,
        target: Location,
        *,
        replaces: str | None,
        stopping: Callable[[], bool],
    ) -> str:
        """Copies a file of another side as it was listed, with all that it has; the copy's ETag.

        Nothing ties a range to the version that was listed (AZ-FILE-6): the version is looked at after the last,
        and nothing is in its place before that. Raises ServiceError: 409 or 412 where the target is taken, 412
        `SourceConditionNotMet` where the source changed, 409 `SharingViolation` where somebody has it open for
        writing; InterruptedRunError.
        """
        parts = await _filled(origin, source, blob)

        async def fill(beside: Location) -> Blob:
            put = partial(self._put, origin, source, beside)
            # Most files are one range, and a group of tasks takes longer than its call.
            if len(parts) == 1 and not stopping():
                await put(parts[0])
            elif not await each(parts, put, parallel=_AT_ONCE, stopping=stopping):
                raise InterruptedRunError("Stopped before all ranges of a file were copied.")
            # In this order: of whoever wrote by SMB and closed the file by now, the version tells.
            await self._closed(origin, source)
            return await _listed(origin, source, blob)

        return await placed(self.files, target, blob.length, fill, replaces=replaces)

    async def make_folder(self, target: Location) -> None:
        """Makes a directory and those that it lies in; nothing happens where it is there."""
        await self.files.make_folders(target.at(f"{target.path}/-"))

    async def _put(self, origin: FileAccess, source: Location, beside: Location, part: Range) -> None:
        pair = (source.account, beside.account)
        if pair not in self.carried:
            try:
                await self._inside(origin, source, beside, part)
            except ServiceError as error:
                if error.transient or error.status not in _REFUSED:
                    raise
                await self._through(origin, source, beside, part)
                if pair not in self.carried:
                    _log.warning("Azure does not copy from '%s' to '%s': %s", *pair, error)
                self.carried[pair] = error.code
        else:
            await self._through(origin, source, beside, part)
        moved(bytes=part.length)

    async def _inside(self, origin: FileAccess, source: Location, beside: Location, part: Range) -> None:
        span = f"bytes={part.offset}-{part.offset + part.length - 1}"
        headers = {
            "x-ms-write": "update",
            "x-ms-range": span,
            "x-ms-copy-source": origin.url(source),
            "x-ms-source-range": span,
        }

        async def call() -> None:
            given = {**headers, "x-ms-copy-source-authorization": await origin.authorization()}
            await self.files.put(beside, "?comp=range", given, seconds=retry.copy_seconds(part.length))

        await self.files.call("PUT", self.files.url(beside), call)

    async def _through(self, origin: FileAccess, source: Location, beside: Location, part: Range) -> None:
        reader, client = origin.file(source), self.files.file(beside)

        async def read() -> bytes:
            stream = await reader.download_file(part.offset, part.length, max_concurrency=1, **AS_STORED)
            data = bytes(await stream.readall())
            if len(data) != part.length:
                raise OtherBytesError(f"{many(len(data), 'byte')} instead of {part.length}", url=reader.url)
            return data

        data = await origin.call("GET", reader.url, read)
        await self.files.call("PUT", client.url, partial(client.upload_range, data, part.offset, part.length))

    async def _closed(self, origin: FileAccess, source: Location) -> None:
        """Raises ServiceError 409 where somebody has a file open for writing by SMB.

        One list says that nobody has any file of the share: it begins after this file was copied, and before its
        version is looked at, and serves all that wait for it.
        """
        looks = self._looks.setdefault((source.account, source.container), Looks())
        if not await looks.next(partial(_nobody_writes, origin, source)):
            await _closed(origin, source)


async def _listed(origin: FileAccess, source: Location, blob: Blob) -> Blob:
    """The file with all that no list shows of it. Raises ServiceError where it is another version (AZ-FILE-11)."""
    found = await origin.head(source)
    if found is None or found.etag != blob.etag or found.length != blob.length:
        text = f"the file is of the version {found.etag}" if found else "there is no such file"
        raise ServiceError(412, "SourceConditionNotMet", text, method="HEAD", url=origin.url(source))
    return found


async def _closed(origin: FileAccess, source: Location) -> None:
    """Raises ServiceError 409 where somebody has a file open for writing by SMB.

    What they write changes its version only when they close it (AZ-FILE-11), and a list has them all (AZ-FILE-16).
    """
    client = origin.file(source)
    try:
        found = await origin.call("GET", client.url, partial(_handles, client))
    except ServiceError as error:
        # That it is gone is what its version tells.
        if absence.of_file(error):
            return
        raise
    if writing := [one for one in found if _may_write(one)]:
        handles = many(len(writing), "handle")
        text = f"somebody has the file open for writing ({handles}): it is copied once it is closed"
        raise ServiceError(409, "SharingViolation", text, method="GET", url=client.url)


async def _handles(client: ShareFileClient) -> list[Handle]:
    return await whole(client.list_handles(), client.url, storage=False)


def _may_write(handle: Handle) -> bool:
    """Of one that does not say what it may do nobody knows that it does not write."""
    return not handle.access_rights or "Write" in handle.access_rights


async def _nobody_writes(origin: FileAccess, source: Location) -> bool:
    """Whether nobody has anything of a share open for writing (AZ-FILE-18); False where nobody says."""
    client = origin.directory(source, "")

    async def call() -> list[Handle]:
        return await whole(client.list_handles(recursive=True), client.url, storage=False)

    try:
        return not any(_may_write(one) for one in await origin.call("GET", client.url, call))
    except MigrateError as error:
        _log.info("Who has files of '%s' open is asked for each: %s", source.container, error)
        return False


async def _filled(origin: FileAccess, source: Location, blob: Blob) -> list[Range]:
    """The ranges of a file that hold anything, in pieces that one call takes: the rest is a hole.

    An answer that does not tell the file's length is no list of its ranges: then all of it is copied.
    """
    every = list(ranges_of(blob.length, PIECE))
    if blob.length <= _ASKED_FOR_HOLES:
        return every
    client, lengths = origin.file(source), set[str]()

    def keep(answer: Any) -> None:
        lengths.add(str(answer.http_response.headers.get("x-ms-content-length")))

    async def call() -> list[Range]:
        lengths.clear()
        found = client.list_ranges(raw_response_hook=keep)
        return [Range(one.start, one.end + 1 - one.start) async for one in found]

    found = await origin.call("GET", client.url, call)
    if lengths != {str(blob.length)}:
        return every
    return [Range(one.offset + part.offset, part.length) for one in found for part in ranges_of(one.length, PIECE)]
