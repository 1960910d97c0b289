"""A blob above 5,000 MiB by the limits as they are: stopped between two blocks, gone on with, and read in ranges."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp.connector
import pytest
from azure.storage.blob import BlobBlock
from tests.acceptance.world import World
from tests.bench.measuring import MIB

from amlmigrate.cloud import transport
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Side
from amlmigrate.core.errors import InterruptedRunError
from amlmigrate.core.limits import LARGEST_SINGLE
from amlmigrate.core.workspace import Location

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
PIECE = 256 * MIB
PIECES = 21
NAME = "long"


@pytest.fixture
def long(fresh: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> tuple[World, str]:
    """Two workspaces, with a blob that is one block, twenty-one times: it takes no more room than that; its SHA-256."""
    made = fresh()
    data = os.urandom(MIB) * (PIECE // MIB)
    with made.container_client("source") as client:
        blob = client.get_blob_client(NAME)
        blob.stage_block("AAAA", data)
        blob.commit_block_list([BlobBlock("AAAA")] * PIECES)
        assert blob.get_blob_properties().size == PIECE * PIECES > LARGEST_SINGLE
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    aiohttp.connector._SSL_CONTEXT_VERIFIED.load_verify_locations(made.env["SSL_CERT_FILE"])
    transport.proxy_of.cache_clear()
    return made, _digest(data)


def _digest(data: bytes) -> str:
    found = hashlib.sha256()
    for _ in range(PIECES):
        found.update(data)
    return found.hexdigest()


def _with(work: Callable[[Side], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        side = Side(Login())
        try:
            return await work(side)
        finally:
            await side.close()

    return asyncio.run(inside())


def test_one_above_the_limit_of_a_single_copy(long: tuple[World, str]) -> None:
    world, digest = long
    source, target = (Location(world.account(side), world.container(side), NAME) for side in ("source", "target"))
    since = world.now()
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 12

    async def copy(side: Side, **options: Any) -> Any:
        [blob] = (await side.blobs.listing(source))[0]
        return await side.blobs.copy_from(side.blobs, source, blob, target, **options)

    with pytest.raises(InterruptedRunError):
        _with(lambda side: copy(side, stopping=stopping))
    before = len(_blocks(world, since))
    assert 0 < before < PIECES
    _with(copy)
    asked_for = _blocks(world, since)
    assert len(asked_for) == len(set(asked_for)) == PIECES

    async def read(side: Side) -> str:
        [blob] = (await side.blobs.listing(target))[0]
        return (await side.blobs.digest(target, blob))[0]

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _with(read) == digest
    # Reading adds what is read ahead at the most, in KiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 256 * 1024


def _blocks(world: World, since: str) -> list[str]:
    rows = (row for row in world.log(since) if row["method"] == "PUT" and row["path"].endswith(f"/{NAME}"))
    return [row["query"] for row in rows if "comp=block&" in row.get("query", "")]
