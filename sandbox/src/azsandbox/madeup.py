"""Containers whose blobs are made up: empty ones, as many as are asked for, to measure what lists cost.

A file names them: `ACCOUNT/CONTAINER` to `{"folder": "tree", "blobs": 300000, "missing": 0, "order": "rising"}`.
The list of such a container shows these blobs and no other: all but the first `missing`, until they are copied
there. "falling" is the order of no service, for whoever relies on the documented one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from multidict import CIMultiDict

from azsandbox.calls import Answer, HttpCall
from azsandbox.refusals import storage_error

_PAGE = 5_000
_MARKER = "made-up!"
_TIME = "Mon, 01 Jan 2024 00:00:00 GMT"
# Of nothing.
_MD5 = "1B2M2Y8AsgTpgAmY7PhCfg=="
_PROPERTIES = (
    f"<Creation-Time>{_TIME}</Creation-Time><Last-Modified>{_TIME}</Last-Modified><Etag>%s</Etag>"
    "<Content-Length>0</Content-Length><Content-Type>application/octet-stream</Content-Type><Content-Encoding />"
    f"<Content-Language /><Content-MD5>{_MD5}</Content-MD5><Cache-Control /><Content-Disposition />"
    "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"
    "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted>"
)
_NAME = re.compile(r"\d{4}/part-(\d{7})")


@dataclass(slots=True)
class Container:
    """The blobs of one container, by number."""

    folder: str
    blobs: int
    missing: int = 0
    order: str = "rising"
    _there: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self._there = bytearray(self.missing) + bytearray(b"\1") * (self.blobs - self.missing)

    def name(self, number: int) -> str:
        """The path of a blob."""
        return f"{self.folder}/{number // 1000:04d}/part-{number:07d}"

    def number(self, path: str) -> int | None:
        """The number of a path; None for that of no such blob."""
        found = _NAME.fullmatch(path.removeprefix(f"{self.folder}/"))
        return int(found[1]) if found and self.name(int(found[1])) == path and int(found[1]) < self.blobs else None

    def page(self, prefix: str, start: int) -> tuple[list[int], int | None]:
        """The numbers of one page, from the place `start` in the list on, and where the next one starts."""
        found: list[int] = []
        for at in range(start, self.blobs):
            number = at if self.order == "rising" else self.blobs - 1 - at
            if self._there[number] and self.name(number).startswith(prefix):
                if len(found) == _PAGE:
                    return found, at
                found.append(number)
        return found, None

    def put(self, number: int) -> bool:
        """Has a blob be there; whether it was not."""
        was, self._there[number] = self._there[number], 1
        return not was

    def has(self, number: int) -> bool:
        """Whether it is there."""
        return bool(self._there[number])


class MadeUp:
    """Answers for the containers that a file names; the file is read when it appears."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._containers: dict[str, Container] | None = None

    def answer(self, call: HttpCall) -> Answer | None:
        """The answer to a call about such a container; None for any other call."""
        if self._containers is None and self._path.exists():
            document = json.loads(self._path.read_text(encoding="utf-8"))
            self._containers = {name: Container(**line) for name, line in document.items()}
        container = self._of(call.host, call.path)
        if container is None:
            return None
        path = call.path.lstrip("/").partition("/")[2]
        if not path:
            return _listed(call, container) if call.query.get("comp") == "list" else None
        number = container.number(path)
        if number is None:
            return None
        if call.method == "PUT" and "x-ms-copy-source" in call.headers and not call.query:
            return self._copied(call, container, number)
        if call.method in ("GET", "HEAD") and not call.query:
            return _blob(number) if container.has(number) else _absent()
        return storage_error(501, "NotImplemented", "A made-up blob is listed, read and copied, and no more.")

    def _of(self, host: str, path: str) -> Container | None:
        if not self._containers:
            return None
        return self._containers.get(f"{host.partition('.')[0]}/{path.lstrip('/').partition('/')[0]}")

    def _copied(self, call: HttpCall, container: Container, number: int) -> Answer:
        """Put Blob From URL: from another such container, where there is nothing yet."""
        url = urlsplit(call.headers["x-ms-copy-source"])
        source = self._of(url.hostname or "", url.path)
        origin = source.number(url.path.lstrip("/").partition("/")[2]) if source else None
        if source is None or origin is None or not source.has(origin):
            return storage_error(404, "CannotVerifyCopySource", "The specified blob does not exist.")
        if not container.put(number):
            return storage_error(409, "BlobAlreadyExists", "The specified blob already exists.")
        headers = CIMultiDict(_headers(number) | {"x-ms-copy-status": "success"})
        return Answer(201, headers)


def _etag(number: int) -> str:
    return f"0x8DC{number:013X}"


def _headers(number: int) -> dict[str, str]:
    return {"ETag": f'"{_etag(number)}"', "Last-Modified": _TIME, "Content-MD5": _MD5}


def _blob(number: int) -> Answer:
    more = {"Content-Type": "application/octet-stream", "x-ms-blob-type": "BlockBlob", "Content-Length": "0"}
    return Answer(200, CIMultiDict(_headers(number) | more))


def _absent() -> Answer:
    return storage_error(404, "BlobNotFound", "The specified blob does not exist.")


def _listed(call: HttpCall, container: Container) -> Answer:
    marker = call.query.get("marker", "")
    if marker and not marker.removeprefix(_MARKER).isdecimal():
        return storage_error(400, "OutOfRangeInput", "One of the request inputs is out of range.")
    at = quoteattr(f"https://{call.host}/")
    numbers, following = container.page(call.query.get("prefix", ""), int(marker.removeprefix(_MARKER) or 0))
    name = call.path.strip("/")
    blobs = "".join(
        f"<Blob><Name>{escape(container.name(one))}</Name><Properties>{_PROPERTIES % _etag(one)}</Properties>"
        "<Metadata /><OrMetadata /></Blob>"
        for one in numbers
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<EnumerationResults ServiceEndpoint={at} ContainerName={quoteattr(name)}>"
        f"<Blobs>{blobs}</Blobs><NextMarker>{'' if following is None else f'{_MARKER}{following}'}</NextMarker>"
        "</EnumerationResults>"
    )
    return Answer(200, CIMultiDict({"Content-Type": "application/xml"}), text.encode())
