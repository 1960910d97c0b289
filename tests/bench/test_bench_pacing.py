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


SHAPES = [Shape("data", NAMES, 10, _data), Shape("environments", NAMES, 5, _environment)]
# A name with one version takes a list, three reads and a write (decision 44): there the reads bind.
ONE_EACH = Shape("environments", WRITES, 5, _environment)
READS_EACH, READ_BURST, READ_SECOND = 4, 250, 25


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


@dataclass(frozen=True)
class Measured:
    """One run: seconds from its start to its end and from first write to last, reads a write, share of 429."""

    wall: float
    writing: float
    reads: float
    refused: float


def _measure(fresh: Callable[..., World], shape: Shape) -> Measured:
    """From the start of the command to its end, its inventory included."""
    world = fresh(Options(arm_limits=f"x{shape.faster}"))
    world.seed(shape.rows(), [])
    world.ok("plan", *world.names)
    time.sleep(READ_BURST / READ_SECOND / shape.faster + 1)  # All buckets are full again.
    since = world.now()
    start = time.monotonic()
    run = world.migrate("run", "--json", timeout=500)
    wall = time.monotonic() - start
    assert run.code == 0
    calls = [row for row in world.log(since) if row["host"] == "management.azure.com" and row["time"] > since]
    puts = [row for row in calls if row["method"] == "PUT"]
    assert len(puts) == WRITES
    return Measured(
        wall,
        _seconds(puts[0]["time"], puts[-1]["time"]),
        sum(row["method"] == "GET" for row in calls) / len(puts),
        sum(row["status"] == 429 for row in calls) / len(calls),
    )


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.kind}-{shape.names}")
def test_three_thousand_writes_at_the_floor(fresh: Callable[..., World], figures: Figures, shape: Shape) -> None:
    found = _measure(fresh, shape)
    what = f"{WRITES:,} versions of {shape.names:,} {shape.kind} at {shape.faster} times ARM's refill"
    holds = [
        figures.add(
            f"{what}, against the floor of {shape.floor:.0f} s",
            f"{found.wall:.1f} s, {found.wall / shape.floor:.2f} times",
            "1.10 times",
            holds=found.wall <= 1.10 * shape.floor,
        ),
        figures.add("of that from the first write to the last", f"{found.writing:.1f} s"),
        figures.add(
            "reads for each write", f"{found.reads:.2f}", f"{MOST_READS}", holds=found.reads <= MOST_READS
        ),
        figures.add("calls refused with 429", f"{found.refused:.2%}", "1 %", holds=found.refused <= 0.01),
    ]
    assert all(holds)


def test_names_of_one_version_at_the_floor_of_their_reads(fresh: Callable[..., World], figures: Figures) -> None:
    found, shape = _measure(fresh, ONE_EACH), ONE_EACH
    floor = (READS_EACH * WRITES - READ_BURST) / (READ_SECOND * shape.faster)
    holds = [
        figures.add(
            f"{WRITES:,} {shape.kind} of one version, against the floor of their reads, {floor:.0f} s",
            f"{found.wall:.1f} s, {found.wall / floor:.2f} times; {found.wall / shape.floor:.2f} times the writes'",
            "1.15 times",
            holds=found.wall <= 1.15 * floor,
        ),
        figures.add("reads for each write", f"{found.reads:.2f}", "4.2", holds=found.reads <= 4.2),
        figures.add("calls refused with 429", f"{found.refused:.2%}", "1 %", holds=found.refused <= 0.01),
    ]
    assert all(holds)
