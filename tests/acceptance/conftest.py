"""Workspaces of their own for each test, in the process's sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import wellformed
from tests.acceptance.provisioning import Place, make_place
from tests.acceptance.world import World, make_world, seed_small

from azsandbox.seed import read_lines


@pytest.fixture
def world(sandbox: Any, tmp_path: Path) -> Iterator[World]:
    """Two fresh, empty workspaces; every report that the commands then write is of its schema."""
    yield make_world(sandbox, tmp_path)
    wellformed.check(tmp_path)


@pytest.fixture
def small_world(world: World) -> World:
    """Two workspaces, the source with a few small assets."""
    return seed_small(world)


@pytest.fixture(scope="module")
def moved_world(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for a module: a few small assets, planned and run. A test puts back what it spoils."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("moved")))
    world.ok("plan", *world.names)
    world.ok("run")
    yield world
    wellformed.check(world.folder)


@pytest.fixture
def place(sandbox: Any, tmp_path: Path) -> Place:
    """The least file of `provision`."""
    return make_place(sandbox, tmp_path)


@pytest.fixture(scope="session")
def real_input(shared: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The real resources and blobs."""
    folder = shared / "real" / "azureml-examples"
    return read_lines(folder / "resources.jsonl"), read_lines(folder / "blobs.jsonl")


@pytest.fixture
def real_world(world: World, real_input: Any) -> World:
    """Two workspaces, the source filled with the real input."""
    world.seed(*real_input)
    return world
