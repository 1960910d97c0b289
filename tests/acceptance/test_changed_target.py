"""What somebody changed in the target after it was moved, between plan and run, or while it runs: it stays."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from tests.acceptance.underway import meanwhile
from tests.acceptance.world import Result, World
from tests.builders import fault

STORE = "azureml://datastores/workspaceblobstore/paths"
MODEL = {"modelType": "custom_model", "tags": {"team": "risk"}, "modelUri": f"{STORE}/m/1"}
ONE = "models/m/versions/1"


def _plan(world: World, name: str, *options: str) -> dict[str, dict[str, Any]]:
    world.ok("plan", *world.names, "--out", f"plans/{name}", *options)
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def _failed(result: Result) -> dict[str, str]:
    return {event["address"]: event["reason"] for event in result.events if event["event"] == "step.failed"}


def _bytes(world: World, which: str, path: str) -> bytes:
    with world.container_client(which) as client:
        return bytes(client.download_blob(path).readall())


def _write(world: World, which: str, path: str, data: bytes | None) -> None:
    with world.container_client(which) as client:
        if data is None:
            client.delete_blob(path)
        else:
            client.upload_blob(path, data, overwrite=True)


def _edit(world: World, which: str, path: str = ONE, **changed: Any) -> None:
    """Changes members of a document, as somebody with a client does."""
    there = world.get(path, of=which)["properties"]
    world.put(path, {"properties": {**there, **changed}}, into=which)


def _as_if_copied(world: World, path: str) -> None:
    with world.container_client("source") as source, world.container_client("target") as target:
        old = source.get_blob_client(path)
        settings = old.get_blob_properties().content_settings
        target.upload_blob(path, old.download_blob().readall(), content_settings=settings)


@pytest.fixture
def moved(small_world: World) -> World:
    small_world.ok("plan", *small_world.names)
    small_world.ok("run")
    return small_world


TAKEN = ("d/1", "m/1/a")


def _theirs(world: World) -> None:
    for path in TAKEN:
        _write(world, "target", path, b"theirs")


def _changes(world: World) -> None:
    """One blob of the source changes, another is deleted."""
    _write(world, "source", "d/1", b"changed in the source")
    _write(world, "source", "m/1/a", None)


def test_one_that_is_written_between_plan_and_run_stays(moved: World) -> None:
    _changes(moved)
    address = f"blobs/{moved.container('source')}/"
    steps = _plan(moved, "second", "--delete")
    assert [steps[address + name]["action"] for name in ("d", "m/1#delete")] == ["copy", "delete"]
    _theirs(moved)
    result = moved.migrate("run", "plans/second", "--json")
    assert result.code == 3
    failed = _failed(result)
    assert "d/1" in failed[f"{address}d"] and "m/1/a" in failed[f"{address}m/1#delete"]
    assert [_bytes(moved, "target", path) for path in TAKEN] == [b"theirs"] * 2


def test_a_version_that_appears_while_it_runs_is_somebody_elses(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    slow = fault("PUT", "/m/1/a", host=r"\.blob\.", delay=4)
    theirs = {"properties": MODEL | {"tags": {"team": "theirs"}}}
    result = meanwhile(world, slow, "blobs/", lambda: world.put(ONE, theirs, into="target"))
    assert result.code == 3
    assert "appeared in the target" in _failed(result)["models/m/1"]
    # Gone on with, it is taken as it then is, and a later plan does not call it the tool's own.
    world.ok("run", "--resume")
    assert {"adopted": 3, "migrated": 10}.items() <= world.ok("status", "--json").event("status")["items"].items()
    _edit(world, "source", tags={"team": "other"})
    step = _plan(world, "second")["models/m/1"]
    assert step["action"] == "conflict" and "not created by this tool" in step["reason"]


def test_what_was_made_and_whose_answer_was_lost_is_the_tools_own(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    rules = [fault("PUT", path, drop="after") for path in ("/d/1$", "/models/m/versions/1$")]
    assert world.with_faults(rules, "run").code == 0
    _write(world, "source", "d/1", None)
    _edit(world, "source", tags={"team": "other"})
    steps = _plan(world, "second", "--delete")
    assert steps[f"blobs/{world.container('source')}/d#delete"]["action"] == "delete"
    assert steps["models/m/1"]["action"] == "update"


def test_a_copy_of_a_killed_run_that_arrives_late_is_the_tools_own(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    address = f"blobs/{world.container('source')}/d"
    match = {"method": "PUT", "host": r"\.blob\.", "path": "/d/2"}
    assert world.with_faults([fault(**match, kill="before")], "run").code == -signal.SIGKILL
    assert "d/2" not in world.blobs("target")
    # The service goes on with a copy once it is asked for; here it ends after the target has been listed.
    slow = fault(**match, delay=4)
    assert meanwhile(world, slow, address, lambda: _as_if_copied(world, "d/2"), "--resume").code == 0
    _write(world, "source", "d/2", None)
    step = _plan(world, "second", "--delete")[f"{address}#delete"]
    assert (step["action"], [one["path"] for one in step["gone"]]) == ("delete", ["d/2"])
