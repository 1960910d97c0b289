"""ARM's token buckets, real but for a faster refill: a run waits instead of bouncing, and shares them with others."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import World, make_world
from tests.conftest import RunningSandbox

from azsandbox import lifetime
from azsandbox.client import Client
from azsandbox.settings import Options, environment
from azsandbox.state import StateFolder

WRITES, NAMES = 300, 20
# ARM's bucket of writes, and what it gets in a second at ten times the speed.
BUCKET, REFILL = 200, 100.0


@pytest.fixture(scope="module")
def throttled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A sandbox with ARM's buckets, refilled ten times as fast: 100 writes and 250 reads a second."""
    state = StateFolder(tmp_path_factory.mktemp("throttled"))
    process = lifetime.detach(state, Options(arm_limits="x10"))
    yield RunningSandbox(environment(state, state.announced()["port"]), state.root)
    lifetime.stop(state)
    process.wait()


@pytest.fixture
def many(throttled: Any, tmp_path: Path) -> World:
    """Three hundred small data versions, planned."""
    world = make_world(throttled, tmp_path)
    rows: list[dict[str, Any]] = [
        {"kind": "data", "name": f"d{n % NAMES}", "version": str(n // NAMES),
         "properties": {"dataType": "uri_file", "dataUri": f"https://example.com/{n}"}}
        for n in range(WRITES)
    ]  # fmt: skip
    world.seed(rows, [])
    world.ok("plan", *world.names)
    return world


def _calls(world: World, since: str) -> list[dict[str, Any]]:
    """The run's own calls of ARM: those for this pair of workspaces by the product's client."""
    rows = [row for row in world.log(since) if row["host"] == "management.azure.com"]
    return [row for row in rows if f"/{world.group}/" in row["path"] and "/tags/" not in row["path"]]


def _time(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["time"])


def test_a_run_waits_for_its_tokens(many: World) -> None:
    since = many.now()
    many.ok("run")
    calls = _calls(many, since)
    assert sum(row["method"] == "PUT" and row["status"] == 201 for row in calls) == WRITES
    assert sum(row["status"] == 429 for row in calls) <= 0.01 * len(calls)


def test_a_neighbour_slows_the_run_and_breaks_nothing(many: World) -> None:
    """Half of what the bucket gives goes to somebody else with the same principal."""
    emptied, ended = threading.Event(), threading.Event()
    numbers = itertools.count()

    async def neighbour(client: Client, pause: float) -> None:
        path = f"{many.documents['target']['id']}/environments/neighbour/versions"
        body = {"properties": {"image": "mcr.microsoft.com/x:1"}}
        while not ended.is_set():
            number = next(numbers)
            if number >= BUCKET:
                emptied.set()
                await asyncio.sleep(pause)
            await client.arm("PUT", f"{path}/{number}", "2024-04-01", body)

    async def neighbours() -> None:
        async with Client({**many.env}) as client:
            await asyncio.gather(*(neighbour(client, 8 / (REFILL / 2)) for _ in range(8)))

    thread = threading.Thread(target=lambda: asyncio.run(neighbours()))
    thread.start()
    try:
        assert emptied.wait(60)
        since = many.now()
        many.ok("run")
    finally:
        ended.set()
        thread.join()
    rows = [row for row in _calls(many, since) if row["method"] == "PUT"]
    taken = [row["path"].split("/")[-3] == "neighbour" for row in rows if row["status"] in (200, 201)]
    first, last = (place(taken.index(False), len(taken) - 1 - taken[::-1].index(False)) for place in (min, max))
    others = sum(taken[first : last + 1])
    seconds = (_time(rows[last]) - _time(rows[first])).total_seconds()
    assert others >= 0.4 * REFILL * seconds, "the neighbour did not come to anything"
    # Alone, with a bucket that is full, ARM lets it through in a second; with half of an empty one it takes six.
    assert seconds >= 0.75 * WRITES / (REFILL / 2), "the neighbour did not slow the run"
    assert sum(row["status"] == 429 for row in rows) <= 0.05 * len(rows)
    assert many.ok("status", "--json").event("status")["items"]["migrated"] == WRITES
    many.ok("verify", "--depth", "metadata")
