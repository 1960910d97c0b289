"""Puts a file in its place whole, over nothing but the version that is named, and deletes just such a one.

No call of the file service has a condition on a file's version (AZ-FILE-4). So a file is made beside its place, in
the tool's own folder, and renamed: that fails where anything has the name (AZ-FILE-8). What is to be replaced or
deleted is looked at while the tool has the lease on it, without which nobody changes it (AZ-FILE-9).
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from amlmigrate.cloud import absence
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fileaccess import FileAccess, hold
from amlmigrate.cloud.fileshapes import has_labels, named_with
from amlmigrate.cloud.lists import whole
from amlmigrate.cloud.twice import found_by
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.lease import FOLDER
from amlmigrate.core.workspace import Location

if TYPE_CHECKING:
    from azure.storage.fileshare.aio import ShareFileClient

_log = logging.getLogger(__name__)
# What is answered where a file has no lease, or no longer this one.
_NO_LEASE = ("LeaseNotPresentWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation")
_MADE = 40
_OWN = {
    True: re.compile(re.escape(FOLDER), re.IGNORECASE),
    False: re.compile(rf"{re.escape(FOLDER)}/[0-9a-f]{{{_MADE}}}", re.IGNORECASE),
}
_OVER = {"x-ms-file-rename-replace-if-exists": "true", "x-ms-file-rename-ignore-readonly": "true"}
Fill = Callable[[Location], Awaitable[Blob]]
T = TypeVar("T")


def is_own(path: str, *, folder: bool) -> bool:
    """Whether a directory is the one in which files are made, or a file one of these: never content.

    What else somebody keeps in that folder is theirs, and so is a file that is called like the folder. Names in
    any letter case are the same to the service.
    """
    return bool(_OWN[folder].fullmatch(path))


async def placed(
    files: FileAccess, target: Location, length: int, fill: Fill, *, replaces: str | None = None
) -> str:
    """Makes a file of that length, has it filled, and puts it in its place; its ETag.

    `fill` is given where it is made, and gives what else the file is to have. `replaces` is the ETag of what may
    be overwritten; without it nothing is. Raises ServiceError 409 or 412 where another one is there, and whatever
    `fill` raises: nothing is in its place then.
    """
    url = files.url(target)
    if replaces is not None:
        there = await files.head(target)
        hold(there.etag if there else "", replaces, url)
    beside = target.at(f"{FOLDER}/{hashlib.sha256(url.encode()).hexdigest()[:_MADE]}")
    with _making(files, beside):
        await _in_folders(files, beside, partial(_created, files, beside, length))
        shown = await fill(beside)
        await _labelled(files, beside, shown)
        if replaces is None:
            return await _in_folders(files, target, partial(_renamed, files, beside, target, shown, None))
        async with _leased(files, target, replaces) as lease:
            etag = await _renamed(files, beside, target, shown, lease)
    # That it went with what was replaced is said nowhere; one that stayed would keep everybody from writing.
    await _given_back(files, files.file(target), lease)
    return etag


@contextmanager
def _making(files: FileAccess, beside: Location) -> Iterator[None]:
    """Keeps `tidy` from a file, and from the folder that it is in: several steps may be about one share."""
    url = files.url(beside)
    files.making.add(url)
    try:
        yield
    finally:
        files.making.discard(url)


async def _created(files: FileAccess, beside: Location, length: int) -> None:
    headers = {"x-ms-type": "file", "x-ms-content-length": str(length)}
    await files.call("PUT", files.url(beside), partial(files.put, beside, "", headers))


async def _labelled(files: FileAccess, beside: Location, shown: Blob) -> None:
    """Gives a file what a rename does not: few have any of it."""
    if has_labels(shown):
        client = files.file(beside)
        await files.call("PUT", client.url, partial(client.set_http_headers, files.clients.labels(shown)))
    if shown.metadata:
        client = files.file(beside)
        await files.call("PUT", client.url, partial(client.set_file_metadata, dict(shown.metadata)))


async def delete(files: FileAccess, place: Location, etag: str) -> None:
    """Deletes one file if it is of that version, else raises ServiceError 412; nothing happens where none is."""
    client = files.file(place)

    async def gone(lease: str) -> None:
        await files.call("DELETE", client.url, partial(client.delete_file, lease=lease))

    async def writable(lease: str) -> None:
        # Headers that are not sent are taken away, and somebody may keep it from being deleted all the same.
        shown = await files.head(place)
        call = partial(client.set_http_headers, files.clients.labels(shown), file_attributes="None", lease=lease)
        await files.call("PUT", client.url, call)

    try:
        async with _leased(files, place, etag) as lease:
            try:
                await gone(lease)
            except ServiceError as error:
                # Who holds it to that version has copied the attribute too (AZ-FILE-14).
                if error.code != "ReadOnlyAttribute":
                    raise
                await writable(lease)
                await gone(lease)
    except ServiceError as error:
        if not absence.of_file(error):
            raise


async def tidy(files: FileAccess, place: Location) -> None:
    """Takes away what was left beside its place by an attempt that was cut off; what cannot be taken is logged.

    What is being made stays: whoever makes it tidies after it.
    """
    directory, within = files.directory(place, FOLDER), files.url(place.at(FOLDER)) + "/"
    try:
        found = await files.call(
            "GET", directory.url, partial(whole, directory.list_directories_and_files(), directory.url)
        )
        own = [item for item in found if is_own(f"{FOLDER}/{item.name}", folder=item.is_directory)]
        for item in own:
            client = directory.get_file_client(item.name)
            if within + item.name not in files.making:
                await files.call("DELETE", client.url, client.delete_file)
        if len(own) < len(found) or any(url.startswith(within) for url in files.making):
            return
        await files.call("DELETE", directory.url, directory.delete_directory)
    except ServiceError as error:
        if not absence.of_file(error):
            _log.warning("Left in %s: %s", directory.url, error)


async def _in_folders(files: FileAccess, place: Location, make: Callable[[], Awaitable[T]]) -> T:
    """Makes something, and the directories that it lies in where these are what is missing."""
    try:
        return await make()
    except ServiceError as error:
        if (error.status, error.code) != (404, "ParentNotFound"):
            raise
    await files.make_folders(place)
    return await make()


async def _renamed(files: FileAccess, beside: Location, target: Location, blob: Blob, lease: str | None) -> str:
    """Gives a file its name, its attributes and its times; its ETag then."""
    url = files.url(target)
    # It has its metadata by now; that a rename keeps it is said nowhere (AZ-FILE-8).
    headers = {"x-ms-file-rename-source": files.url(beside), **named_with(blob)}
    if lease:
        headers |= {"x-ms-destination-lease-id": lease, **_OVER}

    async def call() -> str:
        return await files.put(target, "?comp=rename", headers)

    async def arrived() -> str | None:
        """Where an attempt without an answer was served the file is no longer beside its place."""
        if await files.head(beside) is not None:
            return None
        there = await files.head(target)
        same = there is not None and (there.length, there.metadata) == (blob.length, blob.metadata)
        return there.etag if there and same and set(blob.attributes) <= set(there.attributes) else None

    return await files.call("PUT", url, call, twice=found_by(arrived))


@asynccontextmanager
async def _leased(files: FileAccess, place: Location, etag: str) -> AsyncIterator[str]:
    """The lease on a file of that version, for as long as it takes. Raises ServiceError 412 for another version.

    Its id is that of the place: what a command that was killed had leased, the next one has again.
    """
    client = files.file(place)
    lease = str(uuid.uuid5(uuid.NAMESPACE_URL, client.url))
    await files.call("PUT", client.url, partial(client.acquire_lease, lease_id=lease))
    try:
        there = await files.head(place)
        hold(there.etag if there else "", etag, client.url)
        yield lease
    except BaseException:
        await _given_back(files, client, lease)
        raise


async def _given_back(files: FileAccess, client: ShareFileClient, lease: str) -> None:
    """Gives a lease back; one that cannot be is logged. Nothing happens where the file has none (AZ-FILE-15)."""
    try:
        await files.call("PUT", client.url, files.clients.lease(client, lease).release)
    except MigrateError as error:
        if not (isinstance(error, ServiceError) and (absence.of_file(error) or error.code in _NO_LEASE)):
            _log.warning("The lease on %s was not given back: %s", client.url, error)
