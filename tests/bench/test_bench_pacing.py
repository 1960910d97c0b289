"""How near a run comes to ARM's floor, with the token buckets real and their refill ten times as fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.acceptance.world import World
from tests.bench.measuring import Figures

from azsandbox.settings import Options

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
WRITES, NAMES = 3000, 30
# Buckets of 200 writes and 250 reads; 100 writes and 250 reads a second.
FLOOR = (WRITES - 200) / 100


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def test_three_thousand_writes_at_the_floor(fresh: Callable[..., World], figures: Figures) -> None:
    world = fresh(Options(arm_limits="x10"))
    rows: list[dict[str, Any]] = [
        {"kind": "data", "name": f"d{n % NAMES}", "version": str(n // NAMES),
         "properties": {"dataType": "uri_file", "dataUri": f"https://example.com/{n}"}}
        for n in range(WRITES)
    ]  # fmt: skip
    world.seed(rows, [])
    world.ok("plan", *world.names)
    time.sleep(10)  # All buckets are full again.
    since = world.now()
    start = time.monotonic()
    run = world.migrate("run", "--json", timeout=300)
    wall = time.monotonic() - start
    assert run.code == 0
    calls = [row for row in world.log(since) if row["host"] == "management.azure.com" and row["time"] > since]
    puts = [row for row in calls if row["method"] == "PUT"]
    assert len(puts) == WRITES
    refused = sum(row["status"] == 429 for row in calls) / len(calls)
    writing = _seconds(puts[0]["time"], puts[-1]["time"])
    holds = [
        figures.add(
            "3,000 writes at ten times ARM's refill, against the floor of 28 s",
            f"{wall:.1f} s, {wall / FLOOR:.2f} times",
            "1.10 times",
            holds=wall <= 1.10 * FLOOR,
        ),
        figures.add("of that from the first write to the last", f"{writing:.1f} s"),
        figures.add("calls refused with 429", f"{refused:.2%}", "1 %", holds=refused <= 0.01),
    ]
    assert all(holds)
