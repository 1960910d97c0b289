"""What a person has done by hand is looked for in the target, and files of decisions are taken whole."""

from __future__ import annotations

import csv
import io

from tests.acceptance.world import World


def test_what_is_done_by_hand_is_seen_or_not_recorded(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names, "--exclude", "data/*", "--exclude", "components/*")
    data = f"blobs/{world.container('source')}/d"
    absent = world.migrate("done", "data/d/1", data, "--json")
    assert absent.code == 3 and "data/d/1" in absent.event("error")["summary"]
    assert not (world.folder / "plans" / world.source / "evidence").exists(), "nothing was recorded"

    world.put(
        "data/d/versions/1",
        {"properties": {"dataType": "uri_folder", "dataUri": "https://example.com/d"}},
        into="target",
    )
    half = world.migrate("done", "data/d/1", data, "--json")
    assert half.code == 3 and half.event("error")["summary"].endswith(f": {data}.")
    with world.container_client("source") as old, world.container_client("target") as new:
        for blob in old.list_blobs(name_starts_with="d/"):
            new.upload_blob(blob.name, old.download_blob(blob.name).readall())
    made = world.ok("done", "data/d/1", data, "--reason", "registered anew", "--json").event("done")
    assert [one["seen"] for one in made["decisions"]] == [True, True]
    # A finding is nothing that the target shows.
    finding = f"{world.documents['source']['id']}!not-listed-by-arm"
    [said] = world.ok("done", finding, "--json").event("done")["decisions"]
    assert said["seen"] is False and said["detail"].startswith("said by ") and "not seen" in said["detail"]

    opened = world.ok("show", "--open", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(opened)))
    assert [row["address"] for row in rows] == ["components/c/1"] and not rows[0]["decision"]
    filled = world.folder / "filled.csv"
    filled.write_text(
        "﻿address,decision,reason\r\ncomponents/c/1,waive,\r\nmodels/none/1,waive,x\r\n", encoding="utf-8"
    )
    for reason in ((), ("--reason", "not needed")):
        assert world.migrate("waive", "--from", str(filled), *reason).code == 2
    assert "components/c/1" in world.ok("show", "--open").out
    filled.write_text("address,decision,reason\r\ncomponents/c/1,waive,\r\n", encoding="utf-8")
    assert world.migrate("waive", "--from", str(filled)).code == 2, "a waiver needs a reason"
    world.ok("waive", "--from", str(filled), "--reason", "not needed")
    assert "Nothing is open." in world.ok("show", "--open").out
    whole = world.ok("show", "data/d/1").out
    assert "done by" in whole and "seen in the target" in whole
    world.ok("reopen", "data/d/1")
    assert "data/d/1" in world.ok("show", "--open").out
    world.ok("evidence", "check")
