"""Clusters go the whole way under another name in their region; the local Azure says how many nodes each side keeps."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import decommission
from tests.acceptance.test_kinds_to_come_move import settled
from tests.acceptance.world import World, make_world, row
from tests.builders import fault

sandbox = alone.sandbox

CPU, IDLE, AKS, MINE, NIGHTLY = (
    "computes/cpu",
    "computes/idle",
    "computes/aks",
    "computes/mine",
    "schedules/nightly",
)
# One by the file, all others made of the old names; the target has a compute of the first such name.
NEW = {CPU: "computes/train", IDLE: "computes/idle-cmk2", AKS: "computes/aks-cmk", MINE: "computes/mine-cmk"}
FILE = "names.csv"


def _cluster(world: World, path: str, least: int, *, into: str = "source", **inner: Any) -> None:
    scale = {"minNodeCount": least, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    properties = {"vmSize": "Standard_DS3_v2", "scaleSettings": scale, **inner}
    body = {"computeType": "AmlCompute", "description": "Trains", "properties": properties}
    identity = {"type": "SystemAssigned"}
    around = {"location": "eastus2", "identity": identity, "tags": {"team": "risk"}}
    world.put(path, around | {"properties": body}, into=into)
    settled(world, path, into)


def _kept(world: World) -> dict[str, tuple[int, int]]:
    """By cluster, how many nodes the source keeps, and how many the target."""

    def least(path: str, of: str) -> int:
        return int(settled(world, path, of)["properties"]["properties"]["scaleSettings"]["minNodeCount"])

    return {path: (least(path, "source"), least(NEW[path], "target")) for path in (CPU, IDLE)}


def _cutover(world: World, *more: str) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", *more)


@pytest.fixture(scope="module")
def moved(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Moved and verified: two clusters, what is attached, and the schedule that runs on one of them."""
    world = make_world(sandbox, tmp_path_factory.mktemp("clusters"))
    world.seed([row("environments", "py", image="mcr.microsoft.com/x:1")], [])
    _cluster(
        world, CPU, 2, userAccountCredentials={"adminUserName": "me", "adminUserPassword": "TOP-SECRET-SSH-1"}
    )
    _cluster(world, IDLE, 0, vmPriority="LowPriority")
    _cluster(world, "computes/idle-cmk", 0, into="target")
    instance = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}
    world.put(MINE, {"location": "eastus2", "properties": instance})
    settled(world, MINE)
    group = world.documents["source"]["id"].partition("/providers/")[0]
    behind = f"{group}/providers/Microsoft.ContainerService/managedClusters/theirs"
    world.arm("PUT", behind, "2024-01-01", {"location": "eastus2", "properties": {}})
    typed = {"namespace": "ml", "instanceTypes": {"small": {"resources": {"limits": {"cpu": "1"}}}}}
    attached = {"computeType": "Kubernetes", "resourceId": behind, "properties": typed}
    world.put(AKS, {"location": "eastus2", "properties": attached})
    settled(world, AKS)
    home = world.documents["source"]["id"]
    job = {"jobType": "Command", "command": "true", "environmentId": f"{home}/environments/py/versions/1",
           "computeId": f"{home}/computes/CPU", "experimentName": "e"}  # fmt: skip
    action = {"actionType": "CreateJob", "jobDefinition": job}
    trigger = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2026-01-01T03:00:00"}
    world.put(NIGHTLY, {"properties": {"isEnabled": False, "trigger": trigger, "action": action}})
    settled(world, NIGHTLY)
    (world.folder / FILE).write_text(f"address,name\n{CPU},train\n")
    world.ok("plan", *world.names, "--rename", FILE)
    assert world.migrate("run").code == 3
    world.ok("waive", MINE, "--reason", "nobody needs it", f"plans/{world.source}")
    world.ok("verify")
    return world


def test_they_are_made_without_nodes_and_named_where_they_are_used(moved: World) -> None:
    assert _kept(moved) == {CPU: (2, 0), IDLE: (0, 0)}
    steps = {line["address"]: line for line in moved.plan_lines() if "address" in line}
    assert (steps[f"{CPU}#enable"]["stage"], f"{IDLE}#enable" in steps) == ("cutover", False)
    assert {path: steps[path]["target"] for path in NEW} == NEW
    assert steps[MINE]["action"] == "manual" and f"it is to be called {NEW[MINE]}" in steps[MINE]["reason"]
    told = {one["address"]: one["summary"] for one in moved.asset_findings()}
    assert "has 'idle-cmk' already" in told[f"{IDLE}!new-name-taken"]
    shown = moved.ok("show").out
    assert f"{CPU} -> {NEW[CPU]}" in shown and f"{CPU}#enable -> {NEW[CPU]}#enable" in shown
    both = {f"{moved.documents[of]['id']}/{path}" for of, path in (("source", IDLE), ("target", NEW[IDLE]))}
    rows = (moved.folder / "plans" / moved.source / "idmap.csv").read_text().splitlines()
    assert any(set(row.split(",")) == both for row in rows)
    source, target = (moved.get(path, of=of) for path, of in ((CPU, "source"), (NEW[CPU], "target")))
    assert (target["tags"], target["identity"]["type"]) == ({"team": "risk"}, "SystemAssigned")
    assert target["identity"]["principalId"] != source["identity"]["principalId"]
    inner = target["properties"]["properties"]
    assert inner["scaleSettings"]["maxNodeCount"] == 3 and "userAccountCredentials" not in inner
    codes = {one["code"] for one in moved.asset_findings() if one["address"].startswith(CPU)}
    assert {"compute-login", "compute-identity"} <= codes
    spare = moved.get(NEW[IDLE])["properties"]["properties"]
    assert spare["vmPriority"] == "LowPriority"
    assert (
        moved.get(NEW[AKS])["properties"]["resourceId"] == moved.get(AKS, of="source")["properties"]["resourceId"]
    )
    job = moved.get(NIGHTLY)["properties"]["action"]["jobDefinition"]
    assert job["computeId"] == f"{moved.documents['target']['id']}/{NEW[CPU]}"
    for path in moved.folder.rglob("*"):
        assert not path.is_file() or b"TOP-SECRET" not in path.read_bytes(), path


def test_a_file_that_cannot_be_obeyed_ends_with_2_and_its_line(moved: World) -> None:
    (moved.folder / "bad.csv").write_text(f"address,name\n{CPU},idle\n")
    told = moved.migrate("plan", *moved.names, "--rename", "bad.csv", "--out", "plans/bad")
    assert told.code == 2 and "line 2 has 'idle', which computes/idle has in the source" in told.err
    assert not (moved.folder / "plans" / "bad" / "plan.jsonl").exists()


def test_nodes_change_sides_at_the_cutover_come_back_and_go_once_more(moved: World) -> None:
    world = moved
    killed = world.with_faults(
        [fault("PATCH", f"/{world.target}/{NEW[CPU]}", kill="before")],
        *("cutover", f"plans/{world.source}", "--unfrozen", "a test"),
    )
    assert killed.code < 0 and _kept(world)[CPU] == (0, 0)
    assert _cutover(world, "--unfrozen", "a test").code == 0
    assert _kept(world) == {CPU: (0, 2), IDLE: (0, 0)}
    # Without the file the names are the first plan's all the same.
    world.ok("plan", *world.names, "--out", "plans/stands")
    lines = world.plan_lines("stands")[1:-1]
    assert not [line for line in lines if line["action"] in ("create", "update", "conflict")]
    assert {line["address"]: line["target"] for line in lines if line["address"] in NEW} == NEW
    shutil.rmtree(world.folder / "plans" / "stands")
    world.ok("verify")
    assert _cutover(world, "--back").code == 0
    assert _kept(world) == {CPU: (2, 0), IDLE: (0, 0)}
    # The account for SSH, whose password no GET shows, is what it was.
    assert settled(world, CPU)["properties"]["properties"]["userAccountCredentials"]["adminUserName"] == "me"
    world.ok("verify")
    assert _cutover(world, "--unfrozen", "a test").code == 0
    assert _kept(world) == {CPU: (0, 2), IDLE: (0, 0)}
    gone = decommission(world)
    assert gone.code == 0, (gone.out, gone.err)
    [tombstone] = [json.loads(path.read_bytes()) for path in world.folder.rglob("evidence/*decommission*.json")]
    assert {one["address"] for one in tombstone["dying"]["computes"]} == {CPU, IDLE, AKS, MINE}
