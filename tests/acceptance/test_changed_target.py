"""What somebody changed in the target after it was moved, between plan and run, or while it runs: it stays."""

from __future__ import annotations

import signal
import sqlite3
from typing import Any

import pytest
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


def test_one_that_is_as_it_was_left_follows_its_source_plan_after_plan(moved: World) -> None:
    address = f"blobs/{moved.container('source')}/m/1"
    for number, data in enumerate((b"second", b"third", None, b"again")):
        _write(moved, "source", "m/1/a", data)
        mark, action = ("", "copy") if data else ("#delete", "delete")
        assert _plan(moved, f"next{number}", "--delete")[address + mark]["action"] == action, data
        moved.ok("run", f"plans/next{number}")
        assert ("m/1/a" in moved.blobs("target")) is (data is not None)
        _clock_was_off(moved, f"next{number}", number + 2, days=-number * 9)
    assert _bytes(moved, "target", "m/1/a") == b"again"


def _clock_was_off(world: World, name: str, sequence: int, *, days: int) -> None:
    """As if the machine of that run had another time; runs are numbered in the order in which they were."""
    with sqlite3.connect(world.folder / "plans" / name / "ledger.db") as db:
        [found] = db.execute("SELECT value FROM meta WHERE key = 'sequence'").fetchone()
        assert int(found) == sequence
        for table in ("steps", "blobs"):
            db.execute(f"UPDATE {table} SET at = strftime('%Y-%m-%dT%H:%M:%f+00:00', at, '{days} days')")
    db.close()


def test_a_version_that_appears_while_it_runs_is_somebody_elses(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    slow = fault("PUT", "/m/1/a", host=r"\.blob\.", delay=4)
    theirs = {"properties": MODEL | {"tags": {"team": "theirs"}}}
    result = world.meanwhile(slow, "blobs/", lambda: world.put(ONE, theirs, into="target"))
    assert result.code == 3
    assert "appeared in the target" in _failed(result)["models/m/1"]
    # Gone on with, it is taken as it then is, and a later plan does not call it the tool's own.
    world.ok("run", "--resume")
    assert {"adopted": 3, "migrated": 10}.items() <= world.ok("status", "--json").event("status")["items"].items()
    _edit(world, "source", tags={"team": "other"})
    step = _plan(world, "second")["models/m/1"]
    assert step["action"] == "conflict" and "not created by this tool" in step["reason"]


# What is replaced whole by a PUT, or does not tell that it was: where it lies, and what somebody else puts there.
APPEARING = {
    "datastores/lake": ("datastores/lake", {"datastoreType": "AzureDataLakeGen2", "accountName": "theirs",
                                            "filesystem": "raw", "credentials": {"credentialsType": "None"}}),
    "models/m": ("models/m", {"description": "theirs"}),
    "environments/py/1": ("environments/py/versions/1", {"image": "mcr.microsoft.com/x:1", "tags": {"by": "them"}}),
}  # fmt: skip


@pytest.mark.parametrize(
    "address",
    APPEARING,
)
def test_what_a_put_would_replace_is_looked_for_right_before(small_world: World, address: str) -> None:
    world = small_world
    lake = {"datastoreType": "AzureDataLakeGen2", "accountName": "lake", "filesystem": "raw"}
    world.put("datastores/lake", {"properties": lake | {"credentials": {"credentialsType": "None"}}})
    world.put("models/m", {"properties": {"description": "credit risk"}})
    world.ok("plan", *world.names)
    path, theirs = APPEARING[address]
    slow = fault("GET", rf"/{world.source}/{path}$", delay=4)
    result = world.meanwhile(slow, address, lambda: world.put(path, {"properties": theirs}, into="target"))
    assert result.code == 3
    assert "a different one that this tool did not create" in _failed(result)[address]
    assert {name: world.get(path)["properties"][name] for name in theirs} == theirs


def test_copies_that_were_not_recorded_before_a_kill_are_the_tools_own(small_world: World) -> None:
    world = small_world
    _as_if_copied(world, "d/x/3")
    world.ok("plan", *world.names)
    match = {"method": "PUT", "host": r"\.blob\.", "path": "/d/2"}
    # d/1 is sent at the same time, and nothing says which of the two comes first.
    rules = [fault(**match, delay=1), fault(**match, kill="before")]
    assert world.with_faults(rules, "run").code == -signal.SIGKILL
    assert "d/1" in world.blobs("target")
    world.ok("run", "--resume")
    for path in ("d/1", "d/2"):
        _write(world, "source", path, None)
    address = f"blobs/{world.container('source')}/d"
    step = _plan(world, "second", "--delete")[f"{address}#delete"]
    assert (step["action"], [one["path"] for one in step["gone"]]) == ("delete", ["d/1", "d/2"])
    # What was there before, and is equal, is not.
    _write(world, "source", "d/x/3", b"changed")
    assert _plan(world, "third")[f"{address}/x/3"]["action"] == "conflict"


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
    assert world.meanwhile(slow, address, lambda: _as_if_copied(world, "d/2"), "--resume").code == 0
    _write(world, "source", "d/2", None)
    step = _plan(world, "second", "--delete")[f"{address}#delete"]
    assert (step["action"], [one["path"] for one in step["gone"]]) == ("delete", ["d/2"])
