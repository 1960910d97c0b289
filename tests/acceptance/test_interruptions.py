"""Interrupted at any moment, a run resumes to the end of an undisturbed one."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from tests.acceptance.underway import under_way
from tests.acceptance.world import LEASE, World
from tests.builders import fault

ARM, BLOB = r"management\.azure\.com", r"\.blob\."
# Each changing call of the small workspace's run, by the request at which the caller is killed.
CALLS: dict[str, dict[str, Any]] = {
    "environment": {"method": "PUT", "host": ARM, "path": "/environments/"},
    "model": {"method": "PUT", "host": ARM, "path": "/models/.*/versions/2"},
    "component": {"method": "PUT", "host": ARM, "path": "/components/"},
    "blob": {"method": "PUT", "host": BLOB, "path": "/[dm]/", "nth": 3},
    "taking the lease": {"method": "PUT", "host": BLOB, "path": LEASE, "query": "comp=lease"},
    "giving it up": {"method": "PUT", "host": BLOB, "path": LEASE, "query": "comp=lease", "nth": 3},
}
# Before a run has begun, and after it has told of itself.
AROUND = {"taking the lease", "giving it up"}
# A sample of them in every run of the suite, all of them with `make crash`.
SAMPLE = {("environment", "answered"), ("blob", "after")}
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
    assert _report(world) == {
        "items": {"migrated": 12, "not needed in the target": 4, "adopted": 1},
        "left": [],
    }
    # The killed run could not tell of itself; the one that went on does, and says who gave it.
    evidence = world.folder / "plans" / world.source / "evidence"
    told = json.loads((evidence / "0001-run.json").read_text())
    assert told["left"] == []
    if call in AROUND:
        assert told["cut_off"] == []
    else:
        assert len(told["cut_off"]) == 1 and told["cut_off"][0] < told["started"]
    assert told["by"]["identity"]["app_id"] == world.env["AZURE_CLIENT_ID"] and told["by"]["options"][
        "resume"
    ] is (call != "giving it up")
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    # Nothing twice but for what was under way when it was killed.
    puts = _puts(world, since)
    assert len(puts) - len(set(puts)) <= 1, puts
    assert set(world.blobs("target")) == set(world.blobs("source"))


def test_an_answer_that_nobody_foresaw_fails_its_step_alone(small_world: World) -> None:
    world = small_world
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": "elsewhere",
        "containerName": "c",
        "endpoint": "core.windows.net",
        "protocol": "https",
        "credentials": {
            "credentialsType": "AccountKey",
            "secrets": {"secretsType": "AccountKey", "key": "c2VjcmV0"},
        },
    }
    world.put("datastores/lake?skipValidation=true", {"properties": properties})
    world.ok("plan", *world.names)
    rule = fault(
        "POST", "/lake/listSecrets", times=0, status=200, body={"secretsType": "AccountKey", "other": "s3cret"}
    )
    result = world.with_faults([rule], "run", "--json")
    assert result.code == 1, result.out[-2000:]
    [left] = result.event("run.end")["left"]
    assert (left["address"], left["outcome"]) == ("datastores/lake", "failed")
    assert "KeyError in datastores.py" in left["detail"] and "s3cret" not in result.out + result.err
    assert "Traceback" not in result.err
    verbose = world.with_faults([rule], "run", "--resume", "--verbose")
    assert verbose.code == 1
    assert "in _secret" in verbose.err and "s3cret" not in verbose.out + verbose.err
    world.ok("run", "--resume")


def test_two_runs_that_begin_at_one_instant_are_one_that_runs(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    rule = fault("PUT", "/environments/", host=ARM, delay=3)
    with under_way(world, [rule], "run") as first, under_way(world, [rule], "run") as second:
        results = sorted((command.end(60) for command in (first, second)), key=lambda result: result.code)
    assert [result.code for result in results] == [0, 5], [result.out[-500:] for result in results]
    world.ok("verify")
