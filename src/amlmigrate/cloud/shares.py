"""File shares as a store: files are listed, read, hashed, copied, written and deleted, each of one version.

The file service takes no condition on a file (AZ-FILE-4): how nothing of anybody else's is lost all the same is in
`fileplacing`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

from amlmigrate.cloud import absence, fileplacing
from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.curl import Head
from amlmigrate.cloud.digests import Digest, Watch
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.fileaccess import PARALLEL, FileAccess, hold
from amlmigrate.cloud.filecopies import AS_STORED, FileCopies
from amlmigrate.cloud.fileshapes import file_of, md5_of
from amlmigrate.cloud.hashing import Hashing
from amlmigrate.cloud.ranges import Version
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.cloud.store import Store, UnsupportedError
from amlmigrate.core.asset import FOLDER_ETAG, Blob
from amlmigrate.core.parallel import each, never
from amlmigrate.core.workspace import Location, Service

# One call puts so much (AZ-FILE-6).
LARGEST_WRITTEN = 4 * 2**20
# In the class the name is a method's.
Entries = list[Blob]


class Shares:
    """One principal's way to the file shares of every storage account: a `Store`."""

    service = Service.FILE

    def __init__(self, login: Login, credential: Credential, fence: Fence | None = None) -> None:
        self._files = FileAccess(login, credential, fence)
        self._copies = FileCopies(self._files)
        self._hashing = Hashing(self._files.call)

    async def close(self) -> None:
        """Ends the connections."""
        await self._files.close()

    def url(self, place: Location) -> str:
        """The HTTPS URL of a share or a file, its path encoded."""
        return self._files.url(place)

    def told(self, source: Location, target: Location) -> str:
        """That bytes between two accounts went through this machine, and why; '' where none did."""
        code = self._copies.carried.get((source.account, target.account))
        if not code:
            return ""
        return (
            f"bytes went through this machine: Azure did not let '{target.account}' read the share of"
            f" '{source.account}' ({code})"
        )

    async def list(self, place: Location) -> AsyncIterator[Blob]:
        """All files whose path begins like the place's, by path; the directories that they lie in are none.

        A length may lag behind while somebody writes by SMB (AZ-FILE-7).
        Raises ServiceError 404 `ShareNotFound`; 403 without a right such as `Storage File Data Privileged Reader`.
        """
        for one in (await self.listing(place))[0]:
            if not one.folder:
                yield one

    async def listing(self, place: Location) -> tuple[SortedBlobs, bool]:
        """All files and directories of them, on disk; no file has tags, and so each is known to have none."""
        found = SortedBlobs()
        folders = [place.path.rpartition("/")[0]]
        while folders:
            read: Entries = []
            await each(folders, partial(self._read, place, read), parallel=PARALLEL)
            folders = [one.path for one in read if one.folder]
            listed = (one for one in read if one.path.startswith(place.path))
            found.add(one for one in listed if not fileplacing.is_own(one.path, folder=one.folder))
        found.rising = True
        return found, True

    async def _read(self, place: Location, read: Entries, folder: str) -> None:
        """Adds what a directory holds, as far as it may lie below the place."""
        for one in await self._entries(place, folder):
            below = one.path.startswith(place.path) or place.path.startswith(f"{one.path}/")
            if below:
                read.append(one)

    async def _entries(self, place: Location, folder: str) -> Entries:
        try:
            return await self._files.entries(place.at(folder))
        except ServiceError as error:
            if folder and absence.of_file(error):
                return []
            raise

    async def head(self, place: Location) -> Blob | None:
        """A file as it stands; None where the service says that it is not there."""
        return await self._files.head(place)

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
        """Copies a file of another side as it was listed, holes, times, attributes and all; the copy's ETag.

        Of a directory only that it is there: a file that it may replace goes first. Raises as
        `FileCopies.copy`; UnsupportedError for what is no file. No MD5 label is held to the bytes: the service
        holds none (AZ-FILE-10).
        """
        if not isinstance(origin, Shares):
            raise UnsupportedError("Only files are copied to shares.", address=origin.url(source))
        if blob.folder:
            if replaces is not None:
                await fileplacing.delete(self._files, target, replaces)
            await self._copies.make_folder(target)
            return FOLDER_ETAG
        return await self._copies.copy(origin._files, source, blob, target, replaces=replaces, stopping=stopping)

    async def read(self, place: Location, largest: int, etag: str = "") -> bytes | None:
        """A small file's bytes; None where there is none, or one of more than `largest` bytes.

        With `etag` those of that version alone: raises ServiceError 412 for another.
        """
        client = self._files.file(place)

        async def call() -> bytes | None:
            stream = await client.download_file(max_concurrency=1, **AS_STORED)
            hold(quoted(stream.properties.etag), etag, client.url)
            return None if stream.size > largest else bytes(await stream.readall())

        try:
            return await self._files.call("GET", client.url, call)
        except ServiceError as error:
            if absence.of_file(error):
                return None
            raise

    async def write(self, blob: Blob, target: Location, data: bytes, *, replaces: str | None = None) -> str:
        """Writes a file, which is there whole or not at all; its ETag.

        Raises ServiceError 409 or 412 where another one is there; UnsupportedError for more than 4 MiB, and for a
        tier, tags or an encryption, which no file has.
        """
        url = self.url(target)
        if len(data) > LARGEST_WRITTEN:
            summary = f"A file of more than {LARGEST_WRITTEN} bytes is not written in one call."
            raise UnsupportedError(summary, address=url, remedy="Copy it with AzCopy.")
        if blob.tier or blob.tags or blob.encryption:
            summary = "A file has no tier, no tags and no encryption of its own."
            raise UnsupportedError(summary, address=url, remedy="Copy it to a container instead.")

        async def fill(beside: Location) -> Blob:
            client = self._files.file(beside)
            if data:
                await self._files.call("PUT", client.url, partial(client.upload_range, data, 0, len(data)))
            return replace(blob, md5=md5_of(data))

        return await fileplacing.placed(self._files, target, len(data), fill, replaces=replaces)

    async def digest(
        self,
        place: Location,
        blob: Blob,
        watch: Watch | None = None,
        *,
        md5: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64) and length of a file's bytes; without `md5` that is ''.

        Raises ServiceError 412 for another version than was listed; InterruptedRunError between two ranges.
        """
        return (await self.digest_shown(place, blob, watch, md5=md5, stopping=stopping))[0]

    async def digest_shown(
        self,
        place: Location,
        blob: Blob,
        watch: Watch | None = None,
        *,
        md5: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> tuple[tuple[str, str, int], Blob]:
        """The same, and the file with all that no list shows of it. Raises ServiceError 412 where it changed."""
        version, shown = Version(self.url(place), blob.etag, blob.length, pinned=False), list[Blob]()

        def seen(head: Head) -> None:
            shown[:] = [file_of(place.path, head.headers)]

        found = await self._hashing.digest(
            self._files.raw, version, partial(Digest, watch, md5=md5), stopping, seen
        )
        # What came in several answers, or in none, may have changed since the first.
        return found, shown[0] if shown else await self._still(place, blob)

    async def _still(self, place: Location, blob: Blob) -> Blob:
        """A file that is the version that was listed. Raises ServiceError 412."""
        found = await self.head(place)
        if found is None or found.etag != blob.etag:
            text = "the file was written, or taken away, while it was read"
            raise ServiceError(412, "ConditionNotMet", text, method="HEAD", url=self.url(place))
        return found

    async def delete(self, place: Location, etag: str) -> None:
        """Deletes one file if it is the version that was listed, else raises ServiceError 412."""
        await fileplacing.delete(self._files, place, etag)

    async def dress(self, origin: Store, source: Location, target: Location) -> None:
        """Gives a directory the attributes, times and metadata of one of another side.

        Nothing happens where either is gone: whoever compares both sides tells of that.
        """
        if isinstance(origin, Shares) and (own := await origin._files.folder(source)):
            await self._files.dress(target, own)

    async def tidy(self, place: Location) -> None:
        """Takes away what attempts that were cut off left beside the files of a share."""
        await fileplacing.tidy(self._files, place)
