"""Killed at any request and at any commit of the ledger, a run resumes to the end of an undisturbed one.

A sample with a seed of its own runs with every run of the suite; all moments run with `make crash`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.acceptance.world import Result, World, make_world
from tests.invariants.conftest import Undisturbed
from tests.invariants.everything import changes, seed_everything, snapshot
from tests.invariants.killing import KILLED, at_commit, at_request

SEED = int(os.environ.get("KILL_SEED", random.randrange(10_000)))
MOMENTS = ("before", "after", "answered")
# Each share is a test of its own, so that they run side by side.
SHARES = 5


def _resumes(sandbox: Any, folder: Any, kill: Callable[[World], Result], undisturbed: Undisturbed) -> bool:
    """Kills a run, resumes it, and compares; False when it ended before it came to the moment."""
    world = seed_everything(make_world(sandbox, folder))
    world.ok("plan", *world.names)
    since = world.now()
    killed = kill(world)
    if killed.code == 0:
        return False
    assert killed.code == KILLED, killed.out[-2000:] + killed.err[-2000:]
    world.ok("run", "--resume")
    found = changes(world, since)
    assert snapshot(world) == undisturbed.snapshot
    # Archiving is a second PUT of a path; beyond that nothing is asked for twice but what was under way.
    usual = {key: 2 if "/models/m/versions/2" in key[1] else 1 for key in found}
    assert {key: count for key, count in found.items() if count > usual[key] + 1} == {}
    return True


def _sample(count: int, most: int) -> list[int]:
    return sorted(random.Random(SEED).sample(range(1, most + 1), count))


Kill = Callable[[World, int, str], Result]
REQUEST: Kill = lambda world, nth, when: at_request(world, nth, when, "run")  # noqa: E731
COMMIT: Kill = lambda world, nth, when: at_commit(world, nth, when, "run")  # noqa: E731


def test_a_sample_of_requests(sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed) -> None:
    # The last requests may not come: how many there are hangs on what runs at the same time.
    for nth, when in zip(_sample(3, undisturbed.requests - 5), MOMENTS, strict=True):
        print("seed", SEED, "request", nth, when)
        assert _resumes(sandbox, tmp_path_factory.mktemp("kill"), partial(_at, REQUEST, nth, when), undisturbed)


def test_a_sample_of_commits(sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed) -> None:
    # How many writes a run makes hangs on how many changes share one; so many it makes at the least.
    for nth, when in zip(_sample(2, undisturbed.commits // 2), MOMENTS[:2], strict=True):
        print("seed", SEED, "commit", nth, when)
        assert _resumes(sandbox, tmp_path_factory.mktemp("kill"), partial(_at, COMMIT, nth, when), undisturbed)


def _at(kill: Kill, nth: int, when: str, world: World) -> Result:
    return kill(world, nth, when)


def _all(sandbox: Any, folders: Any, undisturbed: Undisturbed, kill: Kill, when: str, numbers: range) -> None:
    ended = 0
    for nth in numbers:
        print(when, nth)
        ended += not _resumes(sandbox, folders.mktemp("kill"), partial(_at, kill, nth, when), undisturbed)
    assert ended < len(numbers), "none of them was killed"


@pytest.mark.crash
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1, SHARES + 1))
@pytest.mark.parametrize("when", MOMENTS)
def test_every_request(
    sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, when: str, first: int
) -> None:
    numbers = range(first, undisturbed.requests + 1, SHARES)
    _all(sandbox, tmp_path_factory, undisturbed, REQUEST, when, numbers)


@pytest.mark.crash
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1, SHARES + 1))
@pytest.mark.parametrize("when", MOMENTS[:2])
def test_every_commit(
    sandbox: Any, tmp_path_factory: Any, undisturbed: Undisturbed, when: str, first: int
) -> None:
    numbers = range(first, undisturbed.commits + 1, SHARES)
    _all(sandbox, tmp_path_factory, undisturbed, COMMIT, when, numbers)
