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


def make_world(sandbox: Any, folder: Path) -> World:
    """Two fresh workspaces, named as nothing else in this sandbox."""
    number = next(_numbers)
    made = World(sandbox.env, folder, f"rg{number}", f"old{number}", f"new{number}")
    pair = made.azure(
        lambda client: provision.pair(client, made.group, made.source, made.target, suffix=f"s{number}")
    )
    made.documents = {"source": pair.source, "target": pair.target}
    return made


def seed_small(world: World) -> World:
    """A model of two versions, a data folder, an environment and a component, with their bytes."""
    store = "azureml://datastores/workspaceblobstore/paths"
    model = {"modelType": "custom_model", "tags": {"team": "risk"}}
    spec = {
        "type": "command",
        "command": "true",
        "environment": f"{world.documents['source']['id']}/environments/py/versions/1",
    }
    world.seed(
        [
            {
                "kind": "environments",
                "name": "py",
                "version": "1",
                "properties": {"image": "mcr.microsoft.com/x:1"},
            },
            {"kind": "models", "name": "m", "version": "1", "properties": {**model, "modelUri": f"{store}/m/1"}},
            {"kind": "models", "name": "m", "version": "2", "properties": {**model, "modelUri": f"{store}/m/2"}},
            {
                "kind": "data",
                "name": "d",
                "version": "1",
                "properties": {"dataType": "uri_folder", "dataUri": f"{store}/d"},
            },
            {"kind": "components", "name": "c", "version": "1", "properties": {"componentSpec": spec}},
        ],
        [
            {"container": "azureml-blobstore", "path": path, "bytes": 1000 + n}
            for n, path in enumerate(("m/1/a", "m/1/b", "m/2/a", "d/1", "d/2", "d/x/3"))
        ],
    )
    return world


@pytest.fixture
def world(sandbox: Any, tmp_path: Path) -> World:
    """Two fresh, empty workspaces."""
    return make_world(sandbox, tmp_path)


@pytest.fixture
def small_world(world: World) -> World:
    """Two workspaces, the source with a few small assets."""
    return seed_small(world)


@pytest.fixture(scope="module")
def moved_world(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for a module: a few small assets, planned and run. A test puts back what it spoils."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("moved")))
    world.ok("plan", *world.names)
    world.ok("run")
    return world


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
