"""File shares as a store: files are listed, read and hashed; written and deleted as far as the service lets it.

The file service takes no condition on a file and creates over what is there (AZ-FILE-4), and a copy from a URL is
held to no version (AZ-FILE-6). So a copy is refused, and this looks before it writes or deletes.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from azure.storage.fileshare.aio import ShareClient, ShareDirectoryClient, ShareFileClient, ShareServiceClient

from amlmigrate.cloud import absence
from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.calling import Caller, Twice, found_by
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.digests import Digest, Watch
from amlmigrate.cloud.errors import OtherBytesError, ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.fileshapes import DirectoryEntry, entry_of, file_of, settings_of
from amlmigrate.cloud.lists import whole
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.ranges import RANGE, Range, ranges_of
from amlmigrate.cloud.retrying import ready
from amlmigrate.cloud.store import Store, UnsupportedError
from amlmigrate.cloud.transport import SharedTransport, Transport
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import InterruptedRunError
from amlmigrate.core.few import many
from amlmigrate.core.metering import moved
from amlmigrate.core.parallel import each, in_order, never
from amlmigrate.core.workspace import Location, Service

_PARALLEL = 16  # directories listed at once: each is a call of its own, and a share may have thousands
_AHEAD = 4
# Create File takes so much content with it (AZ-FILE-5).
LARGEST_WRITTEN = 4 * 2**20
# As for blobs: bytes as they are stored, or a file of two ranges could not be put together.
_AS_STORED: dict[str, Any] = {"decompress": False}
T = TypeVar("T")
# In the class the name is a method's.
Entries = list[DirectoryEntry]


class Shares:
    """One principal's way to the file shares of every storage account: a `Store`."""

    service = Service.FILE
    # No call of the service takes a condition on a file's version (AZ-FILE-4).
    guarded = False

    def __init__(self, login: Login, credential: Credential, fence: Fence | None = None) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential
        self._transport = Transport(credential, fence)
        self._caller = Caller(Crowd(_PARALLEL))
        # For looks that are made while a call has its turn: none of them waits for such a one.
        self._aside = Caller(Crowd(_PARALLEL))
        self._services: dict[str, ShareServiceClient] = {}

    async def close(self) -> None:
        """Ends the connections."""
        for service in self._services.values():
            await service.close()
        await self._transport.close()

    def url(self, place: Location) -> str:
        """The HTTPS URL of a share or a file, its path encoded."""
        share = self._share(place)
        return str(share.get_file_client(place.path).url if place.path else share.url)

    async def list(self, place: Location) -> AsyncIterator[Blob]:
        """All files whose path begins like the place's, by path; the directories that they lie in are none.

        A length may lag behind while somebody writes by SMB (AZ-FILE-7).
        Raises ServiceError 404 `ShareNotFound`; 403 without a right such as `Storage File Data Privileged Reader`.
        """
        found: Entries = []
        first = place.path.rpartition("/")[0]
        folders = [first]
        while folders:
            read: Entries = []
            await each(folders, partial(self._read, place, read), parallel=_PARALLEL)
            folders = [one.path for one in read if one.folder]
            found += [one for one in read if not one.folder]
        for one in sorted(found, key=lambda entry: entry.path):
            yield one.blob

    async def _read(self, place: Location, read: Entries, folder: str) -> None:
        """Adds what a directory holds, as far as it may lie below the place."""
        for one in await self._entries(place, folder):
            if one.path.startswith(place.path) or place.path.startswith(f"{one.path}/"):
                read.append(one)

    async def _entries(self, place: Location, folder: str) -> Entries:
        directory = self._directory(place, folder)

        async def call() -> Entries:
            items = await whole(directory.list_directories_and_files(include=["Etag"]), directory.url)
            return [entry_of(item, folder) for item in items]

        try:
            return await self._call("GET", directory.url, call)
        except ServiceError as error:
            if folder and absence.of_file(error):
                return []
            raise

    async def head(self, place: Location) -> Blob | None:
        """A file as it stands; None where the service says that it is not there."""
        return await self._head(place, self._caller)

    async def _head(self, place: Location, caller: Caller) -> Blob | None:
        client = self._file(place)
        try:
            return file_of(await caller.call("HEAD", client.url, client.get_file_properties), place.path)
        except ServiceError as error:
            if absence.of_file(error):
                return None
            raise

    async def copy_from(
        self,
        origin: Store,
        source: Location,
        blob: Blob,
        target: Location,
        *,
        replaces: str | None = None,
        check: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> str:
        """Raises UnsupportedError: nothing would hold the copy to the version that was listed."""
        raise UnsupportedError(
            "A file is not copied into a share inside Azure: nothing holds it to the version that was listed.",
            address=self.url(target),
            remedy="Copy it with AzCopy, and compare both sides.",
        )

    async def read(self, place: Location, largest: int, etag: str = "") -> bytes | None:
        """A small file's bytes; None where there is none, or one of more than `largest` bytes.

        With `etag` those of that version alone: raises ServiceError 412 for another.
        """
        client = self._file(place)

        async def call() -> bytes | None:
            stream = await client.download_file(max_concurrency=1, **_AS_STORED)
            _hold(quoted(stream.properties.etag), etag, client.url)
            return None if stream.size > largest else bytes(await stream.readall())

        try:
            return await self._call("GET", client.url, call)
        except ServiceError as error:
            if absence.of_file(error):
                return None
            raise

    async def write(self, blob: Blob, target: Location, data: bytes, *, replaces: str | None = None) -> str:
        """Writes a file, in one call so that it is never there by half; its ETag. See `guarded`.

        What is there is looked at before each attempt, and after one whose answer was lost whether it is this.
        Raises ServiceError 409 or 412 where another one was there a moment before; UnsupportedError for more
        than 4 MiB, and for a tier, tags or an encryption, which no file has.
        """
        url = self.url(target)
        if len(data) > LARGEST_WRITTEN:
            summary = f"A file of more than {LARGEST_WRITTEN} bytes is not written in one call."
            raise UnsupportedError(summary, address=url, remedy="Copy it with AzCopy.")
        if blob.tier or blob.tags or blob.encryption:
            summary = "A file has no tier, no tags and no encryption of its own."
            raise UnsupportedError(summary, address=url, remedy="Copy it to a container instead.")
        await self._look(target, replaces)
        await self._folders(target)
        client, metadata = self._file(target), dict(blob.metadata) or None
        settings = settings_of(blob, data)
        label = base64.b64encode(settings.content_md5 or b"").decode()

        async def call() -> str:
            content: dict[str, Any] = {"data": data} if data else {}
            made = await client.create_file(len(data), content_settings=settings, metadata=metadata, **content)
            return quoted(str(made["etag"]))

        async def written() -> str | None:
            there = await self.head(target)
            same = there is not None and (there.length, there.md5) == (len(data), label)
            return there.etag if there is not None and same and there.etag != replaces else None

        return await self._call("PUT", url, call, found_by(written), partial(self._look, target, replaces))

    async def digest(
        self,
        place: Location,
        blob: Blob,
        watch: Watch | None = None,
        *,
        md5: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64) and length of a file's bytes, read in ranges, each tried again by itself.

        Without `md5` that is ''.

        Raises ServiceError 412 for another version than was listed; InterruptedRunError between two ranges.
        """
        digest, client = Digest(watch, md5=md5), self._file(place)

        async def read(part: Range) -> bytes:
            if stopping():
                raise InterruptedRunError("Stopped before all bytes of a file were read.")
            return await self._call("GET", client.url, partial(_range, client, blob, part))

        async with aclosing(in_order(ranges_of(blob.length, RANGE), read, parallel=_AHEAD)) as parts:
            async for data in parts:
                await asyncio.to_thread(digest.update, data)
                moved(bytes=len(data))
        return digest.result()

    async def delete(self, place: Location, etag: str) -> None:
        """Deletes one file if it was the one that was listed a moment before, else ServiceError 412."""
        client = self._file(place)

        async def listed() -> None:
            if there := await self._head(place, self._aside):
                _hold(there.etag, etag, client.url)

        try:
            await self._call("DELETE", client.url, client.delete_file, first=listed)
        except ServiceError as error:
            if not absence.of_file(error):
                raise

    async def _look(self, target: Location, replaces: str | None) -> None:
        """Raises what the blob service says where another one is there than may be written over."""
        there, url = await self._head(target, self._aside), self.url(target)
        if there is not None and replaces is None:
            raise ServiceError(409, "ResourceAlreadyExists", "a file is there", method="PUT", url=url)
        if replaces is not None:
            _hold(there.etag if there else "", replaces, url)

    async def _folders(self, target: Location) -> None:
        """Makes the directories that a file lies in, from the top: the service makes none by itself."""
        names = target.path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            directory = self._directory(target, "/".join(names[:depth]))
            try:
                await self._call("PUT", directory.url, directory.create_directory)
            except ServiceError as error:
                if (error.status, error.code) != (409, "ResourceAlreadyExists"):
                    raise

    def _account(self, account: str) -> ShareServiceClient:
        if account not in self._services:
            self._services[account] = ShareServiceClient(
                f"https://{account}.file.{self._suffix}",
                credential=self._credential,
                # `backup` reads with the data-plane role alone, whatever the files' own permissions say.
                token_intent="backup",  # noqa: S106 - the way to read, no secret
                transport=SharedTransport(self._transport),
                retry_total=0,
                max_single_get_size=RANGE,
                max_chunk_get_size=RANGE,
                # A name may end in dots, and without them it is another's (learn.microsoft.com, naming files).
                allow_trailing_dot=True,
                user_agent="aml-cmk-migrate",
            )
        return self._services[account]

    def _share(self, place: Location) -> ShareClient:
        return self._account(place.account).get_share_client(place.container)

    def _directory(self, place: Location, folder: str) -> ShareDirectoryClient:
        return self._share(place).get_directory_client(folder)

    def _file(self, place: Location) -> ShareFileClient:
        return self._share(place).get_file_client(place.path)

    async def _call(
        self,
        method: str,
        url: str,
        call: Callable[[], Awaitable[T]],
        twice: Twice[T] | None = None,
        first: Callable[[], Awaitable[object]] = ready,
    ) -> T:
        return await self._caller.call(method, url, call, twice=twice, first=first)


async def _range(client: ShareFileClient, blob: Blob, part: Range) -> bytes:
    """Some bytes of one version of a file. Raises ServiceError 412, OtherBytesError."""
    stream = await client.download_file(part.offset, part.length, max_concurrency=1, **_AS_STORED)
    _hold(quoted(stream.properties.etag), blob.etag, client.url)
    data = bytes(await stream.readall())
    if len(data) != part.length:
        raise OtherBytesError(f"{many(len(data), 'byte')} instead of {part.length}", url=client.url)
    return data


def _hold(found: str, wanted: str, url: str) -> None:
    """Raises what the blob service says of another version than the one that was named."""
    if wanted and found != wanted:
        text = f"the file is of the version {found}" if found else "there is no such file"
        raise ServiceError(412, "ConditionNotMet", text, method="GET", url=url)
