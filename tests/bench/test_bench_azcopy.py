"""Against AzCopy, service to service: ten thousand small blobs, and one of two GiB."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.azcopying import Turns, copied, in_turn, told
from tests.bench.measuring import MIB, Figures, Spent, spent

from azsandbox.client import Client

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
STORAGE = "https://storage.azure.com"
SMALL = 10_000
PIECE = 64 * MIB
PIECES = 32


def _with_azcopy(azcopy: Path, world: World) -> Spent:
    """Copies what lies below `many` to a container of its own in the target's account."""
    world.azure(lambda client: client.create_container(world.account("target"), "azcopy"))
    host = "blob.core.windows.net"
    source = f"https://{world.account('source')}.{host}/{world.container('source')}/many"
    target = f"https://{world.account('target')}.{host}/azcopy"
    return copied(azcopy, world, source, target, len(world.blobs("source")))


def _with_migrate(world: World) -> Spent:
    """Runs a plan whose one asset lies on all the blobs."""
    world.ok("plan", *world.names)
    done = spent([MIGRATE, "run", "--json"], world.folder, world.env)
    assert {b.size for b in world.blobs("target").values()} == {b.size for b in world.blobs("source").values()}
    assert len(world.blobs("target")) == len(world.blobs("source"))
    return done


def _asset(world: World, blobs: list[dict[str, Any]]) -> None:
    uri = "azureml://datastores/workspaceblobstore/paths/many"
    properties = {"dataType": "uri_folder", "dataUri": uri}
    world.seed([{"kind": "data", "name": "many", "version": "1", "properties": properties}], blobs)


def _small(world: World) -> None:
    _asset(world, [{"container": "azureml-blobstore", "path": f"many/{n % 10}/part-{n:05d}", "bytes": 200 + n % 800}
                   for n in range(SMALL)])  # fmt: skip


def test_ten_thousand_small_blobs(fresh: Callable[..., World], azcopy: Path, figures: Figures) -> None:
    turns = in_turn(fresh, _small, partial(_with_azcopy, azcopy), _with_migrate)
    assert told(figures, turns, SMALL, f"{SMALL} small blobs", "blob")


async def _large(client: Client, account: str, container: str) -> None:
    """A blob of two GiB, put together inside the service from one upload of 64 MiB."""
    host = f"https://{account}.blob.core.windows.net/{container}"
    await client.upload(account, f"{container}/seed/piece", os.urandom(1024) * (PIECE // 1024))
    listed = ""
    for number in range(PIECES):
        block = base64.b64encode(f"{number:08d}".encode()).decode()
        listed += f"<Latest>{block}</Latest>"
        headers = {
            "x-ms-version": "2023-11-03",
            "x-ms-copy-source": f"{host}/seed/piece",
            "x-ms-copy-source-authorization": f"Bearer {await client.token(STORAGE)}",
            "Content-Length": "0",
        }
        await client.send(
            "PUT", f"{host}/many/large?comp=block&blockid={quote(block, safe='')}", STORAGE, headers=headers
        )
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
    await client.send(
        "PUT", f"{host}/many/large?comp=blocklist", STORAGE, headers={"x-ms-version": "2023-11-03"}, data=body
    )
    await client.send("DELETE", f"{host}/seed/piece", STORAGE, headers={"x-ms-version": "2023-11-03"})


def _one_large(world: World) -> None:
    _asset(world, [])
    world.azure(lambda client: _large(client, world.account("source"), world.container("source")))
    assert [blob.size for blob in world.blobs("source").values()] == [PIECE * PIECES]


def test_one_blob_of_two_gib(fresh: Callable[..., World], azcopy: Path, figures: Figures) -> None:
    turns = in_turn(fresh, _one_large, partial(_with_azcopy, azcopy), _with_migrate)
    theirs_wall, theirs_cpu = Turns.mean(turns.theirs)
    wall, cpu = Turns.mean(turns.ours)
    figures.add("one blob of 2 GiB: AzCopy", f"{theirs_wall:.1f} s, {theirs_cpu:.1f} s of processor")
    assert figures.add(
        "one blob of 2 GiB: `migrate run`",
        f"{wall:.1f} s, {cpu:.1f} s of processor",
        "not slower, and less",
        holds=wall <= theirs_wall and cpu < theirs_cpu,
    )
