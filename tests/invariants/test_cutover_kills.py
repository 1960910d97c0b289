"""Killed at any request of a cutover, and of one that is taken back, the same command comes to the same end.

What is at work where, and in which order it was written, is judged by the local Azure's documents and its log of
requests. A few moments run with every run of the suite; all of them run with `make crash`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_kinds_to_come_move import settled
from tests.acceptance.world import World, make_world, seed_small
from tests.builders import fault
from tests.invariants.everything import unknown
from tests.invariants.killing import CHANGING, KILLED, MOMENTS, killing

# Into so many tests that run side by side all moments are cut; those of every call, and those of the calls that change.
SHARES = {"before": 24, "after": 2, "answered": 2}
SCHEDULES = {"nightly": True, "weekly": True, "off": False}
# What a cutover writes, by side and name; taking it back writes the same, the other side first.
WRITES = [
    (side, name) for side, cpu in (("source", "cpu"), ("target", "cpu-cmk")) for name in (cpu, "nightly", "weekly")
]
Live = dict[str, int]


@dataclass
class Move:
    """A workspace that is cut over and taken back, again and again: two schedules and a cluster change sides."""

    world: World
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def forth(self) -> tuple[str, ...]:
        return ("cutover", f"plans/{self.world.source}", "--unfrozen", "a test")

    @property
    def back(self) -> tuple[str, ...]:
        return ("cutover", f"plans/{self.world.source}", "--back")

    def cluster(self, which: str) -> Any:
        name = _cluster(self.world) if which == "source" else f"{_cluster(self.world)}-cmk"
        return settled(self.world, name, which)["properties"]

    def documents(self, which: str) -> dict[str, Any]:
        """What changes sides, as the local Azure has it."""
        found = {name: settled(self.world, f"schedules/{name}", which)["properties"] for name in SCHEDULES}
        return found | {"cpu": self.cluster(which)["properties"]["scaleSettings"]}

    def live(self, which: str) -> Live:
        """What is at work there."""
        found = self.documents(which)
        on = {name: int(found[name]["isEnabled"]) for name in SCHEDULES} | {"cpu": found["cpu"]["minNodeCount"]}
        return {name: much for name, much in on.items() if much}

    def written(self, since: str) -> list[tuple[str, str]]:
        """What was written of it, by side and name, in order."""
        rows = [row for row in self.world.log(since) if row["method"] in ("PUT", "PATCH") and row["status"] < 300]
        places = [row["path"] for row in rows if "/schedules/" in row["path"] or "/computes/" in row["path"]]
        cpu = _cluster(self.world).rpartition("/")[2]
        return [
            (
                "source" if f"/workspaces/{self.world.source}/" in path else "target",
                path.rpartition("/")[2].replace(cpu, "cpu"),
            )
            for path in places
        ]


def _cluster(world: World) -> str:
    """No two of a region have one name."""
    return f"computes/cpu{world.group.removeprefix('rg')}"


def _seeded(sandbox: Any, folder: Path) -> World:
    world = seed_small(make_world(sandbox, folder))
    scale = {"minNodeCount": 2, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    cluster = {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": scale}}
    world.put(_cluster(world), {"location": "eastus2", "properties": cluster})
    home = world.documents["source"]["id"]
    job = {"jobType": "Command", "command": "true", "environmentId": f"{home}/environments/py/versions/1"}
    action = {"actionType": "CreateJob", "jobDefinition": job}
    cron = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2026-01-01T03:00:00"}
    for name, enabled in SCHEDULES.items():
        world.put(f"schedules/{name}", {"properties": {"isEnabled": enabled, "trigger": cron, "action": action}})
        settled(world, f"schedules/{name}")
    return world


def _moved(sandbox: Any, folder: Path, *, killed: bool = False) -> Move:
    """Moved and verified; `killed`: after the cluster was made, and before anything said so."""
    world = _seeded(sandbox, folder)
    world.ok("plan", *world.names)
    if killed:
        made = fault("PUT", f"/{world.target}/computes/", kill="after")
        assert world.with_faults([made], "run").code == KILLED
    world.ok("run", *["--resume"] * killed)
    # Nothing shows that it is this tool's; it goes live all the same.
    assert killed == (_cluster(world) in unknown(world, world.source))
    world.ok("verify")
    move = Move(world)
    move.before = move.documents("source")
    return move


def _killed(move: Move, command: tuple[str, ...], rule: dict[str, Any]) -> bool:
    """Kills it at that moment, and goes on with it; False where it ended before it came to the moment."""
    world, since = move.world, move.world.now()
    print(command[-1], rule)
    done = world.with_faults([rule], *command)
    assert done.code in (0, KILLED), done.out[-2000:] + done.err[-2000:]
    # One that came to its moment and found nobody to kill has shown nothing.
    assert [row for row in world.log(since) if "killed" in row and not row["killed"]] == []
    assert not move.live("source").keys() & move.live("target").keys(), "at work on both sides"
    world.ok(*command)
    found, usual = move.written(since), WRITES if command == move.forth else WRITES[::-1]
    # Nothing that was not asked for undisturbed, nothing twice but what was under way, one side after the other.
    assert set(found) == set(usual)
    assert sum((Counter(found) - Counter(usual)).values()) <= 1, found
    assert [side for side, _ in found] == sorted((side for side, _ in found), reverse=usual[0][0] == "target")
    return done.code == KILLED


def _round(move: Move, forth: dict[str, Any] | None, back: dict[str, Any] | None) -> bool:
    """Cut over and taken back, each killed by a rule of the local Azure or not; False where one was not killed."""
    came = True
    if forth is None:
        move.world.ok(*move.forth)
    else:
        came &= _killed(move, move.forth, forth)
    assert (move.live("source"), move.live("target")) == ({}, {"nightly": 1, "weekly": 1, "cpu": 2})
    if back is None:
        move.world.ok(*move.back)
    else:
        came &= _killed(move, move.back, back)
    assert move.documents("source") == move.before and move.live("target") == {}
    return came


def _write(nth: int, when: str) -> dict[str, Any]:
    """A kill at the n-th setting that changes."""
    return fault("PUT|PATCH", "/(schedules|computes)/", nth=nth, kill=when)


@pytest.mark.parametrize(
    "kills",
    [
        # The last that stops and the first that starts, and so back.
        pytest.param(
            [((3, "after"), (3, "before")), ((4, "before"), (4, "answered"))], id="where the sides change"
        ),
        pytest.param(
            [((nth, when), (nth, when)) for nth in range(1, 7) for when in MOMENTS],
            id="every one",
            marks=[pytest.mark.crash, pytest.mark.timeout(1800)],
        ),
    ],
)
def test_settings_that_change(sandbox: Any, tmp_path: Path, kills: list[Any]) -> None:
    move = _moved(sandbox, tmp_path, killed=True)
    for forth, back in kills:
        assert _round(move, _write(*forth), _write(*back))


@pytest.mark.crash
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("when", "first"), [(when, first + 1) for when in MOMENTS for first in range(SHARES[when])]
)
@pytest.mark.parametrize("back", [False, True])
def test_every_request(sandbox: Any, tmp_path: Path, when: str, first: int, back: bool) -> None:
    move, nth = _moved(sandbox, tmp_path), first
    methods = _undisturbed(move)[int(back)]
    least = 0.6 * sum(when == "before" or method in CHANGING for method in methods)
    while True:
        rule = killing(nth, when)
        if not _round(move, None if back else rule, rule if back else None):
            break
        nth += SHARES[when]
    assert nth >= least, f"never came to {nth}"
    # It is cut over in the end, and nothing is left for a plan that is made then.
    move.world.ok(*move.forth)
    move.world.ok("verify")
    move.world.ok("plan", *move.world.names, "--out", "plans/empty")
    actions = {line["action"] for line in move.world.plan_lines("empty") if line["record"] == "step"}
    assert actions <= {"adopt", "skip", "manual"}, actions


def _undisturbed(move: Move) -> list[list[str]]:
    """The methods of the requests that either command makes."""
    found = []
    for command in (move.forth, move.back):
        since = move.world.now()
        move.world.ok(*command)
        found.append([row["method"] for row in move.world.log(since) if row["time"] > since])
    return found
