"""AzCopy beside `migrate`: how it is run, and how the two take turns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.world import World
from tests.bench.measuring import Figures, Spent, spent


def copied(azcopy: Path, world: World, source: str, target: str, count: int, *options: str) -> Spent:
    """Copies from account to account with the world's service principal; as many as that have to arrive."""
    env = {
        **world.env,
        "AZCOPY_AUTO_LOGIN_TYPE": "SPN",
        "AZCOPY_TENANT_ID": world.env["AZURE_TENANT_ID"],
        "AZCOPY_SPA_APPLICATION_ID": world.env["AZURE_CLIENT_ID"],
        "AZCOPY_SPA_CLIENT_SECRET": world.env["AZURE_CLIENT_SECRET"],
        "AZCOPY_LOG_LOCATION": str(world.folder / "logs"),
        "AZCOPY_JOB_PLAN_LOCATION": str(world.folder / "plans-azcopy"),
        "AZCOPY_DISABLE_SYSLOG": "true",
    }
    argv = [azcopy, "copy", source, target, "--recursive", "--output-type", "json", *options]
    done = spent(argv, world.folder, env)
    lines = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    end = json.loads(next(line["MessageContent"] for line in lines if line["MessageType"] == "EndOfJob"))
    assert end["JobStatus"] == "Completed", done.out[-2000:]
    assert int(end["TransfersCompleted"]) == count
    return done


@dataclass(frozen=True)
class Turns:
    """What two turns came to, in which each went first once: seconds of the clock and of the processor."""

    theirs: tuple[Spent, Spent]
    ours: tuple[Spent, Spent]

    @staticmethod
    def mean(turns: tuple[Spent, Spent]) -> tuple[float, float]:
        """The mean of both turns."""
        return sum(one.wall for one in turns) / 2, sum(one.cpu for one in turns) / 2


Way = Callable[[World], Spent]


def in_turn(fresh: Callable[..., World], seed: Callable[[World], None], theirs: Way, ours: Way) -> Turns:
    """Whoever goes second finds warm caches: each does so once, in a sandbox of its own."""
    first, second = fresh(name="first"), fresh(name="second")
    seed(first)
    seed(second)
    theirs_cold, ours_warm = theirs(first), ours(first)
    ours_cold, theirs_warm = ours(second), theirs(second)
    return Turns((theirs_cold, theirs_warm), (ours_warm, ours_cold))


def told(figures: Figures, turns: Turns, count: int, what: str, one: str) -> bool:
    """Adds what two turns came to; whether `migrate` was not slower, and took less of the processor."""
    theirs_wall, theirs_cpu = Turns.mean(turns.theirs)
    wall, cpu = Turns.mean(turns.ours)
    figures.add(f"{what}: AzCopy", f"{theirs_wall:.1f} s, {theirs_cpu / count * 1000:.2f} ms of processor a {one}")
    slower = figures.add(
        f"{what}: `migrate run`",
        f"{wall:.1f} s, {wall / theirs_wall:.2f} of AzCopy's time",
        "not slower",
        holds=wall <= theirs_wall,
    )
    more = figures.add(
        f"{what}: its processor time",
        f"{cpu / count * 1000:.2f} ms a {one}, {cpu / theirs_cpu:.2f} of AzCopy's",
        "less than AzCopy's",
        holds=cpu < theirs_cpu,
    )
    return slower and more
