"""Operations on files, but for their bytes once written (`ranges`)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator

from azsandbox.calls import Answer, TooLarge
from azsandbox.shares import times
from azsandbox.shares.entries import (
    changed,
    content_headers,
    found,
    hold_lease,
    new_entry,
    properties,
    set_smb_properties,
)
from azsandbox.shares.errors import ShareError, bad_header, missing_header
from azsandbox.shares.index import Entry
from azsandbox.shares.ranges import Range, range_of
from azsandbox.shares.task import Operations, Task, answer, shown
from azsandbox.shares.written import added, within

_LARGEST_FILE = 4 * 2**40
LARGEST_RANGE = 4 * 2**20


async def _create(task: Task) -> Answer:
    old = task.store.find(task.place)
    if old is not None and old.directory:
        raise ShareError("ResourceTypeMismatch")
    if old is not None:
        changeable(old)
    if task.header("x-ms-type") is None:
        raise missing_header("x-ms-type")
    entry = new_entry(task, directory=False, size=_size(task))
    data = await body(task)
    if len(data) > entry.size:
        raise bad_header("x-ms-content-length", str(entry.size))
    if old is not None:
        hold_lease(old, task.header("x-ms-lease-id"))
        entry.lease = old.lease
        # Overwritten, under the name it was made with.
        entry.id, entry.path = old.id, old.path
    task.store.contents.create(entry)
    if data:
        task.store.contents.write(entry, 0, data)
    entry.spans = added([], 0, len(data))
    task.store.index.put(entry)
    return answer(201, {**properties(entry), "x-ms-request-server-encrypted": "true"})


def _size(task: Task) -> int:
    sent = task.header("x-ms-content-length")
    if sent is None:
        raise missing_header("x-ms-content-length")
    if not sent.isdigit() or int(sent) > _LARGEST_FILE:
        raise bad_header("x-ms-content-length", sent)
    return int(sent)


async def body(task: Task) -> bytes:
    """What the call carries, its MD5 checked. Raises Refused."""
    if task.header("x-ms-structured-body"):
        raise ShareError("UnsupportedHeader", HeaderName="x-ms-structured-body")
    try:
        data = await task.call.body(LARGEST_RANGE)
    except TooLarge:
        raise ShareError("RequestBodyTooLarge") from None
    wanted = task.header("Content-MD5")
    if wanted is not None and wanted != md5(data):
        raise ShareError("Md5Mismatch", UserSpecifiedMd5=wanted, ServerCalculatedMd5=md5(data))
    return data


def md5(data: bytes) -> str:
    """The digest as headers have it."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _shown(entry: Entry) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        **entry.headers,
        **properties(entry),
        **shown(entry.metadata),
        "x-ms-type": "File",
        "x-ms-server-encrypted": "true",
        "x-ms-lease-status": "locked" if entry.lease else "unlocked",
        "x-ms-lease-state": "leased" if entry.lease else "available",
        **({"x-ms-lease-duration": "infinite"} if entry.lease else {}),
    }


async def _read(task: Task) -> Answer:
    entry = found(task, directory=False)
    if task.call.method == "HEAD":
        return _with_body(answer(200, _shown(entry)), iter(()), entry.size)
    part = range_of(task)
    if part is None:
        pieces = task.store.contents.read(entry, 0, entry.size)
        return _with_body(answer(200, _shown(entry) | {"Accept-Ranges": "bytes"}), pieces, entry.size)
    return _part(task, entry, part.within(entry.size))


def _part(task: Task, entry: Entry, part: Range) -> Answer:
    headers = _shown(entry)
    if whole := headers.pop("Content-MD5", None):
        headers["x-ms-content-md5"] = whole
    if (task.header("x-ms-range-get-content-md5") or "").lower() == "true":
        if part.length > LARGEST_RANGE:
            raise ShareError("OutOfRangeInput")
        headers["Content-MD5"] = md5(b"".join(task.store.contents.read(entry, part.start, part.length)))
    headers |= {
        "Accept-Ranges": "bytes",
        "Content-Range": f"bytes {part.start}-{part.start + part.length - 1}/{entry.size}",
    }
    pieces = task.store.contents.read(entry, part.start, part.length)
    return _with_body(answer(206, headers), pieces, part.length)


def _with_body(found_: Answer, pieces: Iterator[bytes], length: int) -> Answer:
    found_.body, found_.length = _streamed(pieces), length
    return found_


async def _streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _metadata(task: Task) -> Answer:
    entry = found(task, directory=False)
    return answer(200, {**changed(entry), **shown(entry.metadata)})


async def _set_metadata(task: Task) -> Answer:
    entry = found(task, directory=False, change=True)
    entry.metadata = task.metadata()
    put(task, entry)
    return answer(200, {**changed(entry), "x-ms-request-server-encrypted": "true"})


async def _set(task: Task) -> Answer:
    """Content headers are replaced as a whole; with a length the file is cut or filled up."""
    entry = found(task, directory=False, change=True)
    entry.headers = content_headers(task)
    set_smb_properties(task, entry, times.tick())
    if task.header("x-ms-content-length") is not None:
        entry.size = _size(task)
        entry.spans = within(entry.spans, 0, entry.size) if entry.spans is not None else None
        task.store.contents.resize(entry)
    put(task, entry)
    return answer(200, {**properties(entry), "x-ms-request-server-encrypted": "true"})


def changeable(entry: Entry) -> Entry:
    """The file. Raises Refused where it is read-only: learn `rest/api/storageservices/file-service-error-codes`.

    It is refused for writing bytes, overwriting and deleting, not for other properties (AZ-FILE-14).
    """
    if "readonly" in entry.attributes.lower():
        raise ShareError("ReadOnlyAttribute")
    return entry


def put(task: Task, entry: Entry) -> None:
    """Stores a changed file."""
    entry.changed = times.tick()
    task.store.index.put(entry)


async def _delete(task: Task) -> Answer:
    task.store.remove(changeable(found(task, directory=False, change=True)))
    return answer(202, {})


FILE: Operations = {
    ("PUT", ""): _create,
    ("GET", ""): _read,
    ("GET", "metadata"): _metadata,
    ("PUT", "metadata"): _set_metadata,
    ("PUT", "properties"): _set,
    ("DELETE", ""): _delete,
}
