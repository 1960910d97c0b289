"""What an undisturbed run of the small workspace that has every kind comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance.conftest import real_input
from tests.acceptance.world import make_world
from tests.invariants.everything import Snapshot, changes, seed_everything, snapshot

__all__ = ["real_input", "undisturbed"]


@dataclass(frozen=True)
class Undisturbed:
    """The end of a run that nothing disturbed: what the target holds, and how much it took."""

    snapshot: Snapshot
    requests: int
    commits: int
    changes: int


@pytest.fixture(scope="session")
def undisturbed(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One for a session."""
    from tests.invariants.killing import counting

    world = seed_everything(make_world(sandbox, tmp_path_factory.mktemp("undisturbed")))
    world.ok("plan", *world.names)
    since = world.now()
    commits = counting(world, "run")
    rows = [row for row in world.log(since) if row["time"] > since]
    world.ok("verify")
    return Undisturbed(snapshot(world), len(rows), commits, sum(changes(world, since).values()))
