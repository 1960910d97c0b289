"""Computes go the whole way under another name in their region; the local Azure says how many nodes each side keeps.

Some need secrets that no answer shows, from a variable and from a vault; an instance is made for its owner, and stopped.
"""

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

from azsandbox.client import Client
from azsandbox.messages import OWNER_OBJECT_ID, TENANT_ID

sandbox = alone.sandbox

CPU, IDLE, AKS, MINE, NIGHTLY = (
    "computes/cpu",
    "computes/idle",
    "computes/aks",
    "computes/mine",
    "schedules/nightly",
)
DBX, VM, CI = "computes/dbx", "computes/gpu", "computes/desk"
# One by the file, all others made of the old names; the target has a compute of the first such name.
NEW = {CPU: "computes/train", IDLE: "computes/idle-cmk2"}
NEW |= {name: f"{name}-cmk" for name in (AKS, MINE, DBX, VM, CI)}
FILE = "names.csv"
LOGIN = {"adminUserName": "me", "adminUserPassword": "TOP-SECRET-SSH-1"}
TOKEN, PASSWORD, ARGUMENT = "TOP-SECRET-TOKEN-2", "TOP-SECRET-VM-3", "TOP-SECRET-ARG-4"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"


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


def _state(world: World) -> str:
    return str(world.get(NEW[CI])["properties"]["properties"]["state"])


def _cutover(world: World, *more: str) -> Any:
    return world.migrate("cutover", f"plans/{world.source}", "--json", *more)


async def _vault(client: Client, method: str, url: str, body: Any = None) -> bytes:
    return (await client.send(method, f"{url}?api-version=7.4", "https://vault.azure.net", json=body))[2]


def _with_secrets(world: World) -> None:
    """What is attached with a token and a password, and an instance with a script and its arguments."""
    vault = world.documents["target"]["properties"]["keyVault"]
    world.assign(vault, SECRETS_OFFICER, OWNER_OBJECT_ID)
    secret = f"https://{vault.rpartition('/')[2].lower()}.vault.azure.net/secrets/gpu"
    world.azure(_vault, "PUT", secret, {"value": PASSWORD})
    lines = ("address,secret", "computes/dbx,env:DBX", "computes/gpu#username,env:GPU_USER",
             f"computes/gpu#password,{secret}", "computes/cpu#adminUserPassword,env:SSH")  # fmt: skip
    (world.folder / "s.csv").write_text("\n".join(lines))
    account = {"username": "azureuser", "password": PASSWORD}
    for path, kind, inner in (
        (DBX, "Databricks", {"workspaceUrl": "https://adb-1.azuredatabricks.net", "databricksAccessToken": TOKEN}),
        (VM, "VirtualMachine", {"address": "10.0.0.4", "sshPort": 22, "administratorAccount": account}),
    ):
        world.put(path, {"location": "eastus2", "properties": {"computeType": kind, "properties": inner}})
        settled(world, path)
    script = {"scriptSource": "workspaceStorage", "scriptData": "Users/me/setup.sh", "scriptArguments": ARGUMENT}
    owner = {"assignedUser": {"objectId": OWNER_OBJECT_ID, "tenantId": TENANT_ID}}
    inner = {"vmSize": "Standard_DS3_v2", "setupScripts": {"scripts": {"startupScript": script}}}
    body = {"computeType": "ComputeInstance", "properties": inner | {"personalComputeInstanceSettings": owner}}
    world.put(CI, {"location": "eastus2", "properties": body})
    settled(world, CI)


def _run(world: World, *more: str) -> Any:
    told = ("--verbose", "--log-file", "run.log")
    login = LOGIN["adminUserPassword"]
    return world.migrate("run", "--secrets", "s.csv", *told, *more, GPU_USER="azureuser", SSH=login)


@pytest.fixture(scope="module")
def moved(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Moved and verified: two clusters, what is attached, and the schedule that runs on one of them."""
    world = make_world(sandbox, tmp_path_factory.mktemp("clusters"))
    world.seed([row("environments", "py", image="mcr.microsoft.com/x:1")], [])
    _cluster(world, CPU, 2, userAccountCredentials=LOGIN)
    _cluster(world, IDLE, 0, vmPriority="LowPriority")
    _cluster(world, "computes/idle-cmk", 0, into="target")
    # Of a type that no option has move.
    world.put(MINE, {"location": "eastus2", "properties": {"computeType": "DataLakeAnalytics"}})
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
    _with_secrets(world)
    world.ok("plan", *world.names, "--rename", FILE, "--secrets", "s.csv", "--computes", "instances")
    # One variable is not set, and the process ends between the instance and its stop: nothing else is held up.
    killed = world.with_faults(
        [fault("POST", f"/{world.target}/{NEW[CI]}/stop", kill="before")], "run", "--secrets", "s.csv"
    )
    assert killed.code < 0 and _state(world) == "Running"
    lacking = _run(world, "--resume")
    assert lacking.code == 3 and "is empty, or not there: env:DBX" in lacking.out + lacking.err
    assert "TOP-SECRET" not in lacking.out + lacking.err
    (world.folder / "again.csv").write_text("address,secret\ncomputes/dbx,env:TOKEN\n")
    assert world.migrate("run", "--resume", "--secrets", "again.csv", TOKEN=TOKEN).code == 3
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
    assert inner["scaleSettings"]["maxNodeCount"] == 3
    assert inner["userAccountCredentials"] == LOGIN | {"adminUserPassword": None}
    codes = {one["code"] for one in moved.asset_findings() if one["address"].startswith(CPU)}
    assert {"secret-given", "compute-identity"} <= codes
    spare = moved.get(NEW[IDLE])["properties"]["properties"]
    assert spare["vmPriority"] == "LowPriority"
    assert (
        moved.get(NEW[AKS])["properties"]["resourceId"] == moved.get(AKS, of="source")["properties"]["resourceId"]
    )
    job = moved.get(NIGHTLY)["properties"]["action"]["jobDefinition"]
    assert job["computeId"] == f"{moved.documents['target']['id']}/{NEW[CPU]}"
    assert (moved.folder / "run.log").stat().st_size
    for path in moved.folder.rglob("*"):
        assert not path.is_file() or b"TOP-SECRET" not in path.read_bytes(), path


def test_a_file_that_cannot_be_obeyed_ends_with_2_and_its_line(moved: World) -> None:
    (moved.folder / "bad.csv").write_text(f"address,name\n{CPU},idle\n")
    told = moved.migrate("plan", *moved.names, "--rename", "bad.csv", "--out", "plans/bad")
    assert told.code == 2 and "line 2 has 'idle', which computes/idle has in the source" in told.err
    assert not (moved.folder / "plans" / "bad" / "plan.jsonl").exists()


def test_a_secret_in_the_file_itself_ends_with_2_and_is_not_repeated(moved: World) -> None:
    path = moved.folder / "bad.csv"
    for command in (("plan", *moved.names, "--out", "plans/bad"), ("run", "--resume")):
        path.write_text(f"address,secret\n{DBX},{TOKEN}\n")
        told = moved.migrate(*command, "--secrets", "bad.csv")
        path.unlink()
        assert told.code == 2 and "line 2 does not say where a secret is" in told.err
        assert TOKEN not in told.out + told.err


def test_what_needs_a_secret_has_it_and_an_instance_is_its_owners_and_stopped(moved: World) -> None:
    keys = {
        path: moved.arm("POST", f"{moved.documents['target']['id']}/{NEW[path]}/listKeys") for path in (DBX, VM)
    }
    assert keys[DBX]["databricksAccessToken"] == TOKEN
    assert keys[VM]["administratorAccount"] == {"username": "azureuser", "password": PASSWORD}
    inner = moved.get(NEW[CI])["properties"]["properties"]
    assert (inner["state"], inner["personalComputeInstanceSettings"]["assignedUser"]["objectId"]) == (
        "Stopped",
        OWNER_OBJECT_ID,
    )
    assert inner["setupScripts"]["scripts"]["startupScript"]["scriptArguments"] == ARGUMENT
    codes = {one["code"] for one in moved.asset_findings() if one["address"].startswith(CI)}
    assert codes >= {"instance-disk", "instance-sign-on"}


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
    assert {one["address"] for one in tombstone["dying"]["computes"]} == {CPU, IDLE, AKS, MINE, DBX, VM, CI}
