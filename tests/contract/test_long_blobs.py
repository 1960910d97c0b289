"""Reading long blobs by the product's own client against the local Azure, whose answers are cut, odd or late."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tests.acceptance.world import World, make_world
from tests.builders import fault

from amlmigrate.cloud import hashing as module
from amlmigrate.cloud import retrying
from amlmigrate.cloud.errors import OtherBytesError, OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Location

SIZE, COUNT = 1_000, 10
DATA = bytes(range(250)) * (SIZE * COUNT // 250)
SHA = hashlib.sha256(DATA).hexdigest()
GET = {"method": "GET", "path": "/long$"}
LAST = {**GET, "nth": COUNT}


@pytest.fixture(scope="module")
def made(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts, with one blob of ten ranges."""
    world = make_world(sandbox, tmp_path_factory.mktemp("long"))
    with world.container_client("source") as client:
        client.upload_blob("long", DATA, overwrite=True)
    return world


@pytest.fixture
def pair(made: World, azure_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "RANGE", SIZE)
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)
    yield made
    made.set_faults()


Hash = Callable[..., Awaitable[tuple[str, int]]]


@pytest.fixture
def hashed(side: Side, pair: World) -> Hash:
    """Reads the blob under some rules: the digest, and how many reads it took."""

    async def reading(*rules: dict[str, Any]) -> tuple[str, int]:
        pair.set_faults(*rules)
        since = pair.now()
        [blob] = (await side.blobs.listing(_place(pair, "long")))[0]
        found = await side.blobs.digest(_place(pair, "long"), blob)
        rows = (row for row in pair.log(since) if row["method"] == "GET" and row["path"].endswith("/long"))
        return found[0], len(list(rows))

    return reading


def _place(pair: World, name: str) -> Location:
    return Location(pair.account("source"), pair.container("source"), name)


def _etag(pair: World) -> str:
    with pair.container_client("source") as client:
        return str(client.get_blob_client("long").get_blob_properties().etag)


async def test_each_range_is_asked_for_once(hashed: Hash) -> None:
    assert await hashed() == (SHA, COUNT)


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503},
        {"action": "status", "status": 500},
        {"action": "status", "status": 429, "retry_after": 0},
        {"action": "drop", "when": "before"},
        {"action": "drop", "when": "after"},
        {"action": "cut", "bytes": 0},
        {"action": "cut", "bytes": SIZE // 2},
        {"action": "expired_token"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
async def test_a_range_that_fails_at_the_end_is_read_again_alone(
    hashed: Hash, pair: World, fault: dict[str, Any]
) -> None:
    """Two in a row too: what was read before is not read again."""
    times = 1 if fault["action"] == "expired_token" else 2
    assert await hashed({"match": {**LAST, "times": times}, **fault}) == (SHA, COUNT + times)


ODD = {
    "the whole blob": (200, {}, DATA),
    "of another range": (206, {"Content-Range": f"bytes 1-{SIZE}/{len(DATA)}"}, DATA[:SIZE]),
    "of another length": (206, {"Content-Range": f"bytes 0-{SIZE - 1}/{len(DATA) + 1}"}, DATA[:SIZE]),
    "too short": (206, {"Content-Range": f"bytes 0-{SIZE - 1}/{len(DATA)}"}, DATA[: SIZE - 1]),
    "too long": (206, {"Content-Range": f"bytes 0-{SIZE - 1}/{len(DATA)}"}, DATA[: SIZE + 1]),
    "without range": (206, {}, DATA[:SIZE]),
}


def _odd(pair: World, what: str, **match: Any) -> dict[str, Any]:
    status, headers, body = ODD[what]
    # Signs of one byte each, so that the length is that of the bytes.
    text = "x" * len(body)
    headers = {**headers, "ETag": _etag(pair)}
    return fault(**GET, **match, status=status, headers=headers, body=text)


@pytest.mark.parametrize("what", ODD)
async def test_an_answer_with_other_bytes_is_no_answer(hashed: Hash, pair: World, what: str) -> None:
    assert await hashed(_odd(pair, what)) == (SHA, COUNT + 1)


async def test_one_that_is_so_for_good_ends_with_what_it_is(hashed: Hash, pair: World) -> None:
    with pytest.raises(OtherBytesError) as odd:
        await hashed(_odd(pair, "the whole blob", times=0))
    assert "200 instead of 206" in odd.value.summary and odd.value.address.endswith("/long")


async def test_one_that_breaks_off_for_good_is_out_of_reach(hashed: Hash, pair: World) -> None:
    with pytest.raises(OutOfReachError):
        await hashed(fault(**LAST, times=0, cut=10))


async def test_a_range_that_the_service_has_not_is_no_knowledge_of_the_blob(hashed: Hash) -> None:
    fault = {"action": "status", "status": 416, "code": "InvalidRange"}
    with pytest.raises(ServiceError) as refused:
        await hashed({"match": LAST, **fault})
    assert (refused.value.status, refused.value.code) == (416, "InvalidRange")


async def test_another_version_in_the_midst_is_drift(side: Side, pair: World) -> None:
    place, asked = _place(pair, "changing"), 0
    with pair.container_client("source") as client:
        client.upload_blob("changing", DATA, overwrite=True)

        def stopping() -> bool:
            nonlocal asked
            asked += 1
            if asked == COUNT // 2:
                client.upload_blob("changing", DATA[::-1], overwrite=True)
            return False

        [blob] = (await side.blobs.listing(place))[0]
        with pytest.raises(ServiceError) as changed:
            await side.blobs.digest(place, blob, stopping=stopping)
    assert (changed.value.status, changed.value.code) == (412, "ConditionNotMet")
