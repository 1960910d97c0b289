"""File shares: what lies in them. Their files are listed, not moved."""

from __future__ import annotations

from functools import partial

from azure.storage.fileshare import DirectoryProperties, FileProperties
from azure.storage.fileshare.aio import ShareClient

from amlmigrate.cloud import absence
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.lists import whole
from amlmigrate.cloud.retrying import retrying
from amlmigrate.cloud.translating import translated
from amlmigrate.core.documents import Document
from amlmigrate.core.parallel import each

_PARALLEL = 16  # directories listed at once: each is a call of its own, and a share may have thousands

Item = DirectoryProperties | FileProperties


class Shares:
    """One principal's way to the file shares of storage accounts."""

    def __init__(self, login: Login, credential: Credential) -> None:
        self._suffix = login.endpoints.storage_suffix
        self._credential = credential

    def url(self, account: str, share: str) -> str:
        """The HTTPS URL of a share."""
        return f"https://{account}.file.{self._suffix}/{share}"

    async def files(self, account: str, share: str) -> list[Document]:
        """Path, length and ETag of every file, by path; none where there is no such share.

        The ETag tells a file that was written anew with the same length. Raises ServiceError 403 without a
        right such as `Storage File Data Privileged Reader`.
        """
        # `backup` reads with the data-plane role alone, whatever the files' own permissions say.
        async with ShareClient(
            f"https://{account}.file.{self._suffix}",
            share,
            credential=self._credential,
            token_intent="backup",  # noqa: S106 - the way to read, no secret
            retry_total=0,
        ) as client:
            found: list[Document] = []
            folders = [""]
            while folders:
                below: list[str] = []
                await each(folders, partial(_read, client, found, below), parallel=_PARALLEL)
                folders = below
        return sorted(found, key=lambda file: str(file["path"]))


async def _read(client: ShareClient, found: list[Document], below: list[str], folder: str) -> None:
    """Adds the files of one directory, and its directories to those that are still to be read."""
    for item in await retrying(partial(_list, client, folder)):
        path = f"{folder}/{item.name}" if folder else item.name
        if isinstance(item, FileProperties):
            found.append({"path": path, "length": int(item.size), "etag": item.etag})
        else:
            below.append(path)


async def _list(client: ShareClient, folder: str) -> list[Item]:
    directory = client.get_directory_client(folder)

    async def call() -> list[Item]:
        return await whole(directory.list_directories_and_files(include=["Etag"]), client.url)

    try:
        return await translated("GET", client.url, call)
    except ServiceError as error:
        if absence.of_folder(error, root=not folder):
            return []
        raise
