"""Blob storage: listing, copying server-side, hashing. One call a method, paced and retried."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

from azure.core import MatchConditions
from azure.storage.blob import StandardBlobTier
from azure.storage.blob.aio import BlobClient, BlobServiceClient, ContainerClient

from amlmigrate.cloud import absence
from amlmigrate.cloud import retrying as retry
from amlmigrate.cloud.bloblists import Reader, quoted
from amlmigrate.cloud.blobshapes import StoredBytes, blob_of, condition_of, holds_of, settings_of
from amlmigrate.cloud.blockcopies import BLOCK, BlockCopy
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import STORAGE_SCOPE, Credential, Login
from amlmigrate.cloud.digests import Digest, Watch
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.filecopies import AS_STORED
from amlmigrate.cloud.hashing import Hashing
from amlmigrate.cloud.lists import whole
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.ranges import RANGE, Version
from amlmigrate.cloud.retrying import ready
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.cloud.storage import BlobAccess
from amlmigrate.cloud.store import Store, UnsupportedError
from amlmigrate.cloud.transport import PLAIN, SharedTransport, Transport
from amlmigrate.cloud.unreadable import refuse
from amlmigrate.core.asset import Blob, Past
from amlmigrate.core.limits import LARGEST_SINGLE
from amlmigrate.core.metering import moved
from amlmigrate.core.parallel import never
from amlmigrate.core.workspace import Location, Service

_BLOCKS_AT_ONCE = 8
# Written in pieces of this size: aiohttp sends a longer one without letting anybody else have a turn.
_PIECE = 2**20


class Blobs:
    """One principal's way to the blobs of every storage account, all over one pool of connections: a `Store`."""

    service = Service.BLOB

    def __init__(
        self, login: Login, credential: Credential, fence: Fence | None = None, *, parallel: int = 32
    ) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential
        self.crowd = Crowd(parallel)
        self._call = Caller(self.crowd).call
        self._transport = Transport(credential, fence)
        self._services: dict[str, BlobServiceClient] = {}
        self._hashing = Hashing(self._call)
        self._raw = BlobAccess(credential, SharedTransport(self._transport), self._suffix)

    async def close(self) -> None:
        """Ends the connections."""
        for service in self._services.values():
            await service.close()
        self._raw.close()
        await self._transport.close()

    def url(self, place: Location) -> str:
        """The HTTPS URL of a blob, its path encoded."""
        return self._raw.url(place)

    async def list(self, place: Location) -> AsyncIterator[Blob]:
        """All blobs below a prefix in the order of their names, with their tags where these could be read.

        Raises ServiceError 404 `ContainerNotFound`.
        """
        found, _ = await self.listing(place)
        for blob in found:
            yield blob

    async def listing(self, place: Location) -> tuple[SortedBlobs, bool]:
        """All blobs below a prefix in the order of their names, on disk, and whether their tags could be read.

        Tags need a right of their own (`…/blobs/tags/read`), and an account with a hierarchical namespace has none
        and calls a question for them wrong (AZ-BLOB-5): the rest is
        then listed and said to be without tags, unless each shows that it can have none.
        Raises ServiceError 404 `ContainerNotFound`.
        """
        found, tagged, _ = await self._listed(place, past=False)
        return found, tagged

    async def listing_with_past(self, place: Location) -> tuple[SortedBlobs, bool, Past]:
        """The same, and what there is beside them: in the same calls."""
        try:
            return await self._listed(place, past=True)
        except ServiceError as error:
            # Inferred (AZ-BLOB-6): an account that knows no versions may refuse so.
            if error.status != 400:
                raise
        return await self._listed(place, past=False)

    async def _listed(self, place: Location, *, past: bool) -> tuple[SortedBlobs, bool, Past]:
        url = self._raw.url(Location(place.account, place.container))
        reader = Reader(tagged=True, past=past, url=url)
        try:
            return await self._pages(place, reader), True, reader.past
        except ServiceError as error:
            if error.status not in (400, 403):
                raise
        reader = Reader(tagged=False, past=past, url=url)
        found = await self._pages(place, reader)
        return found, reader.tags_known, reader.past

    async def _pages(self, place: Location, reader: Reader) -> SortedBlobs:
        container = self._raw.url(Location(place.account, place.container))
        found = SortedBlobs()
        while True:
            url = f"{container}?{reader.query(place.path)}"
            page, _ = await self._call("GET", container, partial(self._raw.call, "GET", url, {}))
            found.add(reader.page(page))
            if not reader.marker:
                found.drop_filled(reader.directories)
                return found

    async def head(self, place: Location) -> Blob | None:
        """A blob as it stands, without its tags; None where the service says that it is not there."""
        client = self._blob(place)
        try:
            return blob_of(await self._call("HEAD", client.url, client.get_blob_properties), tagged=False)
        except ServiceError as error:
            if absence.of_blob(error):
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
        """Has the service copy one blob of another side, pinned to the version that was listed; the copy's ETag.

        `replaces` is the ETag of a blob that may be overwritten; without it nothing is. Metadata, tags, tier
        and content headers go along. Raises ServiceError: 409 or 412 where the target is taken or the source
        changed, 400 `Md5Mismatch` where the bytes are not what their label says. A long one is copied in blocks:
        raises InterruptedRunError between them once `stopping` says so, and goes on from there another time.
        Raises UnreadableError for one whose bytes nobody gets; UnsupportedError for what is no blob.
        """
        url = origin.url(source)
        if not isinstance(origin, Blobs):
            raise UnsupportedError("Only blobs are copied to blobs.", address=url)
        refuse(blob, url)
        try:
            if blob.length <= LARGEST_SINGLE:
                etag = await self._copy_whole(origin, source, blob, target, replaces, check=check)
                moved(bytes=blob.length)
                return etag
            blocks = BlockCopy(self._call, self._blob(target), url, origin.authorization, blob, replaces, BLOCK)
            return await blocks.made(stopping)
        except ServiceError as error:
            # Of a source in the archive the service says that somebody changed it (azure-storage-azcopy#1663).
            if (error.status, error.code) == (409, "CannotVerifyCopySource") and (
                now := await origin.head(source)
            ):
                refuse(now, url)
            raise

    async def _copy_whole(
        self, origin: Blobs, source: Location, blob: Blob, target: Location, replaces: str | None, *, check: bool
    ) -> str:
        url = self._raw.url(target)
        headers = {
            "x-ms-blob-type": "BlockBlob",
            "x-ms-copy-source": origin.url(source),
            "x-ms-copy-source-blob-properties": "true",
            "x-ms-source-if-match": blob.etag,  # AZ-BLOB-21
            "Content-Length": "0",
            **({"If-Match": replaces} if replaces else {"If-None-Match": "*"}),
            **{f"x-ms-meta-{name}": value for name, value in blob.metadata},
        }
        if blob.md5 and check:
            headers["x-ms-source-content-md5"] = blob.md5
        # Of the headers the page names all but this one as carried over (Learn, Put Blob From URL).
        if language := dict(blob.headers).get("content_language"):
            headers["x-ms-blob-content-language"] = language
        if blob.tier:
            headers["x-ms-access-tier"] = blob.tier
        if blob.tags:
            pairs = (f"{quote(name, safe='.-')}={quote(value, safe='.-')}" for name, value in blob.tags)
            headers["x-ms-tags"] = "&".join(pairs)

        async def call() -> str:
            headers["x-ms-copy-source-authorization"] = await origin.authorization()
            return quoted((await self._raw.call("PUT", url, headers, seconds=retry.copy_seconds(blob.length)))[1])

        return await self._call("PUT", url, call)

    async def read(self, place: Location, largest: int, etag: str = "") -> bytes | None:
        """A small blob's bytes as they are stored; None where there is none, or one of more than `largest` bytes.

        With `etag` those of that version alone: raises ServiceError 412 for another.
        """
        found = await self.fetch(place, largest, etag)
        return found.data if found else None

    async def fetch(self, place: Location, largest: int, etag: str = "") -> StoredBytes | None:
        """The same with what the blob says of its bytes, and only that where they are too many."""
        client = self._blob(place)
        pinned: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}

        async def call() -> StoredBytes:
            stream = await client.download_blob(max_concurrency=1, **AS_STORED, **pinned)
            encoding = stream.properties.content_settings.content_encoding or ""
            return StoredBytes(None if stream.size > largest else await stream.readall(), encoding, stream.size)

        try:
            return await self._call("GET", client.url, call)
        except ServiceError as error:
            if absence.of_blob(error):
                return None
            raise

    async def write(self, blob: Blob, target: Location, data: bytes, *, replaces: str | None = None) -> str:
        """Writes a blob with the metadata, tags, tier and content headers of `blob`; its new ETag."""
        client = self._blob(target)
        settings = settings_of(blob)
        # Of what is put in blocks the service makes no label.
        settings.content_md5 = bytearray(hashlib.md5(data, usedforsecurity=False).digest())

        async def call() -> Any:
            return await client.upload_blob(
                data,
                overwrite=replaces is not None,
                content_settings=settings,
                metadata=dict(blob.metadata) or None,
                tags=dict(blob.tags or ()) or None,
                standard_blob_tier=StandardBlobTier(blob.tier) if blob.tier else None,
                max_concurrency=_BLOCKS_AT_ONCE,
                **condition_of(replaces),
            )

        return quoted((await self._call("PUT", client.url, call))["etag"])

    async def digest(
        self,
        place: Location,
        blob: Blob,
        watch: Watch | None = None,
        *,
        md5: bool = True,
        stopping: Callable[[], bool] = never,
    ) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64) and length of a blob's bytes as they are stored, read once and kept nowhere.

        Without `md5` that is ''. `watch` is asked at the beginning of each attempt for whom to give the bytes to,
        in their order. A long blob is read in ranges, each tried again by itself: raises InterruptedRunError
        between them once `stopping` says so. Raises ServiceError 412 for another version than was listed.
        """
        version = Version(self._raw.url(place), blob.etag, blob.length)
        return await self._hashing.digest(self._raw, version, partial(Digest, watch, md5=md5), stopping)

    async def delete(self, place: Location, etag: str) -> None:
        """Deletes one blob if it still is the one that was listed; nothing happens where there is none.

        Raises ServiceError 412 for another version.
        """
        client = self._blob(place)
        condition: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            await self._call("DELETE", client.url, partial(client.delete_blob, **condition))
        except ServiceError as error:
            # Inferred (AZ-BLOB-20): of one that is gone, as after a lost answer, the service may say either.
            unmet = (error.status, error.code) == (412, "ConditionNotMet")
            if not absence.of_blob(error) and not (unmet and await self.head(place) is None):
                raise

    async def set_tier(self, place: Location, tier: str) -> None:
        """Sets a blob's tier; its ETag stays (learn.microsoft.com, set-blob-tier)."""
        client = self._blob(place)
        await self._call("PUT", client.url, partial(client.set_standard_blob_tier, StandardBlobTier(tier)))

    async def set_tags(self, place: Location, tags: Iterable[tuple[str, str]]) -> None:
        """Sets all of a blob's index tags; its ETag stays (learn.microsoft.com, set-blob-tags)."""
        client = self._blob(place)
        await self._call("PUT", client.url, partial(client.set_blob_tags, dict(tags)))

    async def containers(self, account: str) -> dict[str, tuple[str, ...]]:
        """The names of an account's containers, each with what keeps its blobs from being changed."""
        service = self._service(account)

        async def call() -> dict[str, tuple[str, ...]]:
            return {item.name: holds_of(item) for item in await whole(service.list_containers(), service.url)}

        return await self._call("GET", service.url, call)

    async def access_policies(self, place: Location) -> dict[str, str]:
        """The stored access policies of a container: by name, what each allows and until when, as text.

        Raises ServiceError: 404 `ContainerNotFound`. With a token the service has refused the call altogether,
        with 403 or 404 `ResourceNotFound` (Azure/azure-rest-api-specs#21347, Azure/azure-storage-net#936).
        """
        client = self._container(place)
        found = await self._call("GET", f"{client.url}?comp=acl", client.get_container_access_policy)
        policies = {one.id: one.access_policy for one in found["signed_identifiers"] or ()}
        return {name: f"{one.permission or ''} until {one.expiry or ''}" for name, one in policies.items() if one}

    async def delete_container(self, place: Location, first: Callable[[], Awaitable[object]] = ready) -> None:
        """Deletes a container with all it holds; nothing happens when it is not there.

        `first` is awaited right before each attempt; what it raises ends the call.
        """
        client = self._container(place)
        try:
            await self._call("DELETE", client.url, client.delete_container, first=first)
        except ServiceError as error:
            if not absence.of_container(error):
                raise

    async def authorization(self) -> str:
        """What another account shows to read from this side's: a bearer token of this side's sign-in."""
        return f"Bearer {(await self._credential.get_token(STORAGE_SCOPE)).token}"

    def _service(self, account: str) -> BlobServiceClient:
        if account not in self._services:
            self._services[account] = BlobServiceClient(
                f"https://{account}.blob.{self._suffix}",
                credential=self._credential,
                transport=SharedTransport(self._transport),
                max_single_get_size=RANGE,
                max_chunk_get_size=RANGE,
                max_single_put_size=_PIECE,
                max_block_size=_PIECE,
                **PLAIN,
            )
        return self._services[account]

    def _container(self, place: Location) -> ContainerClient:
        return self._service(place.account).get_container_client(place.container)

    def _blob(self, place: Location) -> BlobClient:
        return self._service(place.account).get_blob_client(place.container, place.path)
