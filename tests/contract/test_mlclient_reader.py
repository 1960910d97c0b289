"""MLClient as the second reader: what Azure does not give is waited out, and never taken for MLClient's own reason."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.world import World, make_world, seed_small

from amlmigrate.cloud import retrying
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.pacing import Pacer
from amlmigrate.cloud.sdk import SdkReader, Unreadable
from amlmigrate.core.address import Address
from amlmigrate.core.workspace import WorkspaceRef

# azure-ai-ml and what it imports warn of their own plans.
pytestmark = pytest.mark.filterwarnings("ignore")
ARM = r"management\.azure\.com"
WANTED = [
    (Address.of("models", "m", "1"), "models"),
    (Address.of("models", "m", "2"), "models"),
    (Address.of("data", "d", "1"), "data"),
    (Address.of("environments", "py", "1"), "environments"),
    (Address.of("components", "c", "1"), "components"),
    (Address.of("datastores", "workspaceblobstore"), "datastores"),
]
ALL = {address for address, _ in WANTED}
MODEL = Address.of("models", "m", "1")


@pytest.fixture(scope="module")
def seeded(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for a module: an asset of each kind, and a model that MLClient has no use for."""
    return seed_small(make_world(sandbox, tmp_path_factory.mktemp("mlclient")))


@pytest.fixture
def world(seeded: World, azure_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(retrying, "_backoff", lambda _: 0.0)
    yield seeded
    seeded.set_faults()


def _rule(
    action: str, path: str = "/(models|data|environments|components|datastores)/", **more: Any
) -> dict[str, Any]:
    times = more.pop("times", 0)
    return {"match": {"method": "GET", "host": ARM, "path": path, "times": times}, "action": action, **more}


def _read(world: World, wanted: list[tuple[Address, str]] = WANTED) -> tuple[Unreadable, list[Address], Pacer]:
    """What could not be read, what was tried, and the buckets."""
    pacer, tried = Pacer(), list[Address]()
    ref = WorkspaceRef.parse(world.documents["source"]["id"])

    async def inside() -> Unreadable:
        reader = SdkReader(Login(), ref, pacer)
        try:
            return await reader.unreadable(wanted, tried.append)
        finally:
            reader.close()

    return asyncio.run(inside()), tried, pacer


def test_all_is_read_and_each_read_takes_a_token(world: World) -> None:
    since = world.now()
    found, tried, pacer = _read(world)
    assert (found.own, found.refused, set(tried)) == ({}, {}, ALL)
    calls = sum(1 for row in world.log(since) if row["host"] == "management.azure.com")
    bucket = pacer.bucket(WorkspaceRef.parse(world.documents["source"]["id"]).subscription, "GET")
    assert calls >= len(ALL) and bucket.tokens <= bucket.capacity - 1 and bucket.in_flight == 0


def test_a_right_that_is_missing_is_no_reason_of_its_own(world: World) -> None:
    world.set_faults(_rule("status", status=403))
    since = world.now()
    found, _, _ = _read(world)
    assert found.own == {} and set(found.refused) == ALL
    assert all("403" in reason for reason in found.refused.values())
    # Asked once each: neither the tool nor MLClient asks again for what is refused.
    assert sum(1 for row in world.log(since) if row["status"] == 403) == len(ALL)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_waited_out(world: World, status: int) -> None:
    world.set_faults(_rule("status", status=status, times=8, **({"retry_after": 1} if status == 429 else {})))
    start = time.monotonic()
    found, _, _ = _read(world)
    assert (found.own, found.refused) == ({}, {})
    # The pause is for all of the bucket, and as long as the answer says.
    assert status != 429 or time.monotonic() - start >= 1.0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_is_made_again(world: World, when: str) -> None:
    world.set_faults(_rule("drop", when=when, times=6))
    found, _, _ = _read(world)
    assert (found.own, found.refused) == ({}, {})


def test_a_token_that_is_refused_is_asked_for_anew(world: World) -> None:
    world.set_faults(_rule("expired_token", times=1))
    found, _, _ = _read(world)
    assert (found.own, found.refused) == ({}, {})


@pytest.mark.parametrize("fault", [{"action": "status", "status": 500}, {"action": "drop", "when": "before"}])
def test_what_does_not_pass_is_tried_as_often_as_all_else(world: World, fault: dict[str, Any]) -> None:
    since = world.now()
    world.set_faults(_rule(path="/models/m/versions/1", **fault))
    found, _, _ = _read(world)
    assert found.own == {} and set(found.refused) == {MODEL}
    world.now()  # by then the last of them is in the log
    asked = sum(1 for row in world.log(since) if row["path"].endswith("/models/m/versions/1"))
    # One layer of retries: with MLClient's own it would be four times as many.
    assert asked == retrying.ATTEMPTS


def test_a_page_of_somebody_in_between_is_no_reason_of_its_own(world: World) -> None:
    page = _rule("status", path="/models/m/versions/1", status=200, body="<html>sign in</html>")
    world.set_faults({**page, "headers": {"Content-Type": "application/json"}})
    found, _, _ = _read(world)
    assert found.own == {} and set(found.refused) == {MODEL}


def test_an_asset_that_mlclient_has_no_use_for_is_its_own_reason(world: World) -> None:
    body = {"id": "x", "name": "1", "properties": {"modelUri": 5, "properties": ["none"], "tags": 3}}
    world.set_faults(_rule("status", path="/models/m/versions/1", status=200, body=body))
    found, _, _ = _read(world)
    assert found.refused == {} and set(found.own) == {MODEL}
    assert found.own[MODEL].startswith("ValidationException: ")


def test_an_asset_that_is_not_there_is_azures_answer(world: World) -> None:
    absent = Address.of("models", "nobody", "1")
    found, _, _ = _read(world, [(absent, "models")])
    assert found.own == {} and "404" in found.refused[absent]
