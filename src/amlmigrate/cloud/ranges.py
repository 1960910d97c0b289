"""Reads the bytes of one version of a blob in ranges, each of them whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.curl import Head, Sink
from amlmigrate.cloud.errors import OtherBytesError, ServiceError
from amlmigrate.cloud.rawcalls import RawCalls
from amlmigrate.core.few import many
from amlmigrate.core.metering import moved

# So much is read, and read again where the connection breaks, at a time.
RANGE = 8 * 2**20
_WHOLE, _PART = 200, 206


@dataclass(frozen=True, slots=True)
class Version:
    """What is read: a blob's URL, and the quoted ETag and the length in bytes that were listed of it.

    `pinned`: whether a condition holds a read to that version, of which files have none (AZ-FILE-4); the answer
    says in any case of which version it is.
    """

    url: str
    etag: str
    length: int
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class Range:
    """Some of its bytes: the offset of the first, and how many."""

    offset: int
    length: int

    def of(self, total: int) -> str:
        """As `Content-Range` names it."""
        return f"bytes {self.offset}-{self.offset + self.length - 1}/{total}"


def ranges_of(length: int, size: int = RANGE) -> Iterator[Range]:
    """All ranges of a blob in their order, each of `size` bytes but for the last."""
    return (Range(offset, min(size, length - offset)) for offset in range(0, length, size))


def nobody(_: Head) -> None:
    """Nobody looks at the head of an answer."""


async def read(
    storage: RawCalls, version: Version, part: Range, sink: Sink, seen: Callable[[Head], None] = nobody
) -> None:
    """Hands on the bytes of a range as they are stored, in pieces, and no others.

    The range is asked for by `x-ms-range`, which goes before `Range` and which nobody on the way takes for its own
    (learn.microsoft.com, "Specifying the range header for Blob service operations"). Raises ServiceError, with 412
    for another version of the blob; OtherBytesError where the answer is not that range; and OutOfReachError where
    it ends early or does not come: what was handed on until then counts for nothing. `seen` is shown the head of
    the answer once it is known to be of that version.
    """
    headers = {"If-Match": version.etag} if version.pinned else {}
    if part.length != version.length:
        headers["x-ms-range"] = f"bytes={part.offset}-{part.offset + part.length - 1}"
    found = 0

    def begin(answer: Head) -> Sink:
        _check(answer, version, part)
        seen(answer)
        return take

    def take(piece: bytes) -> None:
        nonlocal found
        found += len(piece)
        if found > part.length:
            raise OtherBytesError(
                f"more than the {many(part.length, 'byte')} that were asked for", url=version.url
            )
        sink(piece)

    await storage.read(version.url, headers, begin)
    if found != part.length:
        raise OtherBytesError(f"{many(found, 'byte')} instead of {part.length}", url=version.url)
    moved(bytes=found)


async def read_range(storage: RawCalls, version: Version, part: Range, buffer: bytearray) -> memoryview:
    """The same into a buffer that is long enough: the part of it that is filled."""
    view = memoryview(buffer)
    found = 0

    def take(piece: bytes) -> None:
        nonlocal found
        view[found : found + len(piece)] = piece
        found += len(piece)

    await read(storage, version, part, take)
    return view[:found]


def _check(answer: Head, version: Version, part: Range) -> None:
    """Raises for an answer that calls itself a success and is not what was asked for.

    Whoever answers the whole blob for a part of it does so for every part: none of it is read.
    """
    etag = answer.get("ETag")
    if etag and quoted(etag) != version.etag:
        # Whoever answered passed over the condition: a cache on the way, since the service does not.
        text = f"the answer is of the version {etag}"
        raise ServiceError(412, "ConditionNotMet", text, method="GET", url=version.url)
    wanted = _WHOLE if part.length == version.length else _PART
    if answer.status != wanted or not etag:
        raise OtherBytesError(f"status {answer.status} instead of {wanted}, ETag '{etag}'", url=version.url)
    if wanted == _PART and (told := answer.get("Content-Range")) != part.of(version.length):
        raise OtherBytesError(f"'{told}' instead of '{part.of(version.length)}'", url=version.url)
