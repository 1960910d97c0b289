"""A schedule and a connection go the whole way: plan, run, verify, cutover, back, once more, and the source goes.

What was never enabled on both sides, and what the source is after `--back`, is judged by the local Azure's own log and
documents.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import decommission, refused
from tests.acceptance.world import VERSION, World, make_world, seed_small
from tests.builders import fault

sandbox = alone.sandbox

NIGHTLY, OFF, THEIRS, GIT = "schedules/nightly", "schedules/off", "schedules/theirs", "connections/git"
SECRET, KEY, SIGNATURE = "TOP-SECRET-PAT-1", "TOPSECRETKEY2abcdefghijklmnopqrs==", "TOP-SECRET-SIG-3"


def _schedule(world: World, path: str, *, enabled: bool, **job: Any) -> None:
    home = world.documents["source"]["id"]
    definition = {
        "jobType": "Command",
        "command": "true",
        "environmentId": f"{home}/environments/py/versions/1",
        "experimentName": "night",
        **job,
    }
    trigger = {"triggerType": "Recurrence", "frequency": "Day", "interval": 2, "timeZone": "UTC"}
    properties = {
        "displayName": "Every other night",
        "description": f"AccountKey={KEY}",
        "isEnabled": enabled,
        "trigger": {**trigger, "startTime": "2026-01-01T03:00:00", "schedule": {"hours": [3], "minutes": [15]}},
        "action": {"actionType": "CreateJob", "jobDefinition": definition},
    }
    world.put(path, {"properties": properties})
    while world.get(path, of="source")["properties"]["provisioningState"] != "Succeeded":
        pass


def _state(world: World, which: str) -> dict[str, bool]:
    """Which schedules of a workspace are enabled, by the local Azure."""
    names = ("nightly", "off", "theirs")
    return {name: world.get(f"schedules/{name}", of=which)["properties"]["isEnabled"] for name in names}


def _documents(world: World) -> dict[str, Any]:
    """What the source's schedules are, but for when they were written."""
    return {path: world.get(path, of="source")["properties"] for path in (NIGHTLY, OFF, THEIRS)}


def _puts(world: World, since: str) -> list[tuple[str, str]]:
    """Which schedules were written since, and on which side, in order."""
    return [
        ("source" if f"/workspaces/{world.source}/" in row["path"] else "target", row["path"].rpartition("/")[2])
        for row in world.log(since)
        if row["method"] == "PUT" and "/schedules/" in row["path"] and row["status"] == 201
    ]


@pytest.fixture(scope="module")
def moved(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Moved and verified."""
    world = seed_small(make_world(sandbox, tmp_path_factory.mktemp("live")))
    _schedule(world, NIGHTLY, enabled=True)
    _schedule(world, OFF, enabled=False)
    _schedule(world, THEIRS, enabled=True, identity={"identityType": "UserIdentity"})
    credentials = {"authType": "PAT", "credentials": {"pat": SECRET}}
    target = {"category": "Git", "target": f"https://example.com/x.git?sig={SIGNATURE}", "isSharedToAll": True}
    world.put(GIT, {"properties": {**credentials, **target, "metadata": {"owner": "risk"}}})
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    return world


def _cutover(world: World, *more: str) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", "--unfrozen", "a test", *more)


def _secret_is_nowhere(folder: Path) -> None:
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not [one for one in (SECRET, KEY, SIGNATURE) if one.encode() in data], path


def test_everything_is_made_and_nothing_is_enabled(moved: World) -> None:
    assert _state(moved, "target") == {"nightly": False, "off": False, "theirs": False}
    assert _state(moved, "source") == {"nightly": True, "off": False, "theirs": True}
    source, target = (moved.get(NIGHTLY, of=of)["properties"] for of in ("source", "target"))
    assert target["trigger"] == source["trigger"]
    new = moved.documents["target"]["id"]
    assert target["action"]["jobDefinition"]["environmentId"] == f"{new}/environments/py/versions/1"
    url = f"{moved.documents['target']['id']}/{GIT}/listsecrets"
    assert moved.arm("POST", url, VERSION)["properties"]["credentials"] == {"pat": SECRET}
    made = moved.get(GIT)["properties"]
    assert (made["metadata"], made["target"].endswith(f"?sig={SIGNATURE}")) == ({"owner": "risk"}, True)
    assert target["description"] == source["description"] == f"AccountKey={KEY}"
    _secret_is_nowhere(moved.folder)
    steps = {line["address"]: line for line in moved.plan_lines() if "address" in line}
    assert steps[f"{NIGHTLY}#enable"]["stage"] == steps[f"{THEIRS}#enable"]["stage"] == "cutover"
    assert (
        steps[f"{THEIRS}#enable"]["action"] == "manual"
        and "its owner has to save it" in steps[f"{THEIRS}#enable"]["reason"]
    )
    assert f"{OFF}#enable" not in steps


def test_the_gate_asks_for_a_cutover(moved: World) -> None:
    told = refused(moved, "--dry-run")
    assert [one for one in told if one.startswith(f"{NIGHTLY}#enable is left for the cutover")]
    assert f"{NIGHTLY} is an enabled schedule." in told


def test_it_goes_live_comes_back_goes_live_again_and_the_source_is_removed(moved: World) -> None:
    world, before = moved, _documents(moved)
    assert _cutover(world, "--dry-run").event("cutover.dry")["stops"] == [NIGHTLY, THEIRS]
    assert _documents(world) == before
    # Killed between the two sides: nothing is enabled on both, and the same command goes on.
    since = world.now()
    rule = fault("PUT", f"/{world.target}/{NIGHTLY}", kill="before")
    killed = world.with_faults([rule], "cutover", f"plans/{world.source}", "--unfrozen", "a test")
    assert killed.code == -signal.SIGKILL
    assert _state(world, "source") == _state(world, "target") == dict.fromkeys(("nightly", "off", "theirs"), False)
    assert world.migrate("verify").code == 4 and world.migrate("run", "--resume").code == 4
    # A plan that is made meanwhile lowers nothing, and takes what stands for nobody's wish.
    _plans_nothing(world, "half", {f"{NIGHTLY}#enable": "update"})
    done = _cutover(world)
    # One is left to its owner.
    assert done.code == 3 and done.event("cutover.end")["left"] == [f"{THEIRS}#enable"]
    assert _puts(world, since) == [("source", "nightly"), ("source", "theirs"), ("target", "nightly")]
    assert _state(world, "target") == {"nightly": True, "off": False, "theirs": False}
    again = world.now()
    assert _cutover(world).code == 3 and _puts(world, again) == []
    _plans_nothing(world, "stands", {})
    # What its users disable there is theirs.
    ran = world.get(NIGHTLY, of="target")["properties"]
    world.put(NIGHTLY, {"properties": {**ran, "isEnabled": False}}, into="target")
    _plans_nothing(world, "theirs", {f"{NIGHTLY}#enable": "conflict"})
    world.put(NIGHTLY, {"properties": ran}, into="target")
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    # Back: the target's first, and the source is what it was.
    since = world.now()
    back = world.migrate("cutover", f"plans/{world.source}", "--back", "--json")
    assert back.code == 0, (back.out, back.err)
    assert _puts(world, since) == [("target", "nightly"), ("source", "nightly"), ("source", "theirs")]
    assert _documents(world) == before
    assert _state(world, "target") == {"nightly": False, "off": False, "theirs": False}
    again = world.now()
    assert world.migrate("cutover", f"plans/{world.source}", "--back").code == 0 and _puts(world, again) == []
    assert world.ok("verify", "--depth", "sdk", "--json").event("verify.end")["differences"] == []
    # Once more, and its owner saves the other one.
    assert _cutover(world).code == 3
    saved = world.get(THEIRS)["properties"]
    world.put(THEIRS, {"properties": {**saved, "isEnabled": True}}, into="target")
    world.ok("done", f"{THEIRS}#enable", "--reason", "saved by its owner", f"plans/{world.source}")
    assert _cutover(world).code == 0
    world.ok("verify")
    gone = decommission(world)
    assert gone.code == 0, (gone.out, gone.err)
    assert world.status("source") == 404
    assert _state(world, "target") == {"nightly": True, "off": False, "theirs": True}
    _secret_is_nowhere(world.folder)


def _plans_nothing(world: World, name: str, wanted: dict[str, str]) -> None:
    """What a plan that is made now would write."""
    world.ok("plan", *world.names, "--out", f"plans/{name}")
    lines = world.plan_lines(name)[1:-1]
    shutil.rmtree(world.folder / "plans" / name)
    held = {
        line["address"]: line["action"] for line in lines if line["action"] in ("create", "update", "conflict")
    }
    assert {name: action for name, action in held.items() if name.startswith("schedules")} == wanted, held
