"""A plan is cut over: from then on the target is used, and the source stays held to what it was."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import decommission, refused
from tests.acceptance.world import VERSION, World, make_world, seed_small
from tests.builders.rows import blob, model

from amlmigrate.core.lease import PATH

sandbox = alone.sandbox

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def _reports(world: World, kind: str) -> list[dict[str, Any]]:
    evidence = world.folder / "plans" / world.source / "evidence"
    return [json.loads(path.read_text()) for path in sorted(evidence.glob(f"*-{kind}.json"))]


def _cutover(world: World, *more: str) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", *more)


def _reasons(world: World, *more: str) -> list[str]:
    result = _cutover(world, *more)
    assert result.code == 4, (result.code, result.out, result.err)
    reasons: list[str] = result.event("error")["reasons"]
    return reasons


@pytest.fixture(scope="module")
def used(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Moved, verified, cut over."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("used")))
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    done = _cutover(world, "--unfrozen", "everybody was told")
    assert done.code == 0, (done.out, done.err)
    return world


def test_a_target_in_use_is_no_reason_and_what_it_loses_is(used: World) -> None:
    [record] = _reports(used, "cutover")
    assert (
        record["unfrozen"] == "everybody was told" and record["by"]["options"]["unfrozen"] == "everybody was told"
    )
    # Again: nothing more is recorded.
    assert "Already" in _cutover(used).event("cutover.end")["text"]
    assert len(_reports(used, "cutover")) == 1
    # Nothing of the plan is carried out any more.
    assert used.migrate("run", "--resume").code == 4
    # Users add a model, tag one, and add a blob.
    used.seed([model("new", "n")], [blob("n/1"), blob("d/new")], into="target")
    there = used.get("models/m/versions/1")["properties"]
    used.put("models/m/versions/1", {"properties": {**there, "tags": {"team": "other"}}}, into="target")
    assert used.ok("verify", "--json").event("verify.end")["green"] is True
    [_, verified] = _reports(used, "verify")
    told = {(one["address"], one["what"]) for one in verified["since_cutover"]["changes"]}
    container = used.container("target")
    assert told == {
        ("models/new/1", "added"),
        ("models/m/1", "changed"),
        (f"blobs/{container}/n/1", "added"),
        (f"blobs/{container}/d/new", "added"),
    }
    assert decommission(used, "--dry-run").code == 0
    # A proven blob is written over, another one and a model are deleted.
    with used.container_client("target") as client:
        before = client.get_blob_client("m/1/a").download_blob().readall()
        client.upload_blob("m/1/a", b"x" * len(before), overwrite=True)
        client.delete_blob("m/2/a")
    url = f"{used.documents['target']['id']}/components/c/versions/1"
    used.arm("DELETE", url, VERSION)
    lost = {
        f"blobs/{container}/m/1/a!overwritten-since-cutover",
        f"blobs/{container}/m/2/a!deleted-since-cutover",
        "components/c/1!deleted-since-cutover",
    }
    assert {reason.partition(": ")[0] for reason in refused(used, "--dry-run")} == lost
    assert used.migrate("verify").code == 3
    assert {one["address"] for one in _reports(used, "verify")[-1]["since_cutover"]["open"]} == lost
    # Somebody lets it go.
    used.ok("waive", *sorted(lost), "--reason", "replaced by the team", f"plans/{used.source}")
    assert "3 lost ones were waived" in used.ok("verify", "--json").event("verify.end")["text"]
    assert decommission(used, "--dry-run").code == 0
    # The source must not change at all.
    with used.container_client("source") as client:
        client.upload_blob("late", b"late")
    [reason] = [one for one in refused(used, "--dry-run") if "of the source are" in one]
    assert "blobs of the source are not what they were when they were cut over" in reason


def test_what_stands_in_the_way_is_told_at_once_and_back_is_as_before(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify", "--depth", "metadata")
    with world.container_client("target") as client:
        client.upload_blob("d/2", b"other", overwrite=True)
    # Somebody else may write the source.
    who = str(uuid.uuid4())
    writer = world.assign(world.documents["source"]["id"], CONTRIBUTOR, who, principalType="User")
    told = _reasons(world)
    assert len(told) == 3
    assert "depth 'metadata'" in told[0]
    assert "blobs of the target are not what they were" in told[1]
    assert "may still be written" in told[2] and who in told[2]
    assert len(_reasons(world, "--unfrozen", "all were told")) == 2
    assert _reports(world, "cutover") == []
    world.arm("DELETE", writer, "2022-04-01")
    with world.container_client("target") as client, world.container_client("source") as old:
        # As it was copied, but for its ETag: the evidence is made anew.
        data = old.get_blob_client("d/2").download_blob().readall()
        client.upload_blob("d/2", data, overwrite=True)
    world.ok("verify")
    world.ok("cutover", f"plans/{world.source}", "--dry-run")
    assert _reports(world, "cutover") == []
    world.ok("cutover", f"plans/{world.source}")
    assert _in_lease(world)["cutover"]["plan"]["name"] == world.source
    with world.container_client("target") as client:
        client.upload_blob("theirs", b"new")
    back = _cutover(world, "--back")
    assert back.code == 0 and [one["what"] for one in back.event("cutover.back")["changes"]] == ["added"]
    assert "Already" in _cutover(world, "--back").event("cutover.back")["text"]
    # All that stays is that it was taken back, for a plan that an older version has cut over.
    told = _in_lease(world)["cutover"]
    assert len(_reports(world, "cutover-back")) == 1 and (told["time"], told["cutovers"]) == ("", [])
    assert [one["by"] for one in told["backs"]] == [world.source]
    assert world.migrate("evidence", "check", f"plans/{world.source}").code in (0, 3)
    # As before: the target is held to the evidence again.
    [reason] = refused(world, "--dry-run")
    assert "blobs of the target are not what they were when they were verified" in reason
    world.ok("verify")
    assert decommission(world, "--dry-run").code == 0


def _in_lease(world: World) -> dict[str, Any]:
    """What stands in the lease's blob."""
    with world.container_client("target") as client:
        found: dict[str, Any] = json.loads(client.get_blob_client(PATH).download_blob().readall())
    return found
