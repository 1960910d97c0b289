"""Names over time: archived and restored, described and no more, in the source, in the target, and by others."""

from __future__ import annotations

from typing import Any

import pytest
from tests.acceptance.world import Result, World

ARCHIVE = "models/m#archive"


def _plan(world: World, name: str, *more: str) -> dict[str, dict[str, Any]]:
    world.ok("plan", *world.names, "--out", f"plans/{name}", *more)
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def _say(world: World, path: str, which: str = "source", **said: Any) -> None:
    """Changes members of a name, as somebody with a client does."""
    there = world.get(path, of=which)["properties"]
    kept = {
        name: there[name]
        for name in ("description", "tags", "properties", "isArchived", "dataType")
        if name in there
    }
    world.put(path, {"properties": kept | said}, into=which)


def _state(world: World, path: str) -> dict[str, Any]:
    """What the target says of a name, without what it says nothing of."""
    there = world.get(path)["properties"]
    return {name: there[name] for name in ("description", "tags", "isArchived") if there[name]}


def _verified(world: World, plan: str) -> Result:
    return world.migrate("verify", f"plans/{plan}", "--depth", "metadata", "--json")


@pytest.fixture
def moved(small_world: World) -> World:
    small_world.ok("plan", *small_world.names, "--out", "plans/first")
    small_world.ok("run", "plans/first")
    return small_world


def test_a_name_follows_its_source_there_and_back(moved: World) -> None:
    world = moved
    assert all(_state(world, name) == {} for name in ("models/m", "data/d", "components/c", "environments/py"))
    _say(world, "models/m", isArchived=True)
    _say(world, "data/d", tags={"a": "b", "c": "d"})
    _say(world, "components/c", description="trains")
    _say(world, "environments/py", isArchived=True, description="python")
    steps = _plan(world, "second")
    assert {address: steps[address]["action"] for address in steps if "#" in address} == {
        ARCHIVE: "update",
        "environments/py#archive": "update",
    }
    world.ok("run", "plans/second")
    assert _state(world, "models/m") == {"isArchived": True}
    assert _state(world, "data/d") == {"tags": {"a": "b", "c": "d"}}
    assert _state(world, "components/c") == {"description": "trains"}
    assert _state(world, "environments/py") == {"isArchived": True, "description": "python"}
    assert _verified(world, "second").code == 0

    _say(world, "models/m", isArchived=False)
    _say(world, "data/d", tags={})
    _say(world, "components/c", description="")
    _say(world, "environments/py", isArchived=False)
    steps = _plan(world, "third")
    names = ("models/m", "data/d", "components/c", "environments/py")
    assert {steps[name]["action"] for name in names} == {"update"}
    world.ok("run", "plans/third")
    assert [_state(world, name) for name in names] == [{}, {}, {}, {"description": "python"}]
    assert _verified(world, "third").code == 0
    steps = _plan(world, "fourth")
    assert {steps[name]["action"] for name in names} == {"adopt"}, "after it, nothing is left to do"
