"""Each store of bytes, by its own client against the local Azure: one suite for blobs and file shares."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.acceptance.world import World, make_world

from amlmigrate.cloud import hashing, ranges, retrying, shares
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.store import Store, UnsupportedError
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import InterruptedRunError, LeaseLostError
from amlmigrate.core.workspace import Location, Service

DATA = bytes(range(256)) * 5
SIZE = 100
NAMES = (
    "a+b c.ipynb",
    "Ü & [x]=1.txt",
    "100% sure.csv",
    "日本.py",
    "quote's.txt",
    "ends in dots..",
    "#1~.txt",
    "%41",
)
SHARE = "stores"


@pytest.fixture(scope="module")
def world(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts, each with a container and a share."""
    made = make_world(sandbox, tmp_path_factory.mktemp("stores"))
    for which in ("source", "target"):
        made.make_share(SHARE, which)
    return made


@pytest.fixture(params=list(Service), ids=lambda service: service.value)
def service(request: pytest.FixtureRequest) -> Service:
    return Service(request.param)


@pytest.fixture
def place(world: World, service: Service, request: pytest.FixtureRequest) -> Location:
    """A folder of the test's own."""
    container = world.container("source") if service is Service.BLOB else SHARE
    folder = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    return Location(world.account("source"), container, folder, service=service)


@pytest.fixture
def store(side: Side, service: Service, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Whatever is longer than 100 bytes is read in ranges."""
    monkeypatch.setattr(hashing, "RANGE", SIZE)
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)
    return side.store(service)


def _blob(path: str, data: bytes = DATA) -> Blob:
    headers = (("content_encoding", "gzip"), ("content_language", "de"), ("content_type", "text/x"))
    return Blob(path, len(data), "", headers=headers, metadata=(("k", "v"),))


async def _written(store: Store, place: Location, data: bytes = DATA) -> Blob:
    await store.write(_blob(place.path, data), place, data)
    found = await store.head(place)
    assert found
    return found


async def _paths(store: Store, place: Location) -> list[str]:
    return [one.path async for one in store.list(place)]


async def test_what_is_written_is_found_as_it_was_written(store: Store, place: Location) -> None:
    place = place.below("deep/er/x")

    etag = await store.write(_blob(place.path), place, DATA)
    found = await store.head(place)
    assert found and (found.path, found.length, found.etag) == (place.path, len(DATA), etag)
    assert found.md5 == base64.b64encode(hashlib.md5(DATA, usedforsecurity=False).digest()).decode()
    assert found.metadata == (("k", "v"),) and found.headers == _blob(place.path).headers
    [listed] = [one async for one in store.list(place)]
    assert (listed.path, listed.length, listed.etag) == (place.path, len(DATA), etag)
    assert await store.read(place, len(DATA), etag) == await store.read(place, len(DATA)) == DATA


async def test_each_name_is_its_own(store: Store, place: Location) -> None:
    for name in NAMES:
        await _written(store, place.below(name), name.encode())
    assert await _paths(store, place) == sorted(f"{place.path}/{name}" for name in NAMES)
    for name in NAMES:
        found = await store.head(place.below(name))
        assert found and await store.read(place.below(name), SIZE, found.etag) == name.encode()
        assert (await store.digest(place.below(name), found))[0] == hashlib.sha256(name.encode()).hexdigest()


async def test_a_list_is_of_what_lies_below_a_prefix_in_the_order_of_code_points(
    store: Store, place: Location
) -> None:
    paths = ("b/c/2", "b/c/1", "b-c", "b/c.d/1", "Big", "b/c0", "z", "é", "a/x")

    for path in paths:
        await _written(store, place.below(f"in/{path}"), b"x")
    await _written(store, place.below("other"), b"x")
    root = f"{place.path}/in"
    assert await _paths(store, place.below("in")) == sorted(f"{root}/{path}" for path in paths)
    inner = [f"{root}/b/c.d/1", f"{root}/b/c/1", f"{root}/b/c/2", f"{root}/b/c0"]
    assert await _paths(store, place.below("in/b/c")) == inner
    assert await _paths(store, place.at(f"{root}/b/c/")) == [f"{root}/b/c/1", f"{root}/b/c/2"]
    assert await _paths(store, place.below("nothing")) == []


async def test_what_is_not_there_is_none_and_a_list_of_it_is_refused(store: Store, place: Location) -> None:
    nowhere = replace(place, container="missing")

    for one in (place.below("missing"), place.below("missing/deep"), nowhere):
        assert await store.head(one) is None and await store.read(one, SIZE) is None
        await store.delete(one, '"0x1"')
    with pytest.raises(ServiceError) as refused:
        await _paths(store, nowhere)
    code = "ContainerNotFound" if store.service is Service.BLOB else "ShareNotFound"
    assert (refused.value.status, refused.value.code) == (404, code)


async def test_only_small_ones_of_the_version_that_is_named_are_read(store: Store, place: Location) -> None:
    old = await _written(store, place)
    assert await store.read(place, len(DATA) - 1) is None
    await store.write(_blob(place.path), place, DATA[::-1], replaces=old.etag)
    for read in (store.read(place, len(DATA), old.etag), store.digest(place, old)):
        with pytest.raises(ServiceError) as other:
            await read
        assert other.value.status == 412
    assert await store.read(place, len(DATA)) == DATA[::-1]


async def test_nothing_is_written_over_but_the_version_that_is_named(store: Store, place: Location) -> None:
    first = await _written(store, place)
    for replaces in (None, '"0x8DAA197C852CEDF"'):
        with pytest.raises(ServiceError) as refused:
            await store.write(_blob(place.path, b"x"), place, b"x", replaces=replaces)
        assert refused.value.status in (409, 412)
    assert await store.read(place, len(DATA), first.etag) == DATA
    with pytest.raises(ServiceError) as absent:
        await store.write(_blob(place.path, b"x"), place.at(f"{place.path}-"), b"x", replaces=first.etag)
    assert absent.value.status == 412 and await store.head(place.at(f"{place.path}-")) is None
    second = await store.write(_blob(place.path, b"x"), place, b"x", replaces=first.etag)
    assert second != first.etag and await store.read(place, SIZE, second) == b"x"


async def test_nothing_is_deleted_but_the_version_that_is_named(store: Store, place: Location) -> None:
    found = await _written(store, place)
    await _written(store, place.at(f"{place.path}-"))
    with pytest.raises(ServiceError) as other:
        await store.delete(place, '"0x8DAA197C852CEDF"')
    assert other.value.status == 412 and await store.read(place, len(DATA), found.etag) == DATA
    await store.delete(place, found.etag)
    assert await _paths(store, place) == [f"{place.path}-"]
    await store.delete(place, found.etag)


@pytest.mark.parametrize("length", [0, 1, SIZE, SIZE + 1, len(DATA)])
async def test_a_digest_is_that_of_the_bytes_as_they_are_stored(
    store: Store, place: Location, length: int
) -> None:
    data, handed = DATA[:length], bytearray()

    found = await _written(store, place, data)
    sha256, md5, counted = await store.digest(place, found, lambda: handed.extend)
    assert (sha256, counted) == (hashlib.sha256(data).hexdigest(), length) and handed == data
    assert await store.digest(place, found, md5=False) == (sha256, "", length)
    assert md5 == found.md5 == base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


async def test_a_long_one_is_left_between_two_ranges(store: Store, place: Location) -> None:
    found, asked = await _written(store, place), 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(InterruptedRunError):
        await store.digest(place, found, stopping=stopping)


@pytest.mark.parametrize("change", [{}, {"etag": '"0x8DAA197C852CEDF"'}], ids=["as listed", "of another version"])
async def test_a_copy_is_of_the_version_that_was_listed(
    store: Store, world: World, place: Location, change: dict[str, Any]
) -> None:
    target = _goal(world, place)
    blob = replace(await _written(store, place), **change)
    copied = store.copy_from(store, place, blob, target)
    if change:
        with pytest.raises(ServiceError) as refused:
            await copied
        assert refused.value.status == 412 and await store.head(target) is None
        return
    etag = await copied
    assert await store.digest(target, replace(blob, etag=etag)) == await store.digest(place, blob)
    found = await store.head(target)
    assert found and replace(found, etag=blob.etag) == blob
    with pytest.raises(ServiceError) as taken:
        await store.copy_from(store, place, blob, target)
    assert taken.value.status == 409
    changed = await store.write(_blob(place.path, b"y"), place, b"y", replaces=blob.etag)
    newer = await store.head(place)
    assert newer and newer.etag == changed
    again = await store.copy_from(store, place, newer, target, replaces=etag)
    assert again != etag and await store.read(target, SIZE, again) == b"y"
    with pytest.raises(ServiceError) as other:
        await store.copy_from(store, place, newer, target, replaces=etag)
    assert other.value.status == 412 and await store.read(target, SIZE, again) == b"y"


def _goal(world: World, place: Location) -> Location:
    target = replace(place, account=world.account("target"))
    return target if place.service is Service.FILE else replace(target, container=world.container("target"))


async def test_a_store_takes_no_copy_from_another_service(side: Side, place: Location) -> None:
    for target, origin in ((side.blobs, side.shares), (side.shares, side.blobs)):
        with pytest.raises(UnsupportedError):
            await target.copy_from(origin, place, _blob(place.path), place)


@pytest.mark.parametrize("more", [{"tier": "Cool"}, {"tags": (("a", "b"),)}], ids=["tier", "tags"])
async def test_what_a_store_does_not_keep_it_does_not_drop_silently(
    store: Store, place: Location, more: dict[str, Any]
) -> None:
    blob = replace(_blob(place.path), **more)
    if store.service is Service.FILE:
        with pytest.raises(UnsupportedError):
            await store.write(blob, place, DATA)
        assert await store.head(place) is None
        return
    await store.write(blob, place, DATA)
    [listed] = [one async for one in store.list(place)]
    assert {name: getattr(listed, name) for name in more} == more


async def test_a_file_is_never_there_by_half(
    store: Store, place: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "LARGEST_WRITTEN", len(DATA) - 1)

    if store.service is Service.FILE:
        with pytest.raises(UnsupportedError):
            await store.write(_blob(place.path), place, DATA)
        assert await store.head(place) is None
    else:
        await _written(store, place)


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503, "code": "ServerBusy"},
        {"action": "status", "status": 500, "code": "InternalError"},
        {"action": "drop", "when": "before"},
        {"action": "drop", "when": "after"},
        {"action": "expired_token"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
async def test_what_passes_is_tried_again(
    store: Store, world: World, place: Location, fault: dict[str, Any]
) -> None:
    """Of a write whose answer was lost the caller is told so: what is there then may be its own."""

    try:
        _under(world, place, fault, "PUT|DELETE|GET|HEAD")
        try:
            await store.write(_blob(place.path), place, DATA)
        except ServiceError as error:
            assert fault.get("when") == "after" and error.doubtful and error.status in (409, 412)
        found = await store.head(place)
        assert found and await _paths(store, place) == [place.path]
        assert (await store.digest(place, found))[0] == hashlib.sha256(DATA).hexdigest()
        _under(world, place, fault, "DELETE")
        await store.delete(place, found.etag)
        assert await store.head(place) is None
    finally:
        world.set_faults()


def _under(world: World, place: Location, fault: dict[str, Any], methods: str) -> None:
    host = rf"^{place.account}\.{place.service.value}\."
    rules = [{**fault, "match": {"host": host, "method": method, "nth": 1}} for method in methods.split("|")]
    world.set_faults(*rules)


@pytest.mark.parametrize("method", ["list", "head", "read", "digest", "write", "delete"])
async def test_a_refusal_is_told_with_its_code(store: Store, world: World, place: Location, method: str) -> None:
    denied = {"action": "status", "status": 403, "code": "AuthorizationPermissionMismatch"}
    calls: dict[str, Callable[[Store, Blob], Awaitable[Any]]] = {
        "list": lambda store, _: _paths(store, place),
        "head": lambda store, _: store.head(place),
        "read": lambda store, _: store.read(place, len(DATA)),
        "digest": lambda store, found: store.digest(place, found),
        "write": lambda store, found: store.write(_blob(place.path), place, b"", replaces=found.etag),
        "delete": lambda store, found: store.delete(place, found.etag),
    }

    try:
        found = await _written(store, place)
        rules = [{**denied, "match": {"host": rf"^{place.account}\.{place.service.value}\.", "times": 0}}]
        world.set_faults(*rules)
        with pytest.raises(ServiceError) as refused:
            await calls[method](store, found)
        assert refused.value.status == 403 and refused.value.code == "AuthorizationPermissionMismatch"
    finally:
        world.set_faults()


async def test_without_the_lease_nothing_is_changed(side: Side, service: Service, place: Location) -> None:
    store = side.store(service)
    found = await _written(store, place)
    assert side.fence
    side.fence.lose("somebody else has it")
    for change in (
        lambda: store.write(_blob(place.path), place, b"x", replaces=found.etag),
        lambda: store.delete(place, found.etag),
    ):
        with pytest.raises(LeaseLostError):
            await change()
    assert await store.read(place, len(DATA), found.etag) == DATA


async def test_each_service_has_one_store(side: Side) -> None:
    assert [side.store(service).service for service in Service] == list(Service)
    assert ranges.RANGE > SIZE
