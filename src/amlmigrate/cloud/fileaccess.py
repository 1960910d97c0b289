"""One principal's way to the file service of every storage account: its clients, and how each call is made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from amlmigrate.cloud import absence
from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import STORAGE_SCOPE, Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.filelists import EXTENDED, FolderReader
from amlmigrate.cloud.fileshapes import FolderShown, file_of, folder_of
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.storage import RawFiles
from amlmigrate.cloud.transport import SharedTransport, Transport
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location

if TYPE_CHECKING:
    from azure.storage.fileshare.aio import ShareClient, ShareDirectoryClient, ShareFileClient

    from amlmigrate.cloud.fileclients import FileClients

PARALLEL = 16


class FileAccess:
    """Makes the calls; what they come to is somebody else's."""

    def __init__(self, login: Login, credential: Credential, fence: Fence | None = None) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential
        self._transport = Transport(credential, fence)
        self.call = Caller(Crowd(PARALLEL)).call
        self.raw = RawFiles(credential, SharedTransport(self._transport), self._suffix)
        # The URLs of what is being made beside its place, which nobody tidies away.
        self.making: set[str] = set()
        self._clients: FileClients | None = None

    async def close(self) -> None:
        """Ends the connections."""
        if self._clients:
            await self._clients.close()
        self.raw.close()
        await self._transport.close()

    def url(self, place: Location) -> str:
        """The HTTPS URL of a share or a file, its path encoded."""
        return self.raw.url(place)

    async def authorization(self) -> str:
        """What another account shows to read from this side's: a bearer token of this side's sign-in."""
        return f"Bearer {(await self._credential.get_token(STORAGE_SCOPE)).token}"

    @property
    def clients(self) -> FileClients:
        """The service's own; loaded by whoever asks for one."""
        if self._clients is None:
            from amlmigrate.cloud.fileclients import FileClients

            self._clients = FileClients(self._credential, self._transport, self._suffix)
        return self._clients

    def share(self, place: Location) -> ShareClient:
        """The client of a share."""
        return self.clients.account(place.account).get_share_client(place.container)

    def directory(self, place: Location, folder: str) -> ShareDirectoryClient:
        """The client of a directory of the share that a place is in."""
        return self.share(place).get_directory_client(folder)

    def file(self, place: Location) -> ShareFileClient:
        """The client of a file."""
        return self.share(place).get_file_client(place.path)

    async def head(self, place: Location) -> Blob | None:
        """A file as it stands; None where the service says that it is not there."""
        url = self.url(place)

        async def call() -> Blob:
            return file_of(place.path, (await self.raw.head(url)).headers)

        try:
            return await self.call("HEAD", url, call)
        except ServiceError as error:
            if absence.of_file(error):
                return None
            raise

    async def put(self, place: Location, query: str, headers: Mapping[str, str], *, seconds: float = 0.0) -> str:
        """A PUT without a body that is made for every file; the ETag that is answered."""
        url = self.url(place)
        answer = await self.raw.answered("PUT", url + query, {**headers, "Content-Length": "0"}, seconds=seconds)
        return quoted(answer.headers.get("ETag", ""))

    async def entries(self, place: Location) -> list[Blob]:
        """All that a directory holds. Raises ServiceError; ListError for what is no list."""
        url, found = self.url(place), list[Blob]()
        reader = FolderReader(url, place.path)
        while True:
            page = f"{url}?{reader.query()}"
            answer = await self.call("GET", url, partial(self.raw.answered, "GET", page, EXTENDED))
            found += reader.page(answer.content)
            if not reader.marker:
                return found

    async def folder(self, place: Location) -> FolderShown | None:
        """What a directory has of its own; None where the service says that it is not there."""
        url = f"{self.url(place)}?restype=directory"

        async def call() -> FolderShown:
            return folder_of((await self.raw.answered("GET", url, {})).headers)

        try:
            return await self.call("GET", url, call)
        except ServiceError as error:
            if absence.of_file(error):
                return None
            raise

    async def dress(self, place: Location, own: FolderShown) -> None:
        """Gives a directory what another has of its own; nothing happens where it is not there."""
        url = f"{self.url(place)}?restype=directory"
        # In this order: what is set last is not changed by the other.
        parts = (("&comp=metadata", own.metadata), ("&comp=properties", own.properties))
        try:
            for query, headers in parts:
                if headers:
                    await self.call("PUT", url, partial(self.put, place, f"?restype=directory{query}", headers))
        except ServiceError as error:
            if not absence.of_file(error):
                raise

    async def make_folders(self, target: Location) -> None:
        """Makes the directories that a file lies in, from the top: the service makes none by itself.

        Raises ServiceError 409 `ResourceTypeMismatch` where a file has the name of one.
        """
        names = target.path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            directory = self.directory(target, "/".join(names[:depth]))
            try:
                await self.call("PUT", directory.url, directory.create_directory)
            except ServiceError as error:
                if not exists(error):
                    raise
                if await self.head(target.at("/".join(names[:depth]))) is not None:
                    text, url = "a file is there", directory.url
                    raise ServiceError(409, "ResourceTypeMismatch", text, method="PUT", url=url) from error


def exists(error: ServiceError) -> bool:
    """Whether the service says that something of that name is there."""
    return (error.status, error.code) == (409, "ResourceAlreadyExists")


def hold(found: str, wanted: str, url: str) -> None:
    """Raises what the blob service says of another version than the one that was named."""
    if wanted and found != wanted:
        text = f"the file is of the version {found}" if found else "there is no such file"
        raise ServiceError(412, "ConditionNotMet", text, method="GET", url=url)
