"""One principal's way to the file service of every storage account: its clients, and how each call is made."""

from __future__ import annotations

from typing import Any, Final

from azure.storage.fileshare.aio import ShareClient, ShareDirectoryClient, ShareFileClient, ShareServiceClient

from amlmigrate.cloud import absence
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import STORAGE_SCOPE, Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.fileshapes import file_of
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.ranges import RANGE
from amlmigrate.cloud.transport import PLAIN, SharedTransport, Transport
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location

PARALLEL = 16
# Reads and writes with the data-plane role alone, whatever the files' own permissions say.
_INTENT: Final = "backup"


class FileAccess:
    """Makes the calls; what they come to is somebody else's."""

    def __init__(self, login: Login, credential: Credential, fence: Fence | None = None) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential
        self._transport = Transport(credential, fence)
        self.call = Caller(Crowd(PARALLEL)).call
        self._services: dict[str, ShareServiceClient] = {}

    async def close(self) -> None:
        """Ends the connections."""
        for service in self._services.values():
            await service.close()
        await self._transport.close()

    def url(self, place: Location) -> str:
        """The HTTPS URL of a share or a file, its path encoded."""
        share = self.share(place)
        return str(share.get_file_client(place.path).url if place.path else share.url)

    async def authorization(self) -> str:
        """What another account shows to read from this side's: a bearer token of this side's sign-in."""
        return f"Bearer {(await self._credential.get_token(STORAGE_SCOPE)).token}"

    def share(self, place: Location) -> ShareClient:
        """The client of a share."""
        return self._account(place.account).get_share_client(place.container)

    def directory(self, place: Location, folder: str) -> ShareDirectoryClient:
        """The client of a directory of the share that a place is in."""
        return self.share(place).get_directory_client(folder)

    def file(self, place: Location) -> ShareFileClient:
        """The client of a file."""
        return self.share(place).get_file_client(place.path)

    async def head(self, place: Location) -> Blob | None:
        """A file as it stands; None where the service says that it is not there."""
        client, headers = self.file(place), dict[str, str]()

        def keep(response: Any) -> None:
            headers.update((name.lower(), value) for name, value in response.http_response.headers.items())

        async def call() -> Blob:
            found = await client.get_file_properties(raw_response_hook=keep)
            return file_of(found, place.path, headers)

        try:
            return await self.call("HEAD", client.url, call)
        except ServiceError as error:
            if absence.of_file(error):
                return None
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

    def _account(self, account: str) -> ShareServiceClient:
        if account not in self._services:
            self._services[account] = ShareServiceClient(
                f"https://{account}.file.{self._suffix}",
                credential=self._credential,
                token_intent=_INTENT,
                transport=SharedTransport(self._transport),
                max_single_get_size=RANGE,
                max_chunk_get_size=RANGE,
                # A name may end in dots, and without them it is another's (learn.microsoft.com, naming files).
                allow_trailing_dot=True,
                allow_source_trailing_dot=True,
                **PLAIN,
            )
        return self._services[account]


def exists(error: ServiceError) -> bool:
    """Whether the service says that something of that name is there."""
    return (error.status, error.code) == (409, "ResourceAlreadyExists")


def hold(found: str, wanted: str, url: str) -> None:
    """Raises what the blob service says of another version than the one that was named."""
    if wanted and found != wanted:
        text = f"the file is of the version {found}" if found else "there is no such file"
        raise ServiceError(412, "ConditionNotMet", text, method="GET", url=url)
