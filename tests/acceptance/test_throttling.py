"""ARM's token buckets, real but for a faster refill: a run waits instead of bouncing, and shares them with others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import World, make_world
from tests.builders.rows import data

from azsandbox import Options, Sandbox

WRITES, NAMES = 300, 20


@pytest.fixture(scope="module")
def throttled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with ARM's buckets, refilled ten times as fast: 100 writes and 250 reads a second."""
    with Sandbox(tmp_path_factory.mktemp("throttled"), Options(arm_limits="x10")) as running:
        yield running


@pytest.fixture
def many(throttled: Any, tmp_path: Path) -> World:
    """Three hundred small data versions, planned."""
    world = make_world(throttled, tmp_path)
    rows = [data(f"d{n % NAMES}", f"https://example.com/{n}", "uri_file", str(n // NAMES)) for n in range(WRITES)]
    world.seed(rows, [])
    world.ok("plan", *world.names)
    return world


def _calls(world: World, since: str) -> list[dict[str, Any]]:
    """The run's own calls of ARM: those for this pair of workspaces by the product's client."""
    rows = [row for row in world.log(since) if row["host"] == "management.azure.com"]
    return [row for row in rows if f"/{world.group}/" in row["path"] and "/tags/" not in row["path"]]


def test_a_run_waits_for_its_tokens(many: World) -> None:
    since = many.now()
    many.ok("run")
    calls = _calls(many, since)
    assert sum(row["method"] == "PUT" and row["status"] == 201 for row in calls) == WRITES
    assert sum(row["status"] == 429 for row in calls) <= 0.01 * len(calls)
