"""Between the client's objects and the values of this tool: a blob, its bytes, what keeps a container."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from azure.core import MatchConditions
from azure.storage.blob import BlobProperties, ContainerProperties, ContentSettings

from amlmigrate.cloud.bloblists import encryption, quoted
from amlmigrate.core.asset import Blob

_HEADERS = ("cache_control", "content_disposition", "content_encoding", "content_language", "content_type")


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A blob's bytes as they are stored, None where they were too many; its `Content-Encoding`; its length."""

    data: bytes | None
    encoding: str
    length: int


def blob_of(item: BlobProperties, *, tagged: bool) -> Blob:
    settings = item.content_settings
    md5 = settings.content_md5
    headers = tuple((name, getattr(settings, name)) for name in _HEADERS if getattr(settings, name))
    return Blob(
        path=item.name,
        length=item.size,
        etag=quoted(str(item.etag)),
        md5=base64.b64encode(md5).decode() if md5 else None,
        kind=str(getattr(item.blob_type, "value", item.blob_type)),
        headers=headers,
        metadata=tuple(sorted((item.metadata or {}).items())),
        tags=tuple(sorted((item.tags or {}).items())) if tagged else None,
        # A tier that nobody set is the account's default, and so will be that of the copy (AZ-BLOB-8).
        tier=None if item.blob_tier_inferred or not item.blob_tier else str(item.blob_tier),
        encryption=encryption(item.encryption_scope, item.encryption_key_sha256),
    )


def holds_of(item: ContainerProperties) -> tuple[str, ...]:
    found = (("a legal hold", item.has_legal_hold), ("an immutability policy", item.has_immutability_policy))
    return tuple(what for what, there in found if there)


def settings_of(blob: Blob) -> ContentSettings:
    headers: dict[str, Any] = dict(blob.headers)
    return ContentSettings(**headers)


def condition_of(replaces: str | None) -> dict[str, Any]:
    if replaces is None:
        return {"match_condition": MatchConditions.IfMissing}
    return {"etag": replaces, "match_condition": MatchConditions.IfNotModified}
