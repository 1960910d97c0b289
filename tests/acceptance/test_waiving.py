"""What a waiver settles, and what it leaves to be told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tests.acceptance.removing import removal
from tests.acceptance.world import World
from tests.builders import fault


def test_what_failed_or_was_blocked_and_is_waived_does_not_keep_a_report_from_being_green(
    small_world: World,
) -> None:
    world = small_world
    world.ok("plan", *world.names)
    copies = fault(
        "PUT", "/d/", host=r"\.blob\.", times=0, status=403, headers={"x-ms-error-code": "AuthorizationFailure"}
    )
    refused = fault(
        "PUT",
        "/models/m/versions/1",
        times=0,
        status=400,
        body={"error": {"code": "UserError", "message": "Not to its liking."}},
    )
    run = world.with_faults([copies, refused], "run", "--json")
    left = {item["address"]: item["outcome"] for item in run.event("run.end")["left"]}
    bytes_of = f"blobs/{world.container('source')}/d"
    # Names come with their first versions.
    blocked = dict.fromkeys(("models/m/2", "models/m", "data/d/1", "data/d"), "blocked")
    assert left == {bytes_of: "failed", "models/m/1": "failed", **blocked}
    assert world.migrate("verify").code == 3
    for address in left:
        world.ok("waive", address, "--reason", "registered by hand")
    end = world.ok("verify", "--json").event("verify.end")
    assert end["green"] is True
    assert end["items"]["waived"] == 6

    # The waiver was for what the source held then.
    with world.container_client("source") as client:
        client.upload_blob("d/1", b"changed", overwrite=True)
    there = world.get("models/m/versions/1", of="source")["properties"]
    world.put("models/m/versions/1", {"properties": there | {"description": "changed"}})
    changed = world.migrate("verify", "--json")
    assert changed.code == 3
    assert {(d["address"], d["field"]) for d in changed.event("verify.end")["differences"]} == {
        (bytes_of, "source"),
        ("models/m/1", "source"),
    }


def test_what_was_let_go_for_theirs_blocks_once_theirs_is_gone_or_another(small_world: World) -> None:
    world = small_world
    theirs = {"dataType": "uri_folder", "dataUri": "https://example.com/d", "description": "theirs"}
    world.put("data/d/versions/1", {"properties": theirs}, into="target")
    world.ok("plan", *world.names)
    world.ok("waive", "data/d/1", "--reason", "theirs is right")
    world.ok("run")
    verified = json.loads((world.folder / _evidence(world)).read_text())
    late = datetime.fromisoformat(verified["time"]) - datetime.fromisoformat(verified["service_time"])
    assert abs(late) < timedelta(minutes=1), "the answers of ARM tell the time"

    world.put("data/d/versions/1", {"properties": theirs | {"description": "another"}}, into="target")
    changed = world.migrate("verify", "--json")
    assert changed.code == 3 and changed.event("verify.end")["differences"] == []
    assert [one["address"] for one in changed.event("verify.end")["open_findings"]] == ["data/d/1!waived-changed"]

    path = f"{world.documents['target']['id']}/data/d/versions/1"
    world.arm("DELETE", path, "2025-12-01")
    gone = world.migrate("verify", "--json").event("verify.end")
    assert [one["address"] for one in gone["open_findings"]] == ["data/d/1!waived-gone"]
    gate = world.migrate(*removal(world), "--dry-run", "--json")
    assert gate.code == 4 and "data/d/1!waived-gone is an open finding" in str(gate.event("error")["reasons"])
    assert world.migrate("done", "data/d/1!waived-gone").code == 3, "that is for a verification to see"


def _evidence(world: World) -> str:
    """The file of a new verification."""
    return str(world.ok("verify", "--json").event("verify.end")["files"]["Evidence"])
