"""A listing read by the product is the listing that the service's own client reads."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from azure.storage.blob import BlobProperties, ContentSettings, StandardBlobTier
from tests.acceptance.world import World, make_world

from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location

NAMES = ("a b/ü&<>\"'.csv", "a%20b", "#?/x", "x//y", "x/", "plain", "日本/語", "a+b=c;d,e")
HEADERS = ("cache_control", "content_disposition", "content_encoding", "content_language", "content_type")


@pytest.fixture
def filled(sandbox: Any, tmp_path: Any) -> World:
    world = make_world(sandbox, tmp_path)
    with world.container_client("source") as client:
        for number, name in enumerate(NAMES):
            client.upload_blob(
                name,
                b"x" * number,
                metadata={"upload_status": "completed", "K": f"v {number}", "Blob": "b", "NextMarker": "m"}
                if number % 2
                else None,
                tags={"k 1": "a/b+c-1.=:_", "z": ""} if number % 3 else None,
                standard_blob_tier=StandardBlobTier.COOL if number % 2 else None,
                content_settings=ContentSettings(
                    content_type="text/csv; charset=utf-8", cache_control="no-cache", content_language="de"
                ),
            )
    return world


def _by_client(item: BlobProperties) -> Blob:
    settings = item.content_settings
    return Blob(
        path=item.name,
        length=item.size,
        etag=f'"{str(item.etag).strip(chr(34))}"',
        md5=base64.b64encode(settings.content_md5).decode() if settings.content_md5 else None,
        kind=str(getattr(item.blob_type, "value", item.blob_type)),
        headers=tuple((name, getattr(settings, name)) for name in HEADERS if getattr(settings, name)),
        metadata=tuple(sorted((item.metadata or {}).items())),
        tags=tuple(sorted((item.tags or {}).items())),
        tier=None if item.blob_tier_inferred or not item.blob_tier else str(item.blob_tier),
    )


async def test_both_read_the_same(filled: World, side: Side) -> None:
    with filled.container_client("source") as client:
        expected = [_by_client(item) for item in client.list_blobs(include=["metadata", "tags"])]
    listed, tagged = await side.blobs.listing(Location(filled.account("source"), filled.container("source")))
    found = list(listed)
    assert tagged and sorted(blob.path for blob in found) == sorted(NAMES)
    assert found == expected
