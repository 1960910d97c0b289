"""Copies in blocks by the product's own client against the local Azure: stopped, gone on with, raced and lost."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from azure.storage.blob import BlobClient
from tests.acceptance.world import World, make_world
from tests.builders import fault

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud.blockcopies import blocks_of
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ConflictError, InterruptedRunError
from amlmigrate.core.parallel import never
from amlmigrate.core.workspace import Location

DATA = bytes(range(250)) * 4
BLOCK = 100
BLOCKS = 10
PUT = {"method": "PUT", "query": "comp=block&"}


@pytest.fixture(scope="module")
def made(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts."""
    return make_world(sandbox, tmp_path_factory.mktemp("blocks"))


@pytest.fixture
def pair(made: World, azure_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "LARGEST_SINGLE", 500)
    monkeypatch.setattr(module, "BLOCK", BLOCK)
    yield made
    made.set_faults()


def _with(work: Callable[[Side], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        side = Side(Login())
        try:
            return await work(side)
        finally:
            await side.close()
            await asyncio.sleep(0.1)

    return asyncio.run(inside())


def _place(pair: World, which: str, name: str) -> Location:
    return Location(pair.account(which), pair.container(which), name)


def _write(pair: World, name: str, data: bytes = DATA) -> None:
    with pair.container_client("source") as client:
        client.upload_blob(name, data, overwrite=True)


async def _listed(side: Side, pair: World, name: str) -> Blob:
    [found] = (await side.blobs.listing(_place(pair, "source", name)))[0]
    return found


async def _copy(
    side: Side, pair: World, name: str, blob: Blob | None = None, stopping: Callable[[], bool] = never
) -> str:
    blob = blob or await _listed(side, pair, name)
    source, target = _place(pair, "source", name), _place(pair, "target", name)
    return await side.blobs.copy_from(side.blobs, source, blob, target, stopping=stopping)


async def _bytes(side: Side, pair: World, name: str) -> bytes | None:
    return await side.blobs.read(_place(pair, "target", name), 10_000)


def _put(pair: World, since: str, name: str) -> list[str]:
    """The blocks that were asked for, by their queries."""
    rows = (row for row in pair.log(since) if row["method"] == "PUT" and row["path"].endswith(f"/{name}"))
    return [row["query"] for row in rows if "comp=block&" in row.get("query", "")]


def _stopping_after(calls: int) -> Callable[[], bool]:
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > calls

    return stopping


@contextmanager
def _target(pair: World, name: str) -> Iterator[BlobClient]:
    with pair.container_client("target") as client:
        yield client.get_blob_client(name)


def _stage(pair: World, name: str, block_id: str, data: bytes) -> None:
    with _target(pair, name) as client:
        client.stage_block(block_id, data)


def _upload(pair: World, name: str, data: bytes) -> None:
    with _target(pair, name) as client:
        # Azurite takes blocks alone for a blob that exists.
        client.upload_blob(data, overwrite=True)


def test_one_that_was_stopped_goes_on_from_the_blocks_that_are_there(pair: World) -> None:
    _write(pair, "stopped")
    since = pair.now()

    async def work(side: Side) -> bytes | None:
        with pytest.raises(InterruptedRunError):
            await _copy(side, pair, "stopped", stopping=_stopping_after(4))
        assert await side.blobs.head(_place(pair, "target", "stopped")) is None
        assert 0 < len(_put(pair, since, "stopped")) < BLOCKS
        await _copy(side, pair, "stopped")
        return await _bytes(side, pair, "stopped")

    assert _with(work) == DATA
    asked = _put(pair, since, "stopped")
    # Each once, in both attempts together.
    assert len(asked) == len(set(asked)) == BLOCKS


def test_blocks_of_another_version_are_never_mixed_in(pair: World) -> None:
    _write(pair, "mixed")
    since = pair.now()

    async def work(side: Side) -> bytes | None:
        with pytest.raises(InterruptedRunError):
            await _copy(side, pair, "mixed", stopping=_stopping_after(4))
        # As long as the one before: only its version tells them apart.
        await asyncio.to_thread(_write, pair, "mixed", DATA[::-1])
        await _copy(side, pair, "mixed")
        return await _bytes(side, pair, "mixed")

    assert _with(work) == DATA[::-1]
    versions = Counter(_version(query) for query in _put(pair, since, "mixed"))
    assert len(versions) == 2 and sorted(versions.values())[1] == BLOCKS


def _version(query: str) -> str:
    """What the ids of one version's blocks begin with."""
    return base64.b64decode(dict(parse_qsl(query))["blockid"]).decode()[:24]


def test_a_source_that_changes_between_two_blocks_makes_no_blob(pair: World) -> None:
    _write(pair, "changing")

    async def work(side: Side) -> None:
        listed = await _listed(side, pair, "changing")
        with pytest.raises(InterruptedRunError):
            await _copy(side, pair, "changing", listed, stopping=_stopping_after(4))
        await asyncio.to_thread(_write, pair, "changing", DATA[::-1])
        with pytest.raises(ServiceError) as changed:
            await _copy(side, pair, "changing", listed)
        assert (changed.value.status, changed.value.code) == (412, "SourceConditionNotMet")
        assert await side.blobs.head(_place(pair, "target", "changing")) is None

    _with(work)


def test_a_block_that_is_shorter_than_ours_is_put_again(pair: World) -> None:
    _write(pair, "short")

    async def work(side: Side) -> bytes | None:
        listed = await _listed(side, pair, "short")
        source = side.blobs.url(_place(pair, "source", "short"))
        first = blocks_of(source, listed.etag, listed.length, size=BLOCK)[0]
        await asyncio.to_thread(_stage, pair, "short", first.id, b"x")
        await _copy(side, pair, "short")
        return await _bytes(side, pair, "short")

    assert _with(work) == DATA


def test_blocks_that_others_put_under_the_name_are_no_part_of_it(pair: World) -> None:
    _write(pair, "others")

    async def work(side: Side) -> bytes | None:
        await asyncio.to_thread(_stage, pair, "others", "o" * 32, b"somebody else's")
        await _copy(side, pair, "others")
        return await _bytes(side, pair, "others")

    assert _with(work) == DATA
    with _target(pair, "others") as client:
        committed, uncommitted = client.get_block_list("all")
    assert len(committed) == BLOCKS and uncommitted == []


def test_beside_ids_of_another_length_nothing_is_put_and_nothing_thrown_away(pair: World) -> None:
    _write(pair, "lengths")
    since = pair.now()
    _stage(pair, "lengths", "short", b"somebody else's")

    async def work(side: Side) -> ConflictError:
        with pytest.raises(ConflictError) as refused:
            await _copy(side, pair, "lengths")
        return refused.value

    error = _with(work)
    assert error.address.endswith("/lengths") and "week" in error.remedy
    # The one that somebody else put.
    assert len(_put(pair, since, "lengths")) == 1
    with _target(pair, "lengths") as client:
        assert [block.id for block in client.get_block_list("uncommitted")[1]] == ["short"]


def test_a_blob_that_is_written_there_meanwhile_is_not_overwritten(pair: World) -> None:
    _write(pair, "raced")

    async def work(side: Side) -> ServiceError:
        with pytest.raises(InterruptedRunError):
            await _copy(side, pair, "raced", stopping=_stopping_after(4))
        await asyncio.to_thread(_upload, pair, "raced", b"theirs")
        with pytest.raises(ServiceError) as taken:
            await _copy(side, pair, "raced")
        assert await _bytes(side, pair, "raced") == b"theirs"
        return taken.value

    assert _with(work).status == 409


@pytest.mark.parametrize("theirs", [False, True])
def test_an_answer_that_is_lost_at_the_end_is_settled_by_the_blocks(pair: World, theirs: bool) -> None:
    """Neither side is read for it; a blob of others, of the same length, is not taken for the copy."""
    name = f"lost-{theirs}"
    _write(pair, name)
    rule = fault("PUT", f"/{name}$", query="comp=blocklist", drop="before" if theirs else "after")
    pair.set_faults(rule)
    since = pair.now()

    async def work(side: Side) -> str:
        if theirs:
            await asyncio.to_thread(_upload, pair, name, DATA[::-1])
        return await _copy(side, pair, name)

    if theirs:
        with pytest.raises(ServiceError) as taken:
            _with(work)
        assert taken.value.status == 409
        return
    etag = _with(work)
    with _target(pair, name) as client:
        assert etag == client.get_blob_properties().etag
        assert client.download_blob().readall() == DATA
    reads = [row for row in pair.log(since) if row["method"] == "GET" and row["path"].endswith(f"/{name}")]
    # The list of blocks, before and after; and what this test reads itself.
    assert len([row for row in reads if not row.get("query")]) == 1


@pytest.mark.parametrize("fault", [{"action": "status", "status": 503}, {"action": "drop", "when": "after"}])
def test_a_block_that_fails_is_put_again_by_itself(pair: World, fault: dict[str, Any]) -> None:
    name = f"failing-{fault['action']}"
    _write(pair, name)
    pair.set_faults({"match": {**PUT, "path": f"/{name}$", "nth": BLOCKS}, **fault})
    since = pair.now()

    async def work(side: Side) -> bytes | None:
        await _copy(side, pair, name)
        return await _bytes(side, pair, name)

    assert _with(work) == DATA
    assert len(_put(pair, since, name)) == BLOCKS + 1
