"""Copies inside Azure by the product's own client: large ones in blocks, pinned, atomic, with all that a blob has."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.storage.blob import ContainerClient, ContentSettings, StandardBlobTier
from tests.acceptance.world import World, make_world

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
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


@pytest.mark.usefixtures("azure_env", "in_blocks")
def test_a_large_blob_arrives_in_blocks_with_all_it_has(pair: World) -> None:
    with pair.container_client("source") as client:
        _upload(client, "large")
        asyncio.run(_copy(pair, client))


async def _copy(pair: World, client: ContainerClient) -> None:
    credential = Credential(Login())
    side = module.Blobs(Login(), credential)
    source = Location(pair.account("source"), pair.container("source"), "large")
    target = Location(pair.account("target"), pair.container("target"), "large")
    try:
        [blob] = (await side.listing(source))[0]
        await side.copy_from(side, source, blob, target)
        [copy] = (await side.listing(target))[0]
        sha, _, length = await side.digest(target, copy)
        assert (sha, length) == ((await side.digest(source, blob))[0], len(DATA))
        for name in ("length", "md5", "headers", "metadata", "tags", "tier"):
            assert getattr(copy, name) == getattr(blob, name), name
        with pytest.raises(ServiceError) as taken:
            await side.copy_from(side, source, blob, target)
        assert taken.value.status == 409
        client.upload_blob("large", DATA[:-1], overwrite=True)
        other = Location(target.account, target.container, "other")
        with pytest.raises(ServiceError) as changed:
            await side.copy_from(side, source, blob, other)
        assert changed.value.status == 412
        assert await side.head(other) is None
    finally:
        await side.close()
        await credential.close()
        # aiohttp closes TLS connections a moment after the session.
        await asyncio.sleep(0.3)


@pytest.mark.usefixtures("azure_env")
@pytest.mark.parametrize("small", [len(DATA), 500], ids=["in one piece", "in ranges"])
def test_a_blob_that_was_written_since_it_was_listed_has_no_digest(
    pair: World, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(module, "RANGE", small)
    with pair.container_client("source") as client:
        asyncio.run(_changed(pair, client))


async def _changed(pair: World, client: ContainerClient) -> None:
    credential = Credential(Login())
    side = module.Blobs(Login(), credential)
    place = Location(pair.account("source"), pair.container("source"), "changing")
    try:
        client.upload_blob(place.path, DATA, overwrite=True)
        [listed] = (await side.listing(place))[0]
        assert (await side.digest(place, listed))[2] == len(DATA)
        client.upload_blob(place.path, DATA[::-1], overwrite=True)
        for read in (side.digest(place, listed), side.read(place, len(DATA), listed.etag)):
            with pytest.raises(ServiceError) as changed:
                await read
            assert changed.value.status == 412
    finally:
        await side.close()
        await credential.close()
        await asyncio.sleep(0.3)


SETTINGS = ContentSettings(
    content_type="text/x",
    content_language="de",
    content_encoding="gzip",
    content_disposition="inline",
    cache_control="no-cache",
)


@pytest.mark.usefixtures("azure_env")
def test_a_blob_that_is_copied_at_once_arrives_with_each_header(pair: World) -> None:
    with pair.container_client("source") as client:
        client.upload_blob("whole", DATA, content_settings=SETTINGS)
        asyncio.run(_whole(pair))


async def _whole(pair: World) -> None:
    credential = Credential(Login())
    side = module.Blobs(Login(), credential)
    source = Location(pair.account("source"), pair.container("source"), "whole")
    target = Location(pair.account("target"), pair.container("target"), "whole")
    try:
        [blob] = (await side.listing(source))[0]
        await side.copy_from(side, source, blob, target)
        [copy] = (await side.listing(target))[0]
        assert copy.headers == blob.headers and len(blob.headers) == 5
    finally:
        await side.close()
        await credential.close()
        await asyncio.sleep(0.3)
