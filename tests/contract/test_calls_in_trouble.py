"""The clients' calls when Azure is short of something: tokens that ran out, buckets, storage that is busy, time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from tests.acceptance.world import World, make_world, seed_small
from tests.builders import fault

from amlmigrate.cloud import blobs as module
from amlmigrate.cloud import retrying
from amlmigrate.cloud.credentials import STORAGE_SCOPE
from amlmigrate.cloud.pacing import Pacer
from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Location

ARM, BLOB = r"management\.azure\.com", r"\.blob\."
ARM_SCOPE = "https://management.azure.com/.default"
MANY = 40


@pytest.fixture(scope="module")
def seeded(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for a module: a few assets and their bytes."""
    return seed_small(make_world(sandbox, tmp_path_factory.mktemp("trouble")))


@pytest.fixture
def world(seeded: World, azure_env: Any) -> Iterator[World]:
    yield seeded
    seeded.set_faults()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call counts as cut off after a second."""
    monkeypatch.setattr(retrying, "READ_SECONDS", 1.0)


def _model(world: World) -> str:
    return f"{world.documents['source']['id']}/models/m/versions/1"


def _place(world: World, which: str, path: str = "") -> Location:
    return Location(world.account(which), world.container(which), path)


def _signed_in(world: World, since: str) -> int:
    return sum(row["path"].endswith("/token") for row in world.log(since) if row["method"] == "POST")


@pytest.mark.parametrize("service", ["arm", "blobs", "client"])
async def test_many_calls_with_a_token_that_is_refused_all_go_on_with_another(
    side: Side, world: World, service: str
) -> None:
    """However their answers come, nobody takes the refused one up again: it is refused for each of them."""

    place = _place(world, "source", "m/1/a")
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "arm": lambda: side.arm.get(_model(world)),
        "blobs": lambda: side.blobs.listing(_place(world, "source")),
        "client": lambda: side.blobs.head(place),
    }
    scope = ARM_SCOPE if service == "arm" else STORAGE_SCOPE
    bad = AccessToken("refused", int(time.time()) + 86_400)
    side.credential._tokens[(scope,)] = bad
    results = await asyncio.gather(*(calls[service]() for _ in range(MANY)), return_exceptions=True)
    assert [error for error in results if error is None or isinstance(error, BaseException)] == []


async def test_a_token_that_was_refused_is_not_given_again(side: Side, world: World) -> None:
    """azure-identity keeps it until it runs out by the clock here, whatever the service says."""
    world.set_faults({"match": {"method": "GET", "host": ARM, "path": "/models/"}, "action": "expired_token"})
    since = world.now()
    before = (await side.credential.get_token(ARM_SCOPE)).token
    assert await side.arm.get(_model(world))
    assert (await side.credential.get_token(ARM_SCOPE)).token != before
    # An old answer that comes late does not cost the new token.
    side.credential.forget(f"Bearer {before}")
    assert await side.arm.get(_model(world))
    # Once for the token that is refused, and once more.
    assert _signed_in(world, since) == 2


async def test_a_call_that_is_throttled_makes_all_of_its_kind_wait(side: Side, world: World) -> None:
    rule = fault("GET", "/models/", host=ARM, status=429, retry_after=2)
    world.set_faults(rule)

    async def took(path: str, *, after: float) -> float:
        await asyncio.sleep(after)
        start = time.monotonic()
        await side.arm.get(path)
        return time.monotonic() - start

    await side.arm.get(world.documents["source"]["id"])
    throttled, other = await asyncio.gather(
        took(_model(world), after=0), took(world.documents["source"]["id"], after=1.0)
    )
    assert throttled >= 2.0 and other >= 0.7


async def test_the_bucket_goes_by_what_each_answer_says_remains(side: Side, world: World) -> None:
    header = {"x-ms-ratelimit-remaining-subscription-global-reads": "7"}
    rule = fault("GET", host=ARM, status=200, headers=header, body={"id": "x"})
    world.set_faults(rule)

    await side.arm.get(_model(world))
    pacer: Pacer = side.arm._pacer
    assert 0 < pacer.bucket(_model(world).split("/")[2], "GET").tokens <= 7


@pytest.mark.parametrize(("status", "code"), [(503, "ServerBusy"), (500, "OperationTimedOut")])
async def test_storage_that_is_busy_gets_half_as_many_calls_and_arm_goes_on(
    side: Side, world: World, status: int, code: str
) -> None:
    headers = {"x-ms-error-code": code}
    rule = fault("GET", host=BLOB, status=status, code=code, headers=headers)
    world.set_faults(rule)

    most = side.blobs.crowd.limit
    asked = asyncio.create_task(side.blobs.listing(_place(world, "source")))
    while side.blobs.crowd.limit == most and not asked.done():  # noqa: ASYNC110 - what it waits for raises no event
        await asyncio.sleep(0.01)
    halved = side.blobs.crowd.limit
    assert await side.arm.get(_model(world))
    assert side.arm._pacer.bucket(_model(world).split("/")[2], "GET").paused_until == 0
    assert (await asked)[0]
    assert halved == most / 2


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("largest", [10_000, 100])
async def test_a_copy_has_the_time_that_its_bytes_take(
    side: Side, world: World, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(retrying, "COPIED_BYTES_A_SECOND", 200)
    monkeypatch.setattr(module, "LARGEST_SINGLE", largest)
    monkeypatch.setattr(module, "BLOCK", 600)
    name = f"copy-{largest}"
    # Every time, so that making the call again is no way out.
    match = {"method": "PUT", "host": BLOB, "path": f"/{name}$", "times": 0}
    if largest < 1000:
        match["query"] = "comp=block&"
    world.set_faults(fault(**match, delay=2.0))

    [blob] = (await side.blobs.listing(_place(world, "source", "m/1/a")))[0]
    await side.blobs.copy_from(side.blobs, _place(world, "source", "m/1/a"), blob, _place(world, "target", name))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("what", ["document", "copy"])
async def test_a_change_that_hangs_is_made_again_and_found_done(
    side: Side, world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(retrying, "COPIED_BYTES_A_SECOND", 10**9)
    world.set_faults(fault("PUT", "/environments/hung" if what == "document" else "/hung$", hang="after"))
    start = time.monotonic()
    if what == "document":
        path = f"{world.documents['target']['id']}/environments/hung/versions/1"
        await side.arm.put(path, {"properties": {"image": "mcr.microsoft.com/x:1"}})
        assert await side.arm.get(path)
    else:
        [blob] = (await side.blobs.listing(_place(world, "source", "m/1/a")))[0]
        source, target = _place(world, "source", "m/1/a"), _place(world, "target", "hung")
        with pytest.raises(module.ServiceError) as taken:
            await side.blobs.copy_from(side.blobs, source, blob, target)
        # The first one's answer was lost: what it left is for whoever copies to compare.
        assert taken.value.code == "BlobAlreadyExists"
        assert await side.blobs.head(target)
    assert time.monotonic() - start < 30
