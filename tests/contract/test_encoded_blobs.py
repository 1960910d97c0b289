"""Blobs with a `Content-Encoding`: what is read is what is stored, by every way, whatever the label says."""

from __future__ import annotations

import gzip
import hashlib
import random
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from azure.storage.blob import ContentSettings
from tests.acceptance.world import World, make_world

from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location

TEXT = b"paths:\n- file: ./a.csv\n" * 100
# No compression makes these smaller than 8 MiB, above which a blob is read in ranges.
NOISE = random.Random(7).randbytes(9 * 2**20)
STORED = {
    "gzip": (gzip.compress(TEXT), gzip.compress(NOISE, 1)),
    "deflate": (zlib.compress(TEXT), zlib.compress(NOISE, 1)),
    # What a client undoes for `deflate` is the raw form, though the standard's has a header.
    "deflate ": (zlib.compress(TEXT, wbits=-15), zlib.compress(NOISE, 1, wbits=-15)),
    "br": (TEXT, NOISE),
    "x-unknown": (TEXT, NOISE),
    # A label that is not true must not matter either.
    "GZIP": (TEXT, NOISE),
}


@pytest.fixture(scope="module")
def pair(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts."""
    return make_world(sandbox, tmp_path_factory.mktemp("encoded"))


def _uploads(pair: World) -> Iterator[tuple[str, bytes, str]]:
    with pair.container_client("source") as client:
        for label, both in STORED.items():
            for data in both:
                name = f"{label.strip()}-{len(label)}-{len(data)}"
                settings = ContentSettings(content_encoding=label.strip())
                client.upload_blob(name, data, content_settings=settings, overwrite=True)
                yield name, data, label.strip()


async def _digested(side: Side, place: Location, blob: Blob) -> tuple[str, int, bytes]:
    """SHA-256 and length of a blob, and the bytes that whoever watches is handed."""
    handed: list[bytes] = []
    sha256, _, length = await side.blobs.digest(place, blob, lambda: handed.append)
    return sha256, length, b"".join(handed)


async def test_what_is_read_is_what_is_stored(side: Side, pair: World) -> None:
    uploads = list(_uploads(pair))
    account, container = pair.account("source"), pair.container("source")
    listed = {blob.path: blob for blob in (await side.blobs.listing(Location(account, container)))[0]}
    for name, data, label in uploads:
        place, blob = Location(account, container, name), listed[name]
        assert dict(blob.headers)["content_encoding"] == label
        assert await _digested(side, place, blob) == (hashlib.sha256(data).hexdigest(), len(data), data), name
        assert await side.blobs.read(place, 2**30, blob.etag) == data, name
        assert (await side.leases.read(place) or (b"",))[0] == data, name
        found = await side.blobs.fetch(place, 2**30, blob.etag)
        assert found is not None, name
        assert (found.data, found.encoding) == (data, label), name
        target = Location(pair.account("target"), pair.container("target"), name)
        await side.blobs.write(blob, target, data)
        copy = await side.blobs.head(target)
        assert copy, name
        assert (copy.headers, copy.length) == (blob.headers, len(data)), name
