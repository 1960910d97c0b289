"""A blob of somebody else's in a folder, a deletion, and a tier or tag: each decided by itself, and nothing besides."""

from __future__ import annotations

import signal
import sqlite3
from typing import Any

import pytest
from tests.acceptance.world import World
from tests.builders import fault

FIFTY = [f"d/{number:02d}" for number in range(50)]


def _fill(world: World) -> None:
    with world.container_client("source") as client:
        for path in FIFTY:
            client.upload_blob(path, b"ours", overwrite=True)


def _plan(world: World, name: str, *options: str) -> dict[str, dict[str, Any]]:
    world.ok("plan", *world.names, "--out", f"plans/{name}", *options)
    return {line["address"]: line for line in world.plan_lines(name) if line["record"] == "step"}


def _delete(world: World, paths: list[str]) -> None:
    with world.container_client("source") as client:
        for path in paths:
            client.delete_blob(path)


def test_one_of_fifty_is_decided_by_itself_and_the_others_are_copied(small_world: World) -> None:
    world = small_world
    _fill(world)
    with world.container_client("target") as client:
        client.upload_blob("d/07", b"theirs")
    folder = f"blobs/{world.container('source')}/d"
    steps = _plan(world, "one")
    assert steps[folder]["action"] == "copy" and "1 different in the target" in steps[folder]["reason"]
    item = steps[f"{folder}/07"]
    assert item["action"] == "conflict" and item["source_sha256"] and item["target_sha256"]
    refused = world.migrate("run", "plans/one", "--json")
    assert refused.code == 4 and f"{folder}/07: " in str(refused.event("error")["reasons"])
    assert len(world.blobs("target")) == 1
    world.ok("waive", f"{folder}/07", "plans/one", "--reason", "theirs is right")
    assert world.migrate("run", "plans/one").code == 3, "what refers to it is for somebody to decide, too"
    assert set(FIFTY) <= world.blobs("target").keys()
    with world.container_client("target") as client:
        assert client.download_blob("d/07").readall() == b"theirs"
    open_ = world.migrate("verify", "plans/one", "--json").event("verify.end")
    assert [one["address"] for one in open_["open_findings"]] == ["data/d/1!foreign-bytes"]
    world.ok("waive", "data/d/1!foreign-bytes", "plans/one", "--reason", "theirs is right")
    end = world.ok("verify", "plans/one", "--json").event("verify.end")
    assert "55 of 56 blobs" in end["text"] and "1 waived item is not the same in the target" in end["text"]
    # What is not shown to be copied goes with no container.
    kept = world.migrate(
        "decommission", "plans/one", "--confirm", f"{world.group}/{world.source}", "--soak", "0", "--storage", "delete",
        "--dry-run", "--json",
    )  # fmt: skip
    assert "1 blob in" in str(kept.events) and "is in no manifest" in str(kept.events)


@pytest.fixture
def moved(small_world: World) -> World:
    _fill(small_world)
    small_world.ok("plan", *small_world.names)
    small_world.ok("run")
    return small_world


def test_a_folder_that_was_cleaned_up_is_deleted_only_where_that_was_asked_for(moved: World) -> None:
    world = moved
    _delete(world, FIFTY[1:])
    folder = f"blobs/{world.container('source')}/d"
    steps = _plan(world, "without")
    assert len(steps[folder]["gone"]) == 49 and f"{folder}#delete" not in steps
    assert world.migrate("run", "plans/without").code == 3
    assert set(FIFTY) <= world.blobs("target").keys()
    told = world.migrate("verify", "plans/without", "--json").event("verify.end")
    assert [one["address"] for one in told["open_findings"]] == [f"{folder}!gone-from-source"]
    assert told["differences"] == []
    world.ok("waive", f"{folder}!gone-from-source", "plans/without", "--reason", "they may stay")
    world.ok("verify", "plans/without")

    # Somebody of the target has one of them by now.
    url = f"azureml://datastores/workspaceblobstore/paths/{FIFTY[9]}"
    world.put("data/own/versions/1", {"properties": {"dataType": "uri_file", "dataUri": url}}, into="target")
    steps = _plan(world, "with", "--delete")
    header = world.plan_lines("with")[0]
    assert header["options"]["delete"] is True and header["estimate"]["blob_deletes"] == 48
    assert header["counts"]["blobs"]["delete"] == 1
    assert steps[f"{folder}/09"]["action"] == "conflict" and "data/own/1" in steps[f"{folder}/09"]["reason"]
    shown = world.ok("show", "plans/with", f"{folder}#delete")
    assert all(path in shown.out for path in FIFTY[1:] if path != FIFTY[9])
    world.ok("waive", f"{folder}/09", "data/d/1!foreign-bytes", "plans/with", "--reason", "it stays")
    dry = world.ok("run", "plans/with", "--dry-run", "--json").event("run.dry")
    assert sum("delete d/" in line for line in dry["lines"]) == 48
    assert set(FIFTY) <= world.blobs("target").keys()
    # Killed in the middle, it goes on.
    rule = fault("DELETE", "/d/20$", kill="after")
    assert world.with_faults([rule], "run", "plans/with").code == -signal.SIGKILL
    end = world.ok("run", "plans/with", "--resume", "--json").event("run.end")
    assert end["items"]["deleted"] == 1 and "1 deleted" in end["text"]
    assert {path for path in world.blobs("target") if path in FIFTY} == {FIFTY[0], FIFTY[9]}
    db = sqlite3.connect(world.folder / "plans/with/ledger.db")
    assert db.execute("SELECT count(*) FROM deletions WHERE asked <> '' AND deleted <> ''").fetchone() == (48,)
    db.close()
    world.ok("verify", "plans/with")
