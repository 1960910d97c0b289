"""Answers that hang: after so long without a byte a call counts as cut off, and is made again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.acceptance.world import World, make_world, seed_small
from tests.builders import fault

from amlmigrate.cloud import retrying
from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Location


@pytest.fixture
def hanging(sandbox: Any, azure_env: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A workspace whose first read of a model and first listing of its container are never answered."""
    world = seed_small(make_world(sandbox, tmp_path))
    rules = [
        fault("GET", f"/{world.source}/models/m/versions/1", hang="before"),
        fault("GET", host=world.account("source"), query="comp=list", hang="before"),
    ]
    monkeypatch.setattr(retrying, "READ_SECONDS", 1.0)
    world.set_faults(*rules)
    yield world
    world.set_faults()


async def test_a_call_that_hangs_is_made_again(hanging: World, side: Side) -> None:
    start = time.monotonic()
    model = await side.arm.get(f"{hanging.documents['source']['id']}/models/m/versions/1")
    blobs, _ = await side.blobs.listing(Location(hanging.account("source"), hanging.container("source")))
    assert model and model["name"] == "1" and len(list(blobs)) == 6
    assert 2.0 <= time.monotonic() - start < 30
