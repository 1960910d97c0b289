"""Between the file service's objects and the values of this tool: what a directory holds, and a file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.bloblists import quoted
from amlmigrate.cloud.errors import OtherBytesError
from amlmigrate.core.asset import FILE_KIND, Blob

_META = "x-ms-meta-"
_HEADERS = {
    "cache_control": "Cache-Control",
    "content_disposition": "Content-Disposition",
    "content_encoding": "Content-Encoding",
    "content_language": "Content-Language",
    "content_type": "Content-Type",
}
# By the name in this tool's values: the header that shows it. Times have seven digits, which no datetime keeps.
_ATTRIBUTES = {
    "attributes": "x-ms-file-attributes",
    "created": "x-ms-file-creation-time",
    "written": "x-ms-file-last-write-time",
}
Pairs = tuple[tuple[str, str], ...]


def file_in_list(path: str, length: int, shown: Mapping[str, str]) -> Blob:
    """A file as the list of its directory shows it: of headers and metadata that says nothing."""
    names = {"attributes": "Attributes", "created": "CreationTime", "written": "LastWriteTime"}
    attributes = _attributes({name: shown.get(member) for name, member in names.items()})
    etag = quoted(shown["Etag"])
    return Blob(path, length, etag, kind=FILE_KIND, tags=None, attributes=attributes)


def file_of(path: str, headers: Mapping[str, str]) -> Blob:
    """A file as the headers of an answer show it. Raises OtherBytesError where they do not say how long it is."""
    part = headers.get("Content-Range", "")
    length = part.rpartition("/")[2] if part else headers.get("Content-Length", "")
    if not length.isdecimal():
        raise OtherBytesError(f"a length that is none: '{length}'", url=path)
    return Blob(
        path=path,
        length=int(length),
        etag=quoted(headers.get("ETag", "")),
        # Of a part that is what the whole is labelled with.
        md5=headers.get("x-ms-content-md5") or ("" if part else headers.get("Content-MD5")) or None,
        kind=FILE_KIND,
        headers=tuple((name, headers[shown]) for name, shown in _HEADERS.items() if headers.get(shown)),
        metadata=tuple(
            sorted(
                (name[len(_META) :], value) for name, value in headers.items() if name.lower().startswith(_META)
            )
        ),
        tags=None,
        attributes=_attributes({name: headers.get(shown) for name, shown in _ATTRIBUTES.items()}),
    )


@dataclass(frozen=True, slots=True)
class FolderShown:
    """What a directory has of its own, as the headers that set it."""

    properties: Mapping[str, str]
    metadata: Mapping[str, str]


def folder_of(headers: Mapping[str, str]) -> FolderShown:
    """A directory as the headers of an answer show it."""
    properties = {shown: headers[shown] for shown in _ATTRIBUTES.values() if headers.get(shown)}
    return FolderShown(properties, {n: value for n, value in headers.items() if n.lower().startswith(_META)})


def _attributes(shown: Mapping[str, Any]) -> Pairs:
    return tuple((name, str(value)) for name, value in shown.items() if value)


def md5_of(data: bytes) -> str:
    """As a file that holds `data` is labelled: the service makes no label of its own."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def has_labels(blob: Blob) -> bool:
    """Whether a file has more labels than a type, which a rename gives it."""
    return blob.md5 is not None or not {name for name, _ in blob.headers} <= {"content_type"}


def named_with(blob: Blob) -> dict[str, str]:
    """The headers by which a rename gives a file its attributes and times, its metadata and its type."""
    content_type = dict(blob.headers).get("content_type")
    return {
        **{_ATTRIBUTES[name]: value for name, value in blob.attributes},
        **{f"{_META}{name}": value for name, value in blob.metadata},
        **({"x-ms-content-type": content_type} if content_type else {}),
    }
