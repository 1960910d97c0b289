"""How near a run comes to ARM's floor, with the token buckets real and their refill ten times as fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from tests.acceptance.world import World
from tests.bench.measuring import Figures

from azsandbox.settings import Options

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
WRITES, NAMES = 3000, 30
# Of each call, ARM lets one principal make so many at once, and so many a second.
BURST, SECOND = 200, 10
MOST_READS = 2.4


@dataclass(frozen=True)
class Shape:
    """Versions of one kind: of how many names, against a service so many times as fast as ARM."""

    kind: str
    names: int
    faster: int
    properties: Callable[[int], dict[str, Any]]

    @property
    def floor(self) -> float:
        """Seconds in which ARM takes the writes, its buckets being full."""
        return (WRITES - BURST) / (SECOND * self.faster)

    def rows(self) -> list[dict[str, Any]]:
        """The assets."""
        each = WRITES // self.names
        return [
            {
                "kind": self.kind,
                "name": f"n{n // each}",
                "version": str(n % each + 1),
                "properties": self.properties(n),
            }
            for n in range(WRITES)
        ]


def _data(number: int) -> dict[str, Any]:
    return {"dataType": "uri_file", "dataUri": f"https://example.com/{number}"}


def _environment(number: int) -> dict[str, Any]:
    return {"image": f"example.azurecr.io/image:{number}"}


SHAPES = [
    Shape("data", NAMES, 10, _data),
    Shape("environments", NAMES, 5, _environment),
    Shape("environments", WRITES, 5, _environment),
]


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.kind}-{shape.names}")
def test_three_thousand_writes_at_the_floor(fresh: Callable[..., World], figures: Figures, shape: Shape) -> None:
    """From the start of the command to its end, its inventory included."""
    world = fresh(Options(arm_limits=f"x{shape.faster}"))
    world.seed(shape.rows(), [])
    world.ok("plan", *world.names)
    time.sleep(250 / 25 / shape.faster + 1)  # All buckets are full again.
    since = world.now()
    start = time.monotonic()
    run = world.migrate("run", "--json", timeout=500)
    wall = time.monotonic() - start
    assert run.code == 0
    calls = [row for row in world.log(since) if row["host"] == "management.azure.com" and row["time"] > since]
    puts = [row for row in calls if row["method"] == "PUT"]
    assert len(puts) == WRITES
    refused = sum(row["status"] == 429 for row in calls) / len(calls)
    reads = sum(row["method"] == "GET" for row in calls) / len(puts)
    what = f"{WRITES:,} versions of {shape.names:,} {shape.kind} at {shape.faster} times ARM's refill"
    holds = [
        figures.add(
            f"{what}, against the floor of {shape.floor:.0f} s",
            f"{wall:.1f} s, {wall / shape.floor:.2f} times",
            "1.10 times",
            holds=wall <= 1.10 * shape.floor,
        ),
        figures.add(
            "of that from the first write to the last", f"{_seconds(puts[0]['time'], puts[-1]['time']):.1f} s"
        ),
        figures.add("reads for each write", f"{reads:.2f}", f"{MOST_READS}", holds=reads <= MOST_READS),
        figures.add("calls refused with 429", f"{refused:.2%}", "1 %", holds=refused <= 0.01),
    ]
    assert all(holds)
