"""Between the file service's objects and the values of this tool: what a directory holds, and a file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from azure.storage.fileshare import ContentSettings, DirectoryProperties, FileProperties

from amlmigrate.cloud.bloblists import quoted
from amlmigrate.core.asset import FILE_KIND, FOLDER_ETAG, FOLDER_KIND, Blob

# What a list asks for beside names and lengths.
INCLUDED = ["Timestamps", "Etag", "Attributes"]
_HEADERS = ("cache_control", "content_disposition", "content_encoding", "content_language", "content_type")
# By the name in this tool's values: the header that shows it. Times have seven digits, which no datetime keeps.
_ATTRIBUTES = {
    "attributes": "x-ms-file-attributes",
    "created": "x-ms-file-creation-time",
    "written": "x-ms-file-last-write-time",
}
Pairs = tuple[tuple[str, str], ...]


def entry_of(item: DirectoryProperties | FileProperties, folder: str) -> Blob:
    """A file or a directory as the list of its directory shows it: of headers and metadata that says nothing.

    Of a directory it is only that it is there.
    """
    path = f"{folder}/{item.name}" if folder else str(item.name)
    if not isinstance(item, FileProperties):
        return Blob(path, 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None)
    shown = {
        "attributes": item.file_attributes,
        "created": item.creation_time,
        "written": item.last_write_time,
    }
    etag, attributes = quoted(str(item.etag)), _attributes(shown)
    return Blob(path, int(item.size), etag, kind=FILE_KIND, tags=None, attributes=attributes)


def file_of(item: FileProperties, path: str, headers: Mapping[str, str]) -> Blob:
    """A file as its properties show it; `headers` are those of the answer."""
    settings = item.content_settings
    md5 = settings.content_md5
    return Blob(
        path=path,
        length=int(item.size),
        etag=quoted(str(item.etag)),
        md5=base64.b64encode(md5).decode() if md5 else None,
        kind=FILE_KIND,
        headers=tuple((name, getattr(settings, name)) for name in _HEADERS if getattr(settings, name)),
        metadata=tuple(sorted((item.metadata or {}).items())),
        tags=None,
        attributes=_attributes({name: headers.get(shown) for name, shown in _ATTRIBUTES.items()}),
    )


def _attributes(shown: Mapping[str, Any]) -> Pairs:
    return tuple((name, str(value)) for name, value in shown.items() if value)


def settings_of(blob: Blob, data: bytes) -> ContentSettings:
    """The headers of a file that holds `data`, its MD5 among them: the service makes none of its own."""
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return labelled(blob, base64.b64encode(md5).decode())


def labelled(blob: Blob, md5: str | None) -> ContentSettings:
    """The headers of a file, with an MD5 as its label where there is one."""
    headers: dict[str, Any] = dict(blob.headers)
    return ContentSettings(**headers, content_md5=bytearray(base64.b64decode(md5)) if md5 else None)


def smb_of(blob: Blob) -> dict[str, str]:
    """What a call is told of a file's attributes and times; nothing where none are known."""
    names = {"attributes": "file_attributes", "created": "file_creation_time", "written": "file_last_write_time"}
    return {names[name]: value for name, value in blob.attributes}
