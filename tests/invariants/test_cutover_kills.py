"""Killed at any request of a cutover, and of one that is taken back, the same command comes to the same end.

What is at work where, and in which order it was written, is judged by the local Azure's documents and its log of
requests. A few moments run with every run of the suite; all of them run with `make crash`.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import withkinds
from tests.acceptance.test_kinds_to_come_move import settled
from tests.acceptance.world import World, make_world, seed_small
from tests.invariants.killing import KILLED, at_request

SEED = int(os.environ.get("KILL_SEED", "16"))
MOMENTS = ("before", "after", "answered")
# Where all moments are cut into tests that run side by side.
SHARES = 4
# So many requests of either command are its last: those that change something are among them.
LAST = 40
CPU, NEW_CPU = "computes/cpu", "computes/cpu-cmk"
SCHEDULES = {"nightly": True, "weekly": True, "off": False}
Live = dict[str, int]


@dataclass
class Move:
    """A workspace that is cut over and taken back, again and again: two schedules and a cluster change sides."""

    world: World
    before: dict[str, Any] = field(default_factory=dict)
    # Of either command, undisturbed: how many requests it makes, and what it writes, in order.
    requests: dict[str, int] = field(default_factory=dict)
    writes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def forth(self) -> tuple[str, ...]:
        return ("cutover", f"plans/{self.world.source}", "--unfrozen", "a test")

    @property
    def back(self) -> tuple[str, ...]:
        return ("cutover", f"plans/{self.world.source}", "--back")

    def cluster(self, which: str) -> Any:
        return settled(self.world, CPU if which == "source" else NEW_CPU, which)["properties"]

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
        return [
            ("source" if f"/workspaces/{self.world.source}/" in path else "target", path.rpartition("/")[2])
            for path in places
        ]


def _seeded(sandbox: Any, folder: Path) -> World:
    world = seed_small(make_world(sandbox, folder))
    world.program, world.env = withkinds.PROGRAM, {**world.env, withkinds.NAMES: json.dumps({CPU: NEW_CPU})}
    scale = {"minNodeCount": 2, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    cluster = {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": scale}}
    world.put(CPU, {"location": "eastus2", "properties": cluster})
    home = world.documents["source"]["id"]
    job = {"jobType": "Command", "command": "true", "environmentId": f"{home}/environments/py/versions/1"}
    action = {"actionType": "CreateJob", "jobDefinition": job}
    cron = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2026-01-01T03:00:00"}
    for name, enabled in SCHEDULES.items():
        world.put(f"schedules/{name}", {"properties": {"isEnabled": enabled, "trigger": cron, "action": action}})
        settled(world, f"schedules/{name}")
    return world


def _moved(sandbox: Any, folder: Path) -> Move:
    """Moved and verified, and cut over and taken back once, undisturbed."""
    world = _seeded(sandbox, folder)
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    move = Move(world)
    move.before = move.documents("source")
    for command in (move.forth, move.back):
        since = world.now()
        world.ok(*command)
        move.requests[command[-1]] = len([row for row in world.log(since) if row["time"] > since])
        move.writes[command[-1]] = move.written(since)
    assert move.documents("source") == move.before and move.live("target") == {}
    return move


def _killed(move: Move, command: tuple[str, ...], nth: int, when: str) -> bool:
    """Kills it at that moment, and goes on with it; False where it ended before it came to the moment."""
    world, since = move.world, move.world.now()
    print("seed", SEED, command[-1], nth, when)
    done = at_request(world, nth, when, *command)
    assert done.code in (0, KILLED), done.out[-2000:] + done.err[-2000:]
    assert not move.live("source").keys() & move.live("target").keys(), "at work on both sides"
    world.ok(*command)
    found, usual = move.written(since), move.writes[command[-1]]
    # Nothing that was not asked for undisturbed, nothing twice but what was under way, one side after the other.
    assert found and set(found) == set(usual)
    assert sum((Counter(found) - Counter(usual)).values()) <= 1, found
    assert [side for side, _ in found] == sorted((side for side, _ in found), reverse=usual[0][0] == "target")
    return done.code == KILLED


def _round(move: Move, forth: tuple[int, str] | None, back: tuple[int, str] | None) -> bool:
    """Cut over and taken back, either killed or not; False where one ended before its moment."""
    came = True
    if forth is None:
        move.world.ok(*move.forth)
    else:
        came &= _killed(move, move.forth, *forth)
    assert (move.live("source"), move.live("target")) == ({}, {"nightly": 1, "weekly": 1, "cpu": 2})
    if back is None:
        move.world.ok(*move.back)
    else:
        came &= _killed(move, move.back, *back)
    assert move.documents("source") == move.before and move.live("target") == {}
    return came


def _late(move: Move, command: tuple[str, ...], chance: random.Random) -> tuple[int, str]:
    """One of the last requests: before them both sides are only read."""
    return move.requests[command[-1]] - chance.randrange(5, LAST), chance.choice(MOMENTS)


def test_a_sample_of_requests(sandbox: Any, tmp_path: Path) -> None:
    move, chance = _moved(sandbox, tmp_path), random.Random(SEED)
    came = [_round(move, _late(move, move.forth, chance), _late(move, move.back, chance)) for _ in range(3)]
    assert any(came)
    # It is cut over in the end, and nothing is left for a plan that is made then.
    move.world.ok(*move.forth)
    move.world.ok("verify")
    move.world.ok("plan", *move.world.names, "--out", "plans/empty")
    actions = {line["action"] for line in move.world.plan_lines("empty") if line["record"] == "step"}
    assert actions <= {"adopt", "skip", "manual"}, actions


@pytest.mark.crash
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1, SHARES + 1))
@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("back", [False, True])
def test_every_request(sandbox: Any, tmp_path: Path, when: str, first: int, back: bool) -> None:
    move, nth = _moved(sandbox, tmp_path), first
    while _round(move, None if back else (nth, when), (nth, when) if back else None):
        nth += SHARES
    assert nth >= move.requests[(move.back if back else move.forth)[-1]] * 0.6, f"never came to {nth}"
