"""Killed at any request and at any commit of the ledger, a run resumes to the end of an undisturbed one.

It does so for a first plan and for a second one, which updates, overwrites, relabels, deletes, adopts and archives. A sample
with a seed of its own runs with every run of the suite; all moments run with `make crash`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.acceptance.world import Result, World, make_world
from tests.builders import fault
from tests.invariants.conftest import Undisturbed
from tests.invariants.everything import change_everything, changes, seed_everything, snapshot, unless_unknown
from tests.invariants.killing import KILLED, MOMENTS, at_commit, at_request, in_blocks

SEED = int(os.environ.get("KILL_SEED", random.randrange(10_000)))
# Each share is a test of its own, so that they run side by side.
SHARES = 5
# How many requests or commits a run has hangs on what runs at the same time; a share of them is to come in any case.
SURELY = 0.6
Planned = Callable[[Any, Any], World]


def _first(sandbox: Any, folder: Any) -> World:
    world = seed_everything(make_world(sandbox, folder))
    world.ok("plan", *world.names, "--out", "plans/it")
    return world


def _second(sandbox: Any, folder: Any) -> World:
    world = seed_everything(make_world(sandbox, folder))
    world.ok("plan", *world.names, "--out", "plans/first")
    world.ok("run", "plans/first")
    change_everything(world)
    world.ok("plan", *world.names, "--out", "plans/it", "--delete")
    return world


def _resumes(world: World, kill: Callable[[World], Result], undisturbed: Undisturbed) -> bool:
    """Kills a run, resumes it, and compares; False when it ended before it came to the moment."""
    since = world.now()
    killed = kill(world)
    if killed.code == 0:
        return False
    assert killed.code == KILLED, killed.out[-2000:] + killed.err[-2000:]
    world.ok("run", "plans/it", "--resume")
    found = changes(world, since)
    assert unless_unknown(world, "it", snapshot(world, "it")) == undisturbed.snapshot
    # Nothing is asked for that is not in an undisturbed run, and nothing once more but what was under way.
    assert found.keys() == undisturbed.changes.keys()
    assert {key: n for key, n in found.items() if not 0 <= n - undisturbed.changes[key] <= 1} == {}
    _owns_all(world)
    return True


def _owns_all(world: World) -> None:
    """Nothing is left for a new plan, and what the killed run made may still be followed."""
    world.ok("plan", *world.names, "--out", "plans/empty")
    steps = {line["address"]: line["action"] for line in world.plan_lines("empty") if line["record"] == "step"}
    assert set(steps.values()) <= {"adopt", "skip", "manual"}, steps
    properties = world.get("models/m/versions/1", of="source")["properties"]
    world.put("models/m/versions/1", {"properties": properties | {"tags": {"k": "last"}}})
    with world.container_client("source") as client:
        client.upload_blob("m/1/a", b"last", overwrite=True)
        client.delete_blob("m/2/a")
    world.ok("plan", *world.names, "--out", "plans/last", "--delete")
    steps = {line["address"]: line["action"] for line in world.plan_lines("last") if line["record"] == "step"}
    assert steps["models/m/1"] == "update"
    assert {action for address, action in steps.items() if address.startswith("blobs/")} == {
        "adopt",
        "copy",
        "delete",
    }


def _sample(count: int, most: int) -> list[int]:
    return sorted(random.Random(SEED).sample(range(1, most + 1), count))


Kill = Callable[[World, int, str], Result]
REQUEST: Kill = lambda world, nth, when: at_request(world, nth, when, "run", "plans/it")  # noqa: E731 - one line each, side by side
COMMIT: Kill = lambda world, nth, when: at_commit(world, nth, when, "run", "plans/it")  # noqa: E731 - one line each, side by side


def _at(kill: Kill, nth: int, when: str, world: World) -> Result:
    return kill(world, nth, when)


def _killed(
    sandbox: Any, folders: Any, planned: Planned, kill: Kill, moment: tuple[int, str], undisturbed: Undisturbed
) -> bool:
    print("seed", SEED, *moment)
    return _resumes(planned(sandbox, folders.mktemp("kill")), partial(_at, kill, *moment), undisturbed)


# Each moment of a sample is a test of its own, so that they run side by side.
@pytest.mark.parametrize("which", range(3))
def test_a_sample_of_requests(sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, which: int) -> None:
    when = MOMENTS[which]
    moment = (_sample(1, undisturbed.requests(when) - 5)[0], when)
    assert _killed(sandbox, tmp_path_factory, _first, REQUEST, moment, undisturbed)


@pytest.mark.parametrize("which", range(2))
def test_a_sample_of_commits(sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, which: int) -> None:
    # How many writes a run makes hangs on how many changes share one; so many it makes at the least.
    moment = (_sample(2, undisturbed.commits // 2)[which], MOMENTS[which])
    assert _killed(sandbox, tmp_path_factory, _first, COMMIT, moment, undisturbed)


@pytest.mark.parametrize("which", range(2))
def test_a_sample_of_requests_of_a_second_plan(
    sandbox: Any, tmp_path_factory: Any, second_undisturbed: Undisturbed, which: int
) -> None:
    end = second_undisturbed
    when = random.Random(SEED).sample(MOMENTS, 2)[which]
    # The last third of the requests are those of the steps: before them both sides are read.
    most = end.requests(when)
    moment = (most - 5 - _sample(1, most // 3)[0], when)
    assert _killed(sandbox, tmp_path_factory, _second, REQUEST, moment, end)


def test_a_commit_of_a_second_plan(sandbox: Any, tmp_path_factory: Any, second_undisturbed: Undisturbed) -> None:
    moment = (_sample(1, second_undisturbed.commits // 2)[0], random.Random(SEED).choice(MOMENTS[:2]))
    assert _killed(sandbox, tmp_path_factory, _second, COMMIT, moment, second_undisturbed)


@pytest.mark.parametrize(
    "query",
    [pytest.param("comp=block&", marks=pytest.mark.crash), "comp=blocklist"],
    ids=["a block", "the list of blocks"],
)
def test_a_copy_in_blocks(sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, query: str) -> None:
    world = _first(sandbox, tmp_path_factory.mktemp("blocks"))
    rule = fault("PUT", query=query, nth=3, kill="before")
    with world.faults(rule):
        assert in_blocks(world, "run", "plans/it").code == KILLED
    done = in_blocks(world, "run", "plans/it", "--resume")
    assert done.code == 0, done.err
    # Blobs that came in blocks have no MD5 of the service's own; all else is the same.
    assert snapshot(world, "it") == undisturbed.snapshot
    _owns_all(world)


def _all(
    sandbox: Any, folders: Any, planned: Planned, undisturbed: Undisturbed, kill: Kill, when: str, numbers: range
) -> None:
    """At each of the numbers and beyond, to the first that a run ends before it comes to."""
    number = numbers.start
    while _killed(sandbox, folders, planned, kill, (number, when), undisturbed):
        number += numbers.step
    assert number >= numbers.stop * SURELY, f"never came to {number}"


crash = pytest.mark.crash
slow = pytest.mark.timeout(3600)
shares = pytest.mark.parametrize("first", range(1, SHARES + 1))
requests_of = pytest.mark.parametrize("when", MOMENTS)
commits_of = pytest.mark.parametrize("when", MOMENTS[:2])


@crash
@slow
@shares
@requests_of
def test_every_request(
    sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, when: str, first: int
) -> None:
    numbers = range(first, undisturbed.requests(when) + 1, SHARES)
    _all(sandbox, tmp_path_factory, _first, undisturbed, REQUEST, when, numbers)


@crash
@slow
@shares
@commits_of
def test_every_commit(
    sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, when: str, first: int
) -> None:
    numbers = range(first, undisturbed.commits + 1, SHARES)
    _all(sandbox, tmp_path_factory, _first, undisturbed, COMMIT, when, numbers)


@crash
@slow
@shares
@requests_of
def test_every_request_of_a_second_plan(
    sandbox: Any, tmp_path_factory: Any, second_undisturbed: Undisturbed, when: str, first: int
) -> None:
    numbers = range(first, second_undisturbed.requests(when) + 1, SHARES)
    _all(sandbox, tmp_path_factory, _second, second_undisturbed, REQUEST, when, numbers)


@crash
@slow
@shares
@commits_of
def test_every_commit_of_a_second_plan(
    sandbox: Any, tmp_path_factory: Any, second_undisturbed: Undisturbed, when: str, first: int
) -> None:
    numbers = range(first, second_undisturbed.commits + 1, SHARES)
    _all(sandbox, tmp_path_factory, _second, second_undisturbed, COMMIT, when, numbers)
