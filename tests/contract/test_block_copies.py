"""Copies in blocks by the product's own client against the local Azure: stopped, gone on with, raced and lost."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from azure.storage.blob import BlobClient
from tests.acceptance.world import World, make_world
from tests.builders import fault

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud.blockcopies import blocks_of
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


async def test_one_that_was_stopped_goes_on_from_the_blocks_that_are_there(side: Side, pair: World) -> None:
    _write(pair, "stopped")
    since = pair.now()

    with pytest.raises(InterruptedRunError):
        await _copy(side, pair, "stopped", stopping=_stopping_after(4))
    assert await side.blobs.head(_place(pair, "target", "stopped")) is None
    assert 0 < len(_put(pair, since, "stopped")) < BLOCKS
    await _copy(side, pair, "stopped")
    assert await _bytes(side, pair, "stopped") == DATA
    asked = _put(pair, since, "stopped")
    # Each once, in both attempts together.
    assert len(asked) == len(set(asked)) == BLOCKS


async def test_blocks_of_another_version_are_never_mixed_in(side: Side, pair: World) -> None:
    _write(pair, "mixed")
    since = pair.now()

    with pytest.raises(InterruptedRunError):
        await _copy(side, pair, "mixed", stopping=_stopping_after(4))
    # As long as the one before: only its version tells them apart.
    _write(pair, "mixed", DATA[::-1])
    await _copy(side, pair, "mixed")
    assert await _bytes(side, pair, "mixed") == DATA[::-1]
    versions = Counter(_version(query) for query in _put(pair, since, "mixed"))
    assert len(versions) == 2 and sorted(versions.values())[1] == BLOCKS


def _version(query: str) -> str:
    """What the ids of one version's blocks begin with."""
    return base64.b64decode(dict(parse_qsl(query))["blockid"]).decode()[:24]


async def test_a_source_that_changes_between_two_blocks_makes_no_blob(side: Side, pair: World) -> None:
    _write(pair, "changing")

    listed = await _listed(side, pair, "changing")
    with pytest.raises(InterruptedRunError):
        await _copy(side, pair, "changing", listed, stopping=_stopping_after(4))
    _write(pair, "changing", DATA[::-1])
    with pytest.raises(ServiceError) as changed:
        await _copy(side, pair, "changing", listed)
    assert (changed.value.status, changed.value.code) == (412, "SourceConditionNotMet")
    assert await side.blobs.head(_place(pair, "target", "changing")) is None


async def test_a_block_that_is_shorter_than_ours_is_put_again(side: Side, pair: World) -> None:
    _write(pair, "short")

    listed = await _listed(side, pair, "short")
    source = side.blobs.url(_place(pair, "source", "short"))
    first = blocks_of(source, listed.etag, listed.length, size=BLOCK)[0]
    _stage(pair, "short", first.id, b"x")
    await _copy(side, pair, "short")
    assert await _bytes(side, pair, "short") == DATA


async def test_blocks_that_others_put_under_the_name_are_no_part_of_it(side: Side, pair: World) -> None:
    _write(pair, "others")

    _stage(pair, "others", "o" * 32, b"somebody else's")
    await _copy(side, pair, "others")
    assert await _bytes(side, pair, "others") == DATA
    with _target(pair, "others") as client:
        committed, uncommitted = client.get_block_list("all")
    assert len(committed) == BLOCKS and uncommitted == []


async def test_beside_ids_of_another_length_nothing_is_put_and_nothing_thrown_away(
    side: Side, pair: World
) -> None:
    _write(pair, "lengths")
    since = pair.now()
    _stage(pair, "lengths", "short", b"somebody else's")

    with pytest.raises(ConflictError) as refused:
        await _copy(side, pair, "lengths")
    error = refused.value
    assert error.address.endswith("/lengths") and "week" in error.remedy
    # The one that somebody else put.
    assert len(_put(pair, since, "lengths")) == 1
    with _target(pair, "lengths") as client:
        assert [block.id for block in client.get_block_list("uncommitted")[1]] == ["short"]


async def test_a_blob_that_is_written_there_meanwhile_is_not_overwritten(side: Side, pair: World) -> None:
    _write(pair, "raced")

    with pytest.raises(InterruptedRunError):
        await _copy(side, pair, "raced", stopping=_stopping_after(4))
    _upload(pair, "raced", b"theirs")
    with pytest.raises(ServiceError) as taken:
        await _copy(side, pair, "raced")
    assert await _bytes(side, pair, "raced") == b"theirs"
    assert taken.value.status == 409


@pytest.mark.parametrize("theirs", [False, True])
async def test_an_answer_that_is_lost_at_the_end_is_settled_by_the_blocks(
    side: Side, pair: World, theirs: bool
) -> None:
    """Neither side is read for it; a blob of others, of the same length, is not taken for the copy."""
    name = f"lost-{theirs}"
    _write(pair, name)
    pair.set_faults(fault("PUT", f"/{name}$", query="comp=blocklist", drop="before" if theirs else "after"))
    since = pair.now()
    if theirs:
        _upload(pair, name, DATA[::-1])
        with pytest.raises(ServiceError) as taken:
            await _copy(side, pair, name)
        assert taken.value.status == 409
        return
    etag = await _copy(side, pair, name)
    reads = [row for row in pair.log(since) if row["method"] == "GET" and row["path"].endswith(f"/{name}")]
    # The list of blocks, before and after.
    assert reads and [row for row in reads if not row.get("query")] == []
    with _target(pair, name) as client:
        assert etag == client.get_blob_properties().etag
        assert client.download_blob().readall() == DATA


@pytest.mark.parametrize("fault", [{"action": "status", "status": 503}, {"action": "drop", "when": "after"}])
async def test_a_block_that_fails_is_put_again_by_itself(side: Side, pair: World, fault: dict[str, Any]) -> None:
    name = f"failing-{fault['action']}"
    _write(pair, name)
    pair.set_faults({"match": {**PUT, "path": f"/{name}$", "nth": BLOCKS}, **fault})
    since = pair.now()

    await _copy(side, pair, name)
    assert await _bytes(side, pair, name) == DATA
    assert len(_put(pair, since, name)) == BLOCKS + 1
