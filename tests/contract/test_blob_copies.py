"""Copies inside Azure by the product's own client: large ones in blocks, pinned, atomic, with all that a blob has."""

from __future__ import annotations

from typing import Any

import pytest
from azure.storage.blob import ContainerClient, ContentSettings, StandardBlobTier
from tests.acceptance.world import World, make_world

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Location

MiB = 2**20
DATA = bytes(range(256)) * 5


@pytest.fixture(scope="module")
def pair(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts."""
    return make_world(sandbox, tmp_path_factory.mktemp("copies"))


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blobs of more than 500 bytes are copied in blocks of 400."""
    monkeypatch.setattr(module, "LARGEST_SINGLE", 500)
    monkeypatch.setattr(module, "BLOCK", 400)


def _upload(client: ContainerClient, name: str) -> None:
    settings = ContentSettings(content_type="text/x", content_language="de", content_md5=bytearray(16))
    client.upload_blob(
        name, DATA, metadata={"k": "v"}, tags={"a": "b"}, standard_blob_tier=StandardBlobTier.COOL, overwrite=True
    )
    # A label that is not that of the bytes shows that it is carried, and not made anew.
    client.get_blob_client(name).set_http_headers(settings)


def _places(pair: World, name: str) -> tuple[Location, Location]:
    """The same path on both sides."""
    source, target = (Location(pair.account(which), pair.container(which), name) for which in ("source", "target"))
    return source, target


@pytest.mark.usefixtures("in_blocks")
async def test_a_large_blob_arrives_in_blocks_with_all_it_has(side: Side, pair: World) -> None:
    source, target = _places(pair, "large")
    with pair.container_client("source") as client:
        _upload(client, "large")
        [blob] = (await side.blobs.listing(source))[0]
        await side.blobs.copy_from(side.blobs, source, blob, target)
        [copy] = (await side.blobs.listing(target))[0]
        sha, _, length = await side.blobs.digest(target, copy)
        assert (sha, length) == ((await side.blobs.digest(source, blob))[0], len(DATA))
        for name in ("length", "md5", "headers", "metadata", "tags", "tier"):
            assert getattr(copy, name) == getattr(blob, name), name
        with pytest.raises(ServiceError) as taken:
            await side.blobs.copy_from(side.blobs, source, blob, target)
        assert taken.value.status == 409
        client.upload_blob("large", DATA[:-1], overwrite=True)
        other = Location(target.account, target.container, "other")
        with pytest.raises(ServiceError) as changed:
            await side.blobs.copy_from(side.blobs, source, blob, other)
        assert changed.value.status == 412
        assert await side.blobs.head(other) is None


@pytest.mark.parametrize("small", [len(DATA), 500], ids=["in one piece", "in ranges"])
async def test_a_blob_that_was_written_since_it_was_listed_has_no_digest(
    side: Side, pair: World, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(module, "RANGE", small)
    place, _ = _places(pair, "changing")
    with pair.container_client("source") as client:
        client.upload_blob(place.path, DATA, overwrite=True)
        [listed] = (await side.blobs.listing(place))[0]
        assert (await side.blobs.digest(place, listed))[2] == len(DATA)
        client.upload_blob(place.path, DATA[::-1], overwrite=True)
        for read in (side.blobs.digest(place, listed), side.blobs.read(place, len(DATA), listed.etag)):
            with pytest.raises(ServiceError) as changed:
                await read
            assert changed.value.status == 412


SETTINGS = ContentSettings(
    content_type="text/x",
    content_language="de",
    content_encoding="gzip",
    content_disposition="inline",
    cache_control="no-cache",
)


async def test_a_blob_that_is_copied_at_once_arrives_with_each_header(side: Side, pair: World) -> None:
    source, target = _places(pair, "whole")
    with pair.container_client("source") as client:
        client.upload_blob("whole", DATA, content_settings=SETTINGS)
    [blob] = (await side.blobs.listing(source))[0]
    await side.blobs.copy_from(side.blobs, source, blob, target)
    [copy] = (await side.blobs.listing(target))[0]
    assert copy.headers == blob.headers and len(blob.headers) == 5
