"""Drift: whatever changes in the source, in whichever window, is found, named and refused or reported."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from tests.acceptance.removing import removal
from tests.acceptance.underway import meanwhile, under_way
from tests.acceptance.world import LEASE, VERSION, World
from tests.builders import fault
from tests.builders.rows import STORE, blob, row

BLOB = r"\.blob\."
TOLD = {"dataType": "uri_folder"}
Change = Callable[[World], Any]


def _body(name: str, **more: Any) -> dict[str, Any]:
    return {"properties": {"dataType": "uri_folder", "dataUri": f"{STORE}/d/{name}", "tags": {"t": "1"}, **more}}


def _put(name: str, **more: Any) -> Change:
    return lambda world: world.put(f"data/{name}/versions/1", _body(name, **more))


def _delete(world: World) -> None:
    path = f"{world.documents['source']['id']}/data/deleted/versions/1"
    world.arm("DELETE", path, VERSION)


def _blob(name: str, data: bytes | None) -> Change:
    def change(world: World) -> None:
        with world.container_client("source") as client:
            if data is None:
                client.delete_blob(name)
            else:
                client.upload_blob(name, data, overwrite=True)

    return change


# What is changed, and the address by which it must be named (`CONTAINER` is the source's default one).
DOCUMENTS: dict[str, Change] = {
    "data/added/1": _put("added"),
    "data/tagged/1": _put("tagged", tags={"t": "2"}),
    "data/described/1": _put("described", description="told"),
    "data/archived/1": _put("archived", isArchived=True),
    "data/deleted/1": _delete,
    "data/told": lambda world: world.put("data/told", {"properties": TOLD | {"description": "told anew"}}),
    "environments/py/1": lambda world: world.put("environments/py/versions/1", {"properties": {
        "image": "mcr.microsoft.com/x:1", "tags": {"t": "2"}}}),
    "connections/git": lambda world: world.put("connections/git", {"properties": {
        "authType": "PAT", "category": "Git", "target": "https://example.com", "credentials": {"pat": "x"}}}),
}  # fmt: skip
# No step of the plan can fail for what was added.
ADDED = {"data/added/1", "connections/git"}
BLOBS: dict[str, Change] = {
    "blobs/CONTAINER/d/blob-changed": _blob("d/blob-changed/1", b"other"),
    "blobs/CONTAINER/d/blob-added": _blob("d/blob-added/2", b"new"),
    "blobs/CONTAINER/d/blob-deleted": _blob("d/blob-deleted/1", None),
}
MOVED = ["tagged", "described", "archived", "deleted", "blob-changed", "blob-added", "blob-deleted"]


@pytest.fixture
def planned(world: World) -> World:
    names = ["a-first", *MOVED, "left"]
    world.seed(
        [row("data", name, **_body(name)["properties"]) for name in names],
        [blob(f"d/{name}/{n}", 100 + n) for name in names for n in (0, 1)],
    )
    world.put("data/told", {"properties": TOLD | {"description": "told"}})
    world.put("environments/py/versions/1", {"properties": {"image": "mcr.microsoft.com/x:1"}})
    world.ok("plan", *world.names, "--exclude", "data/left/*")
    return world


def _changed(world: World, *tables: dict[str, Change]) -> set[str]:
    """Makes every change, and returns the addresses that must be told."""
    for table in tables:
        for change in table.values():
            change(world)
    return {address.replace("CONTAINER", world.container("source")) for table in tables for address in table}


def _differences(world: World) -> set[str]:
    result = world.migrate("verify", "--depth", "metadata", "--json")
    assert result.code == 3, result.out
    return {difference["address"] for difference in result.event("verify.end")["differences"]}


def _puts(world: World, since: str) -> list[str]:
    """What was written into the target; the lease is no change of it."""
    rows = [row for row in world.log(since) if not row["path"].endswith(f"/{LEASE}")]
    return [row["path"] for row in rows if row["method"] in ("PUT", "DELETE") and world.target in str(row)]


def test_everything_between_plan_and_run(planned: World) -> None:
    expected = _changed(planned, DOCUMENTS, BLOBS)
    # What stays behind by selection is watched as well: a waiver is for what it held when it was decided.
    _blob("d/left/2", b"new")(planned)
    _blob("elsewhere/1", b"new")(planned)
    store = f"blobs/{planned.container('source')}"
    since = planned.now()
    refused = planned.migrate("run", "--json")
    assert refused.code == 4
    told = {reason.split()[0] for reason in refused.event("error")["reasons"]}
    assert told == expected | {f"{store}/d/left", store}
    assert "new plan" in refused.event("error")["remedy"]
    assert not _puts(planned, since)
    assert planned.migrate("run", "--dry-run").code == 4


def test_everything_while_it_runs(planned: World) -> None:
    with under_way(planned, [fault("PUT", "/d/a-first/0", host=BLOB, delay=6)], "run", "--jobs", "1") as command:
        command.until("step.doing")
        expected = _changed(planned, DOCUMENTS, BLOBS)
        result = command.end(60)
    assert result.code == 3
    failed = {event["address"] for event in result.events if event["event"] == "step.failed"}
    # Verify finds what was added as well, and all the rest once more.
    assert failed == expected - ADDED
    assert _differences(planned) >= expected
    for name in ("tagged", "described", "archived", "deleted"):
        assert name not in {item["name"] for item in planned.items("data?listViewType=All")}


def test_a_blob_that_is_another_while_it_is_copied(planned: World) -> None:
    rule = fault("PUT", "d/blob-changed/1", host=BLOB, delay=3)
    address = f"blobs/{planned.container('source')}/d/blob-changed"
    write = _blob("d/blob-changed/1", b"x")
    result = meanwhile(planned, rule, address, lambda: write(planned), "--jobs", "1")
    assert result.code == 3
    [failed] = [event for event in result.events if event["event"] == "step.failed"]
    assert failed["address"] == address and "changed while it was copied" in failed["reason"]


def test_between_a_kill_and_the_resume(planned: World) -> None:
    rule = fault("PUT", "/data/described/", kill="after")
    with planned.faults(rule):
        assert planned.migrate("run", "--jobs", "1").code == -signal.SIGKILL
    expected = _changed(planned, DOCUMENTS, BLOBS)
    resumed = planned.migrate("run", "--resume", "--json")
    assert resumed.code == 3
    failed = {event["address"] for event in resumed.events if event["event"] == "step.failed"}
    assert "data/described/1" in failed
    # What had been moved before the kill was right then: that it changed since is for verify to find.
    assert failed < expected
    assert _differences(planned) >= expected
    # What the killed run had made is its own, so that a new plan has no conflict.
    planned.ok("plan", *planned.names, "--out", "plans/new", "--exclude", "data/left/*")
    steps = {line["address"]: line for line in planned.plan_lines("new") if line["record"] == "step"}
    assert steps["data/described/1"]["action"] == "update"
    assert [address for address, step in steps.items() if step["action"] == "conflict"] == []


def test_after_the_run_and_after_verify(planned: World) -> None:
    planned.ok("run")
    for address in ("data/left/1", f"blobs/{planned.container('source')}/d/left"):
        planned.ok("waive", address, "--reason", "known")
    planned.ok("verify")
    expected = _changed(planned, DOCUMENTS, BLOBS)
    refused = planned.migrate(*removal(planned), "--json")
    assert refused.code == 4
    documents, blobs = refused.event("error")["reasons"]
    assert "documents of the source" in documents and "blobs of the source" in blobs
    told = {part.split()[0] for reason in (documents, blobs) for part in reason.split(": ", 1)[1].split("; ")}
    assert told == expected
    assert planned.status("source") == 200
    # The same changes, seen from a run that is over: verify names each, and what hangs on them.
    assert _differences(planned) >= expected
