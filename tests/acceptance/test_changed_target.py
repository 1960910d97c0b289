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


def test_a_copy_that_somebody_wrote_over_stays_when_its_source_changes_or_is_deleted(moved: World) -> None:
    _theirs(moved)
    _changes(moved)
    steps = _plan(moved, "second", "--delete")
    address = f"blobs/{moved.container('source')}/"
    told = [steps[address + path]["action"] for path in ("d", "m/1", *TAKEN)]
    assert told == ["adopt", "adopt", "conflict", "conflict"]
    assert moved.migrate("run", "plans/second").code == 4
    assert [_bytes(moved, "target", path) for path in TAKEN] == [b"theirs"] * 2


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


def test_a_document_that_is_changed_between_plan_and_run_stays(moved: World) -> None:
    _edit(moved, "source", tags={"team": "other"})
    assert _plan(moved, "second")["models/m/1"]["action"] == "update"
    _edit(moved, "target", description="theirs")
    result = moved.migrate("run", "plans/second", "--json")
    assert result.code == 3
    assert "not what it was when the plan was made: /properties/description" in _failed(result)["models/m/1"]
    assert moved.get(ONE)["properties"]["description"] == "theirs"
    # One that somebody brought to what it shall be is done as it is.
    _edit(moved, "target", description=None, tags={"team": "other"})
    since = moved.now()
    moved.ok("run", "plans/second", "--resume")
    assert not _written(moved, since)


def _written(world: World, since: str) -> list[str]:
    return [
        row["path"] for row in world.log(since) if row["method"] == "PUT" and f"/{world.target}/" in row["path"]
    ]


def test_an_update_that_was_cut_off_is_not_made_twice(moved: World) -> None:
    for when, again in (("before", 1), ("after", 0)):
        _edit(moved, "source", tags={"killed": when})
        # What was updated is the tool's own.
        assert _plan(moved, when)["models/m/1"]["action"] == "update"
        rule = fault("PUT", f"/{moved.target}/models/", kill=when)
        assert moved.with_faults([rule], "run", f"plans/{when}").code == -signal.SIGKILL
        since = moved.now()
        moved.ok("run", f"plans/{when}", "--resume")
        assert len(_written(moved, since)) == again
        assert moved.get(ONE)["properties"]["tags"] == {"killed": when}
    _edit(moved, "source", tags={"team": "third"})
    assert _plan(moved, "third")["models/m/1"]["action"] == "update"


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


def test_what_is_equal_and_somebody_elses_is_adopted_and_not_archived(small_world: World) -> None:
    world = small_world
    archived = MODEL | {"modelUri": f"{STORE}/m/2", "isArchived": True}
    world.put("models/m/versions/2", {"properties": archived})
    world.ok("plan", *world.names)
    # A model is made of bytes that are there: they have copied the same.
    with world.container_client("source") as source, world.container_client("target") as target:
        for path in ("m/1/a", "m/1/b", "m/2/a"):
            old = source.get_blob_client(path)
            settings = old.get_blob_properties().content_settings
            target.upload_blob(path, old.download_blob().readall(), content_settings=settings)
    for version in ("1", "2"):
        body = {"properties": MODEL | {"modelUri": f"{STORE}/m/{version}"}}
        world.put(f"models/m/versions/{version}", body, into="target")
    result = world.migrate("run", "--json")
    assert result.code == 3
    assert set(_failed(result)) == {"models/m/2#archive"}
    assert world.get("models/m/versions/2")["properties"]["isArchived"] is False
    assert result.event("run.end")["items"]["adopted"] == 4, (
        "the name, both versions, and the workspace's own document"
    )
    _edit(world, "source", tags={"team": "other"})
    assert _plan(world, "second")["models/m/1"]["action"] == "conflict"


@pytest.mark.parametrize("fault", [{"action": "kill", "when": "before"}, {"action": "status", "status": 400}])
def test_what_was_made_and_is_gone_is_made_again(small_world: World, fault: dict[str, Any]) -> None:
    world = small_world
    world.ok("plan", *world.names)
    read_back = {"match": {"method": "GET", "path": f"/{world.target}/{ONE}$"}, **fault}
    assert world.with_faults([read_back], "run").code in (3, -signal.SIGKILL)
    # What is there is another one by now: it stays, until whoever made it so has taken it away.
    _edit(world, "target", description="theirs")
    result = world.migrate("run", "--resume", "--json")
    assert result.code == 3
    assert "otherwise than it was written: /properties/description" in _failed(result)["models/m/1"]
    path = f"{world.documents['target']['id']}/{ONE}"
    world.arm("DELETE", path, "2025-12-01")
    world.ok("run", "--resume")
    assert world.get(ONE)["properties"]["tags"] == {"team": "risk"}


def test_what_was_made_without_an_answer_is_the_tools_own(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    match = {"method": "PUT", "path": "/models/m/versions/1"}
    rules: list[dict[str, Any]] = [
        fault(**match, nth=1, drop="after"),
        fault(**match, nth=2, status=400, body={"error": {"code": "UserError", "message": "Not now."}}),
    ]  # fmt: skip
    assert world.with_faults(rules, "run").code == 3
    world.ok("run", "--resume")
    assert world.ok("status", "--json").event("status")["items"]["adopted"] == 1, "the workspace's own document"
    _edit(world, "source", tags={"team": "other"})
    assert _plan(world, "second")["models/m/1"]["action"] == "update"


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


def test_an_equal_blob_that_somebody_else_was_faster_with_stays_theirs(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    address = f"blobs/{world.container('source')}/d"

    slow = fault("PUT", "/d/1", host=r"\.blob\.", delay=4)
    assert world.meanwhile(slow, address, lambda: _as_if_copied(world, "d/1")).code == 0
    _write(world, "source", "d/1", None)
    step = _plan(world, "second", "--delete")[f"{address}/1"]
    assert step["action"] == "conflict" and step["reason"].startswith("too many")


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


def test_a_described_name_stays_one_when_its_source_gets_a_newer_version(small_world: World) -> None:
    # Its line in the list has the times of the newest version (AZ-LIST-16).
    world = small_world
    image = {"properties": {"image": "mcr.microsoft.com/a"}}
    world.put("environments/named/versions/1", image)
    world.put("environments/named", {"properties": {"description": "said of all"}})
    world.ok("plan", *world.names)
    world.ok("run")
    world.put("environments/named/versions/2", image)
    steps = _plan(world, "second")
    assert (steps["environments/named"]["action"], steps["environments/named/2"]["action"]) == ("adopt", "create")
