"""Workspaces of their own for each test, in the process's sandbox."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import World

from azsandbox import provision
from azsandbox.seed import read_lines

_numbers = itertools.count(os.getpid() % 10_000 * 100)


@pytest.fixture
def world(sandbox: Any, tmp_path: Path) -> World:
    """Two fresh workspaces, named as nothing else in this sandbox."""
    number = next(_numbers)
    made = World(sandbox.env, tmp_path, f"rg{number}", f"old{number}", f"new{number}")
    pair = made.azure(
        lambda client: provision.pair(client, made.group, made.source, made.target, suffix=f"s{number}")
    )
    made.documents = {"source": pair.source, "target": pair.target}
    return made


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
