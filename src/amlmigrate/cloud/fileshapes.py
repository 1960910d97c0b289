"""Between the file service's objects and the values of this tool: what a directory holds, and a file."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from azure.storage.fileshare import ContentSettings, DirectoryProperties, FileProperties

from amlmigrate.cloud.bloblists import quoted
from amlmigrate.core.asset import Blob

KIND = "File"
_HEADERS = ("cache_control", "content_disposition", "content_encoding", "content_language", "content_type")


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Something that a directory holds: `path` from the share's root on."""

    path: str
    folder: bool
    length: int
    etag: str

    @property
    def blob(self) -> Blob:
        """A file as a list shows it: of its headers and metadata a list says nothing."""
        return Blob(self.path, self.length, self.etag, kind=KIND, tags=None)


def entry_of(item: DirectoryProperties | FileProperties, folder: str) -> DirectoryEntry:
    path = f"{folder}/{item.name}" if folder else str(item.name)
    if isinstance(item, FileProperties):
        return DirectoryEntry(path, False, int(item.size), quoted(str(item.etag)))
    return DirectoryEntry(path, True, 0, "")


def file_of(item: FileProperties, path: str) -> Blob:
    settings = item.content_settings
    md5 = settings.content_md5
    return Blob(
        path=path,
        length=int(item.size),
        etag=quoted(str(item.etag)),
        md5=base64.b64encode(md5).decode() if md5 else None,
        kind=KIND,
        headers=tuple((name, getattr(settings, name)) for name in _HEADERS if getattr(settings, name)),
        metadata=tuple(sorted((item.metadata or {}).items())),
        tags=None,
    )


def settings_of(blob: Blob, data: bytes) -> ContentSettings:
    """The headers of a file that holds `data`, its MD5 among them: the service makes none of its own."""
    headers: dict[str, Any] = dict(blob.headers)
    md5 = bytearray(hashlib.md5(data, usedforsecurity=False).digest())
    return ContentSettings(**headers, content_md5=md5)
