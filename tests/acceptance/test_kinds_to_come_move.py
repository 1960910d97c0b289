"""Kinds as those to come are go through the commands: two of them are among the product's own, against the local Azure.

Endpoints and deployments are nested, long-running and live, have secrets and a write for the cutover, and a name that
is one in a region, so that the target calls them otherwise.
"""

from __future__ import annotations

import json
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import withkinds
from tests.acceptance.removing import refused
from tests.acceptance.world import VERSION, Result, World, make_world
from tests.builders import fault
from tests.builders.rows import blob, model, row

KEYS = {"primaryKey": "TOP-SECRET-1", "secondaryKey": "TOP-SECRET-2"}
# A look at the operation by which a deployment is made.
WAITING = {"method": "GET", "path": "/mfeOperationsStatus/od:"}


@dataclass
class Move:
    """Two workspaces, the source's endpoint with its deployments, and what the commands did."""

    world: World
    results: dict[str, Result] = field(default_factory=dict)
    logs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def score(self) -> str:
        return f"onlineEndpoints/score-{self.world.group}"

    @property
    def new(self) -> str:
        return f"{self.score}-cmk"

    @property
    def plan(self) -> str:
        return f"plans/{self.world.source}"

    def reports(self, kind: str) -> list[dict[str, Any]]:
        evidence = self.world.folder / self.plan / "evidence"
        return [json.loads(path.read_text()) for path in sorted(evidence.glob(f"*-{kind}.json"))]

    def did(self, what: str, *arguments: str, rules: list[dict[str, Any]] | None = None) -> Result:
        """Runs a command, with what it asked of the local Azure kept by that name."""
        since = self.world.now()
        world = self.world
        done = world.with_faults(rules, *arguments) if rules else world.migrate(*arguments)
        self.results[what], self.logs[what] = done, world.log(since)
        return done

    def puts(self, *runs: str) -> list[str]:
        """What these wrote into the target, as a path below the workspace."""
        below = f"/workspaces/{self.world.target}/"
        return [
            row["path"].partition(below)[2]
            for name in runs
            for row in self.logs[name]
            if row["method"] == "PUT" and below in row["path"]
        ]

    def step(self, address: str, plan: str | None = None) -> dict[str, Any]:
        [found] = [line for line in self.world.plan_lines(plan) if line.get("address") == address]
        return found


def settled(world: World, path: str, of: str = "source") -> dict[str, Any]:
    """The document once nothing is under way at it."""
    while (found := world.get(path, of=of))["properties"]["provisioningState"] in ("Creating", "Updating"):
        time.sleep(0.1)
    return found


def endpoint(world: World, **properties: Any) -> None:
    path = f"onlineEndpoints/score-{world.group}"
    body = {
        "location": world.documents["source"]["location"],
        "tags": {"team": "risk"},
        "identity": {"type": "SystemAssigned"},
    }
    given = {"authMode": "Key", "keys": KEYS, "properties": {"owner": "risk"}, **properties}
    world.put(path, body | {"properties": given})
    settled(world, path)


def deployment(world: World, name: str, **properties: Any) -> None:
    path = f"onlineEndpoints/score-{world.group}/deployments/{name}"
    home = f"{world.documents['source']['id']}/{path}"
    given = {
        "endpointComputeType": "Managed",
        "instanceType": "Standard_DS3_v2",
        "environmentVariables": {"HOME": home},
        **properties,
    }
    world.put(
        path,
        {
            "location": world.documents["source"]["location"],
            "sku": {"name": "Default", "capacity": 2},
            "properties": given,
        },
    )
    settled(world, path)


def make_move(sandbox: Any, folder: Path) -> Move:
    """A source with a served model; the target's endpoint gets another name, since both are in one region."""
    world = make_world(sandbox, folder)
    move = Move(world)
    world.program = withkinds.PROGRAM
    world.seed([model("m", "m"), row("environments", "py", image="mcr.microsoft.com/x:1")], [blob("m/a", 1000)])
    endpoint(world)
    return move


@pytest.fixture(scope="module")
def moved(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Move:
    """Planned, killed while a deployment is being made, gone on with, verified."""
    move = make_move(sandbox, tmp_path_factory.mktemp("served"))
    model = f"{move.world.documents['source']['id']}/models/m/versions/1"
    deployment(move.world, "blue", model=model)
    deployment(move.world, "green", model=model)
    endpoint(move.world, traffic={"blue": 90, "green": 10})
    move.did("plan", "plan", *move.world.names)
    move.did("killed", "run", "--jobs", "1", rules=[fault(**WAITING, kill="before")])
    move.did("resumed", "run", "--resume")
    move.did("verified", "verify")
    return move


def test_the_plan_has_each_write_whole_with_the_targets_names_and_no_secret(moved: Move) -> None:
    assert moved.results["plan"].code == 0, moved.results["plan"]
    lines = [line for line in moved.world.plan_lines() if str(line.get("address")).startswith("onlineEndpoints")]
    blue, green = (f"{moved.score}/deployments/{name}" for name in ("blue", "green"))
    assert {line["address"]: (line["action"], line.get("stage", "run"), line["target"]) for line in lines} == {
        moved.score: ("create", "run", moved.new),
        blue: ("create", "run", f"{moved.new}/deployments/blue"),
        green: ("create", "run", f"{moved.new}/deployments/green"),
        f"{moved.score}#traffic": ("update", "run", moved.new),
        f"{moved.score}#enable": ("update", "cutover", moved.new),
    }
    assert set(moved.step(blue)["after"]) == {"models/m/1", moved.score}
    assert {blue, green} < set(moved.step(f"{moved.score}#traffic")["after"])
    made, served, opened = (moved.step(f"{moved.score}{phase}")["body"] for phase in ("", "#traffic", "#enable"))
    around = {"location": moved.world.documents["target"]["location"], "kind": "Managed", "tags": {"team": "risk"}}
    assert {key: value for key, value in made.items() if key != "properties"} == around | {
        "identity": {"type": "SystemAssigned"}
    }
    shown = [
        (one["properties"]["traffic"], one["properties"]["publicNetworkAccess"]) for one in (made, served, opened)
    ]
    both = {"blue": 90, "green": 10}
    assert shown == [({}, "Disabled"), (both, "Disabled"), (both, "Enabled")]
    assert made["properties"]["keys"] == {name: {"$secret": name} for name in KEYS}
    body = moved.step(blue)["body"]
    assert body["sku"] == {"name": "Default", "capacity": 2}
    target = moved.world.documents["target"]["id"]
    assert body["properties"]["model"] == f"{target}/models/m/versions/1"
    assert body["properties"]["environmentVariables"] == {"HOME": f"{target}/{moved.new}/deployments/blue"}


def test_a_kill_during_the_wait_is_resumed_by_reading_and_nothing_is_written_twice(moved: Move) -> None:
    assert moved.results["killed"].code == -signal.SIGKILL
    before = [path for path in moved.puts("killed") if path.startswith("onlineEndpoints")]
    assert before[0] == moved.new and len(before) == 2
    assert moved.results["resumed"].code == 0, moved.results["resumed"]
    [last] = before[1:]
    assert moved.puts("resumed").count(last) == 0
    [*_, looked] = [row for row in moved.logs["resumed"] if row["method"] == "GET" and row["path"].endswith(last)]
    assert looked["status"] == 200
    written = sorted(path for path in moved.puts("killed", "resumed") if path.startswith("onlineEndpoints"))
    # The endpoint a second time for its traffic, and never for what is left for the cutover.
    assert written == sorted(
        [moved.new, moved.new, *(f"{moved.new}/deployments/{one}" for one in ("blue", "green"))]
    )


def test_a_run_makes_what_the_plan_shows_and_nothing_of_the_cutover(moved: Move) -> None:
    made = moved.world.get(moved.new)
    assert made["properties"]["traffic"] == {"blue": 90, "green": 10}
    assert made["properties"]["publicNetworkAccess"] == "Disabled"
    assert moved.world.arm("POST", f"{made['id']}/listKeys", VERSION) == KEYS
    left = f"left for the cutover: {moved.score}#enable"
    assert left in moved.results["resumed"].out
    assert left in moved.world.ok("status", moved.plan).out
    assert "1 item left for the cutover is not in the target" in moved.results["verified"].out


def test_a_verification_is_green_and_says_that_keys_were_not_compared(moved: Move) -> None:
    assert moved.results["verified"].code == 0, moved.results["verified"]
    [verified] = moved.reports("verify")
    assert verified["green"] and verified["differences"] == []
    assert [line for line in verified["not_checked"] if line.startswith("secrets of onlineEndpoints:")]


def test_no_secret_is_in_any_file_or_answer(moved: Move) -> None:
    files = [path for path in moved.world.folder.rglob("*") if path.is_file() and path.name != "faults.json"]
    assert len(files) > 5
    told = "".join(one.out + one.err for one in moved.results.values()).encode()
    for secret in KEYS.values():
        assert secret.encode() not in b"".join(path.read_bytes() for path in files) + told


def test_a_new_plan_holds_only_the_cutover(moved: Move) -> None:
    moved.world.ok("plan", *moved.world.names, "--out", "plans/again")
    folder = moved.world.folder / "plans" / "again"
    lines = [json.loads(line) for line in (folder / "plan.jsonl").read_text().splitlines()][1:-1]
    shutil.rmtree(folder)
    held = {line["address"]: line for line in lines if line["action"] not in ("skip", "adopt")}
    assert list(held) == [f"{moved.score}#enable"]
    assert held[f"{moved.score}#enable"]["stage"] == "cutover"


def test_both_gates_ask_for_what_is_left_for_the_cutover_and_for_what_is_live(moved: Move) -> None:
    enable = f"{moved.score}#enable"
    removal = refused(moved.world, "--dry-run")
    assert f"{moved.score} answers." in removal
    [asked] = [one for one in removal if one.startswith(enable)]
    assert "left for the cutover" in asked and f"migrate done {enable}" in asked


def test_a_cutover_opens_it_and_back_shuts_it_again(moved: Move) -> None:
    enable = f"{moved.score}#enable"
    only = moved.world.migrate("cutover", moved.plan, "--only", moved.new, "--json")
    assert only.code == 2 and "nothing with the address" in only.event("error")["summary"]
    done = moved.world.migrate("cutover", moved.plan, "--json", "--unfrozen", "a test", "--only", enable)
    assert done.code == 0, (done.out, done.err)
    assert done.event("cutover.end")["started"] == [enable]
    made = moved.world.get(moved.new)
    assert made["properties"]["publicNetworkAccess"] == "Enabled"
    assert moved.world.arm("POST", f"{made['id']}/listKeys", VERSION) == KEYS
    moved.world.ok("cutover", moved.plan, "--back")
    assert moved.world.get(moved.new)["properties"]["publicNetworkAccess"] == "Disabled"
