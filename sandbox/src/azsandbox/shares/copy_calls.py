"""Put Range From URL: a range of a file out of a file of any account, read with the authorization given for it.

learn `rest/api/storageservices/put-range-from-url`. Inferred (AZ-LOCAL-5): its answers to a source that cannot be
read are those of blobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from azsandbox.calls import Answer, HttpCall
from azsandbox.copying import unverified, url_of
from azsandbox.shares import crc64, times
from azsandbox.shares.entries import changed, found, spans_of
from azsandbox.shares.errors import ShareError, bad_header, missing_header
from azsandbox.shares.file_calls import LARGEST_RANGE, changeable, put
from azsandbox.shares.places import place_of
from azsandbox.shares.ranges import Range, range_of, read_range
from azsandbox.shares.task import Operation, Operations, Task, answer
from azsandbox.shares.written import added

_SUFFIX = ".file.core.windows.net"
_INTENT = "x-ms-file-request-intent"
# Conditions that Azure has only of a checksum of the source (AZ-FILE-6).
_NO_CONDITIONS = ("match", "none-match", "modified-since", "unmodified-since")
Readable = Callable[[HttpCall], Answer | None]


def copy_operations(refusal: Readable) -> Operations:
    """What answers a call with a source; `refusal` says what a reading of the source is told, if it is refused."""

    async def put_range_from_url(task: Task) -> Answer:
        return _put_range_from_url(task, refusal)

    operation: Operation = put_range_from_url
    return {("PUT", "range"): operation}


def _put_range_from_url(task: Task, refusal: Readable) -> Answer:
    entry = changeable(found(task, directory=False, change=True))
    part, wanted = _parts(task)
    if part.start + part.length > entry.size:
        raise ShareError("InvalidRange")
    source = _source_task(task)
    if isinstance(source, Answer):
        return source
    refused = refusal(source.call)
    if refused is not None:
        return _not_read(refused)
    try:
        other = found(source, directory=False)
    except ShareError as problem:
        return _not_read(problem.answer())
    if wanted.start + wanted.length > other.size:
        raise ShareError("InvalidRange")
    data = b"".join(task.store.contents.read(other, wanted.start, wanted.length))
    checksum = _checked(task, data)
    task.store.contents.write(entry, part.start, data)
    entry.spans = added(spans_of(entry), part.start, part.length)
    if (task.header("x-ms-file-last-write-time") or "now").lower() != "preserve":
        entry.written = times.iso(times.tick())
    put(task, entry)
    headers = {"x-ms-file-last-write-time": entry.written, "x-ms-request-server-encrypted": "true"}
    return answer(201, {**changed(entry), **headers, **checksum})


def _parts(task: Task) -> tuple[Range, Range]:
    """Where to, and where from. Raises Refused."""
    write = task.header("x-ms-write")
    if write is None:
        raise missing_header("x-ms-write")
    if write.lower() != "update":
        raise bad_header("x-ms-write", write)
    if task.call.length:
        raise bad_header("Content-Length", str(task.call.length))
    for name in _NO_CONDITIONS:
        if task.header(f"x-ms-source-if-{name}"):
            raise ShareError("UnsupportedHeader", HeaderName=f"x-ms-source-if-{name}")
    part, wanted = range_of(task), read_range(task, "x-ms-source-range")
    if part is None:
        raise missing_header("x-ms-range")
    if wanted is None:
        raise missing_header("x-ms-source-range")
    if part.length > LARGEST_RANGE:
        raise ShareError("RequestBodyTooLarge")
    if part.length != wanted.length:
        raise bad_header("x-ms-source-range", task.header("x-ms-source-range") or "")
    return part, wanted


def _source_task(task: Task) -> Task | Answer:
    """A reading of the source by whoever the copy names for it, or what the service says to its URL.

    Inferred (AZ-FILE-12): a bearer token is taken for a file, and what the copy says of its intent counts for the
    source. A blob as the source is not built.
    """
    call = task.call
    url = url_of(call.headers["x-ms-copy-source"])
    if isinstance(url, Answer):
        return url
    host = (url.hostname or "").lower()
    if url.scheme != "https" or not host.endswith((_SUFFIX, ".blob.core.windows.net")):
        return unverified(404, "ResourceNotFound")
    if not host.endswith(_SUFFIX):
        raise ShareError("NotImplemented")
    given: Mapping[str, str | None] = {
        "Authorization": call.headers.get("x-ms-copy-source-authorization"),
        _INTENT: call.headers.get(_INTENT),
        "x-ms-allow-trailing-dot": call.headers.get("x-ms-source-allow-trailing-dot"),
        "x-ms-version": call.headers.get("x-ms-version"),
    }
    headers = CIMultiDict({name: value for name, value in given.items() if value is not None})
    sent = urlsplit(call.headers["x-ms-copy-source"])
    target = sent.path + (f"?{sent.query}" if sent.query else "")
    asked = HttpCall("GET", host, target, CIMultiDictProxy(headers), call.stream, 0, call.ports)
    if "sharesnapshot" in asked.query:
        raise ShareError("NotImplemented")
    try:
        return Task(asked, place_of(asked), task.store)
    except ShareError as problem:
        return _not_read(problem.answer())


def _not_read(refused: Answer) -> Answer:
    return unverified(refused.status, refused.headers.get("x-ms-error-code", ""))


def _checked(task: Task, data: bytes) -> dict[str, str]:
    """The checksum of the bytes, where the call names one. Raises Refused where it is another."""
    names = ("x-ms-source-content-crc64", "x-ms-source-if-match-crc64", "x-ms-source-if-none-match-crc64")
    given = {name: value for name in names if (value := task.header(name)) is not None}
    if not given:
        return {}
    found_ = crc64.of(data)
    if given.get(names[0], found_) != found_:
        raise ShareError("Crc64Mismatch", UserSpecifiedCrc=given[names[0]], ServerCalculatedCrc=found_)
    if given.get(names[1], found_) != found_ or given.get(names[2]) == found_:
        raise ShareError("SourceConditionNotMet")
    return {"x-ms-content-crc64": found_}
