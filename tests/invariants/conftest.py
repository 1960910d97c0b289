"""What an undisturbed run of the small workspace of `everything` comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance.conftest import real_input
from tests.acceptance.world import World, make_world
from tests.invariants.everything import Snapshot, change_everything, changes, seed_everything, snapshot
from tests.invariants.killing import CHANGING, count_of_commits

__all__ = ["both_undisturbed", "real_input", "second_undisturbed", "undisturbed"]


@dataclass(frozen=True)
class Undisturbed:
    """The end of a run that nothing disturbed: what the target holds, and how much it took."""

    snapshot: Snapshot
    methods: tuple[str, ...]
    commits: int
    changes: Counter[tuple[str, str]]

    def requests(self, when: str) -> int:
        """How many calls have this moment."""
        return sum(when == "before" or method in CHANGING for method in self.methods)


def _run(world: World, name: str) -> Undisturbed:
    since = world.now()
    commits = count_of_commits(world, 0, "run", f"plans/{name}")
    rows = [row for row in world.log(since) if row["time"] > since]
    made = changes(world, since)
    world.ok("verify", f"plans/{name}")
    return Undisturbed(snapshot(world, name), tuple(row["method"] for row in rows), commits, made)


@pytest.fixture(scope="session")
def both_undisturbed(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Undisturbed, Undisturbed]:
    """The run of a first plan and that of a second; one of each for a session."""
    world = seed_everything(make_world(sandbox, tmp_path_factory.mktemp("undisturbed")))
    world.ok("plan", *world.names, "--out", "plans/first")
    first = _run(world, "first")
    change_everything(world)
    world.ok("plan", *world.names, "--out", "plans/second", "--delete")
    return first, _run(world, "second")


@pytest.fixture(scope="session")
def undisturbed(both_undisturbed: tuple[Undisturbed, Undisturbed]) -> Undisturbed:
    """The run of a first plan."""
    return both_undisturbed[0]


@pytest.fixture(scope="session")
def second_undisturbed(both_undisturbed: tuple[Undisturbed, Undisturbed]) -> Undisturbed:
    """The run of a second plan, after the source changed."""
    return both_undisturbed[1]
