"""The blob that a lease is on: taking, renewing and releasing the lease, and what the blob says.

AZ-BLOB-1: it lasts 15 to 60 s; who asks again with the id that they have gets it, also of one that has run out,
while nobody else has taken it; writing to the blob needs the id as long as it is leased. The right is that to
write the blob.
Inferred (AZ-BLOB-2): neither ETag nor Last-Modified change with a lease. Inferred (AZ-BLOB-3): accounts with a
hierarchical namespace take leases of blobs in the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobClient, BlobLeaseClient

from amlmigrate.cloud import absence
from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.translating import translated
from amlmigrate.cloud.transport import PLAIN, SharedTransport, Transport
from amlmigrate.core.lease import SECONDS, Holder, LeaseState
from amlmigrate.core.workspace import Location

# A renewal that is not answered in that time is asked for again.
_SHORT = 8.0
_PLACES = 64
_ENDLESS = "infinite"
_FREE = frozenset({"available", "expired", "broken", ""})
T = TypeVar("T")


class Leases:
    """One principal's way to such blobs, over connections of its own: a renewal waits for nobody.

    Each method is one call. All raise ServiceError and OutOfReachError.
    """

    def __init__(self, login: Login, credential: Credential) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential
        self._transport = Transport(credential)
        # So many at once that none waits for another.
        self._caller = Caller(Crowd(_PLACES))
        self._clients: dict[Location, BlobClient] = {}

    async def close(self) -> None:
        """Ends the connections."""
        for client in self._clients.values():
            await client.close()
        await self._transport.close()

    def url(self, place: Location) -> str:
        """The blob's address."""
        return str(self._client(place).url)

    async def state(self, place: Location) -> LeaseState:
        """How the lease stands; where the service says that there is no blob, or no container, nobody has it."""
        client = self._client(place)
        try:
            found = await self._call("HEAD", client, client.get_blob_properties)
        except ServiceError as error:
            if not absence.of_blob(error):
                raise
            return LeaseState(held=False)
        return _state(found)

    async def create(self, place: Location, metadata: dict[str, str]) -> None:
        """Makes the blob, empty, unless it is there already."""
        client = self._client(place)

        async def call() -> Any:
            return await client.upload_blob(b"", overwrite=False, metadata=metadata)

        try:
            await self._call("PUT", client, call)
        except ServiceError as error:
            # 412 where it is there and leased.
            if error.status not in (409, 412) or error.code not in ("BlobAlreadyExists", "LeaseIdMissing"):
                raise

    async def acquire(self, place: Location, id_: str, sent: Callable[[], object]) -> None:
        """Takes the lease under that id; `sent` is told of each attempt."""
        client = self._client(place)

        async def call() -> None:
            sent()
            await BlobLeaseClient(client, id_).acquire(lease_duration=SECONDS, read_timeout=_SHORT)

        await self._call("PUT", client, call)

    async def renew(self, place: Location, id_: str) -> None:
        """Renews the lease, in one attempt."""
        client = self._client(place)
        await translated("PUT", client.url, lambda: BlobLeaseClient(client, id_).renew(read_timeout=_SHORT))

    async def release(self, place: Location, id_: str) -> None:
        """Gives the lease up, in one attempt."""
        client = self._client(place)
        await translated("PUT", client.url, lambda: BlobLeaseClient(client, id_).release(read_timeout=_SHORT))

    async def describe(self, place: Location, id_: str, metadata: dict[str, str]) -> None:
        """Writes down who has it."""
        client = self._client(place)
        await self._call("PUT", client, lambda: client.set_blob_metadata(metadata, lease=id_))

    async def read(self, place: Location) -> tuple[bytes, str] | None:
        """What the blob holds, and its ETag; None where the service says that there is no such blob."""
        client = self._client(place)

        async def call() -> tuple[bytes, str]:
            stream = await client.download_blob(max_concurrency=1, decompress=False)
            return await stream.readall(), quoted(stream.properties.etag)

        try:
            return await self._call("GET", client, call)
        except ServiceError as error:
            if not absence.of_blob(error):
                raise
            return None

    async def write(self, place: Location, id_: str, data: bytes, etag: str, metadata: dict[str, str]) -> None:
        """Writes the blob, if it still is the one that was read. Raises ServiceError 412 if it is not."""
        client = self._client(place)

        async def call() -> Any:
            return await client.upload_blob(
                data,
                overwrite=True,
                lease=BlobLeaseClient(client, id_),
                metadata=metadata,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )

        await self._call("PUT", client, call)

    async def remove(self, place: Location, id_: str) -> None:
        """Deletes the blob, and the lease with it; nothing happens when it is not there."""
        client = self._client(place)
        try:
            await self._call("DELETE", client, lambda: client.delete_blob(lease=id_))
        except ServiceError as error:
            if not absence.of_blob(error):
                raise

    def _client(self, place: Location) -> BlobClient:
        if place not in self._clients:
            self._clients[place] = BlobClient(
                f"https://{place.account}.blob.{self._suffix}",
                place.container,
                place.path,
                credential=self._credential,
                transport=SharedTransport(self._transport),
                **PLAIN,
            )
        return self._clients[place]

    async def _call(self, method: str, client: BlobClient, call: Callable[[], Awaitable[T]]) -> T:
        return await self._caller.call(method, client.url, call)


def _state(found: BlobProperties) -> LeaseState:
    state, duration = (
        str(getattr(one, "value", one) or "").lower() for one in (found.lease.state, found.lease.duration)
    )
    return LeaseState(state not in _FREE, Holder.of(found.metadata or {}), duration == _ENDLESS)
