"""The log of a run: every call of it with the service's id, every step from its beginning to its end."""

from __future__ import annotations

import json
import stat
from typing import Any

from tests.acceptance.world import World

from amlmigrate.planning import planfile

CALLS = ("amlmigrate.cloud.transport", "amlmigrate.cloud.curl")


def test_a_run_leaves_a_log_of_each_call_and_each_step(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names, "--log-file", "plan.log")
    rule = {
        "match": {"method": "PUT", "path": "/environments/.*/versions/"},
        "action": "status",
        "status": 503,
        "headers": {"x-ms-request-id": "0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35"},
    }
    ran = world.with_faults([rule], "run", "--log-file", "run.log")
    assert ran.code in (0, 3) and "Migrating: 0 of " in ran.err
    file = world.folder / "run.log"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["plan"] for line in lines} == {f"plans/{world.source}"}
    calls = [line for line in lines if line["logger"] in CALLS and " was answered " in line["message"]]
    assert {call["message"].partition(" ")[0] for call in calls} >= {"GET", "PUT"}
    assert [call for call in calls if len(call.get("request_id", "")) <= 20] == []
    assert len({call["request_id"] for call in calls}) == len(calls)
    plan = planfile.read(world.folder / "plans" / world.source)
    for step in (one for one in plan.steps if one.run):
        of_step = [line["message"] for line in lines if line.get("step") == str(step.address)]
        assert of_step[0] == f"{step.action.value} begins" and of_step[-1] == f"{step.action.value} is done"
        assert any(" was answered " in message for message in of_step)
    [again] = [line for line in lines if line["message"].startswith("Tried again")]
    [refused] = [call for call in calls if call["message"].endswith("503")]
    assert again["request_id"] == refused["request_id"] and again["step"] == refused["step"]
    assert "environments" in again["step"]
    planned = [json.loads(line) for line in (world.folder / "plan.log").read_text().splitlines()]
    assert {line["plan"] for line in planned} == {f"plans/{world.source}"}
    text = file.read_text() + (world.folder / "plan.log").read_text()
    assert "Bearer" not in text and "sig=" not in text and world.env["AZURE_CLIENT_SECRET"] not in text
