"""File shares: what lies in them. Their files are listed, not moved."""

from __future__ import annotations

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.storage.fileshare import DirectoryProperties, FileProperties
from azure.storage.fileshare.aio import ShareClient, ShareDirectoryClient

from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import OutOfReachError, ServiceError, retry_after, without_query
from amlmigrate.cloud.retrying import retrying
from amlmigrate.core.documents import Document


class Shares:
    """One principal's way to the file shares of storage accounts."""

    def __init__(self, login: Login, credential: Credential) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential

    async def files(self, account: str, share: str) -> list[Document]:
        """Path and length of every file; none where there is no such share.

        Raises ServiceError 403 without a right such as `Storage File Data Privileged Reader`.
        """
        url = f"https://{account}.file.{self._suffix}"
        # `backup` reads with the data-plane role alone, whatever the files' own permissions say.
        async with ShareClient(
            url,
            share,
            credential=self._credential,
            token_intent="backup",  # noqa: S106 - the way to read, no secret
            retry_total=0,
        ) as client:
            found: list[Document] = []
            folders = [""]
            while folders:
                folder = folders.pop()
                for name, length in await self._folder(client, folder, f"{url}/{share}"):
                    path = f"{folder}/{name}" if folder else name
                    if length is None:
                        folders.append(path)
                    else:
                        found.append({"path": path, "length": length})
        return sorted(found, key=lambda file: str(file["path"]))

    async def _folder(self, client: ShareClient, folder: str, url: str) -> list[tuple[str, int | None]]:
        directory: ShareDirectoryClient = client.get_directory_client(folder)

        async def once() -> list[tuple[str, int | None]]:
            try:
                items = directory.list_directories_and_files()
                return [
                    (item.name, None if item.is_directory else int(getattr(item, "size", 0)))
                    async for item in items
                ]
            except HttpResponseError as error:
                if error.status_code == 404:
                    return []
                headers = getattr(error.response, "headers", {})
                code = str(getattr(error, "error_code", None) or error.status_code)
                raise ServiceError(
                    error.status_code or 0,
                    code.removeprefix("StorageErrorCode."),
                    str(error.message).splitlines()[0],
                    method="GET",
                    url=without_query(url),
                    retry_after=retry_after(headers),
                ) from error
            except (ServiceRequestError, ServiceResponseError) as error:
                raise OutOfReachError(str(error), method="GET", url=url) from error

        return await retrying(once)


def _length(item: DirectoryProperties | FileProperties) -> int | None:
    """A file's length; None for a directory."""
    return item.size if isinstance(item, FileProperties) else None
