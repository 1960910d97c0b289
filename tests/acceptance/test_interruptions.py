"""Interrupted at any moment, a run resumes to the end of an undisturbed one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import MIGRATE, World

ARM, BLOB = r"management\.azure\.com", r"\.blob\."
# Each changing call of the small workspace's run, by the request at which the caller is killed.
CALLS: dict[str, dict[str, Any]] = {
    "environment": {"method": "PUT", "host": ARM, "path": "/environments/"},
    "model": {"method": "PUT", "host": ARM, "path": "/models/.*/versions/2"},
    "component": {"method": "PUT", "host": ARM, "path": "/components/"},
    "blob": {"method": "PUT", "host": BLOB, "nth": 3},
}
# A sample of them in every run of the suite, all of them with `make crash`.
SAMPLE = {("environment", "answered"), ("model", "after"), ("component", "before"), ("blob", "after")}
MOMENTS = [
    pytest.param(call, when, marks=() if (call, when) in SAMPLE else pytest.mark.crash)
    for call in CALLS
    for when in ("before", "after", "answered")
]


def _report(world: World) -> dict[str, str]:
    """What became of every item."""
    result = world.migrate("status", "--json").event("status")
    return {"items": result["items"], "left": result["left"]}


def _puts(world: World, since: str) -> list[str]:
    rows = world.log(since)
    return [
        row["path"] for row in rows if row["method"] == "PUT" and f"/workspaces/{world.target}/" in row["path"]
    ]


@pytest.mark.parametrize(("call", "when"), MOMENTS)
def test_killed_at_a_changing_call(small_world: World, call: str, when: str) -> None:
    world = small_world
    world.ok("plan", *world.names)
    since = world.now()
    killed = world.with_faults([{"match": CALLS[call], "action": "kill", "when": when}], "run")
    assert killed.code == -signal.SIGKILL
    world.ok("run", "--resume")
    assert _report(world) == {"items": {"migrated": 8, "not needed in the target": 4}, "left": []}
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    # Nothing twice but for what was under way when it was killed.
    puts = _puts(world, since)
    assert len(puts) - len(set(puts)) <= 1, puts
    assert set(world.blobs("target")) == set(world.blobs("source"))


def _interrupted(world: World, number: int, times: int) -> tuple[int, str]:
    """Runs, with copies slowed down, and sends a signal once the first step is done."""
    path = world.folder / "faults.json"
    rule = {"match": {"method": "PUT", "host": BLOB, "times": 0}, "action": "delay", "seconds": 2}
    path.write_text(json.dumps({"rules": [rule]}))
    world.sandbox("faults", "set", str(path))
    process = subprocess.Popen(
        [str(MIGRATE), "run", "--json", "--jobs", "1"],
        cwd=world.folder,
        env={**os.environ, **world.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "step.doing" in line:
            for _ in range(times):
                process.send_signal(number)
            break
    out, _ = process.communicate(timeout=60)
    world.sandbox("faults", "clear")
    return process.returncode, "".join(lines) + out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_and_saves(small_world: World, number: int) -> None:
    world = small_world
    world.ok("plan", *world.names)
    code, out = _interrupted(world, number, 1)
    assert code == 130, out
    events = [json.loads(line) for line in out.splitlines()]
    doing = {event["address"] for event in events if event["event"] == "step.doing"}
    assert doing == {event["address"] for event in events if event["event"] == "step.done"}
    assert "--resume" in events[-1]["next"]
    world.ok("run", "--resume")
    world.ok("verify")


def test_two_signals_stop_at_once(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    code, _ = _interrupted(world, signal.SIGINT, 2)
    assert code == 130
    world.ok("run", "--resume")
    world.ok("verify")


def test_one_bad_asset_never_stops_the_others(small_world: World, tmp_path: Path) -> None:
    world = small_world
    world.ok("plan", *world.names)
    rule = {"match": {"method": "PUT", "path": "/models/m/versions/1", "times": 0}, "action": "status", "status": 400,
            "body": {"error": {"code": "UserError", "message": "The model is not to its liking."}}}  # fmt: skip
    result = world.with_faults([rule], "run", "--json")
    assert result.code == 3
    left = {item["address"]: (item["outcome"], item["detail"]) for item in result.event("run.end")["left"]}
    assert left["models/m/1"][0] == "failed" and "not to its liking" in left["models/m/1"][1]
    assert left["models/m/2"] == ("blocked", "comes after models/m/1, which failed")
    assert set(left) == {"models/m/1", "models/m/2"}
    world.ok("run", "--resume")
    assert world.get("models/m")["properties"]["latestVersion"] == "2"


def test_a_refused_permission_is_6_and_names_action_and_scope(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    action, scope = "Microsoft.MachineLearningServices/workspaces/models/versions/write", "/subscriptions/s/rg"
    message = (f"The client 'x' with object id 'y' does not have authorization to perform action '{action}' over scope"
               f" '{scope}' or the scope is invalid.")  # fmt: skip
    rule = {"match": {"method": "PUT", "path": "/models/m/", "times": 0}, "action": "status", "status": 403,
            "body": {"error": {"code": "AuthorizationFailed", "message": message}}}  # fmt: skip
    result = world.with_faults([rule], "run")
    assert result.code == 6
    assert action in result.out + result.err and scope in result.out + result.err
    world.ok("run", "--resume")
