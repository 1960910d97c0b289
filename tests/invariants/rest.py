"""What else a workspace has: computes, roles, settings, locks, files and secrets, some of which the service refuses.

Of each kind that moves there is one that arrives; of most one whose body the service refuses; one is renamed, one fails
while it is made, and four have a secret.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

from azure.storage.fileshare import ShareClient

from azsandbox.messages import OWNER_OBJECT_ID, TENANT_ID
from azsandbox.seed import CODE_SHARE, Seeder
from tests.acceptance.test_kinds_to_come_move import settled
from tests.acceptance.world import VERSION, World
from tests.builders.rows import blob, data, model, row
from tests.builders.vaults import Vault
from tests.invariants import everything
from tests.invariants.killing import CHANGING

PASSWORD, TOKEN, KEY = "TOP-SECRET-SSH", "TOP-SECRET-DBX", "a2V5LW9mLXRoZS1jdXN0b21lcg=="
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ANN = "5a0f4f0e-8d7c-4c0a-9a0e-2f0d4d1c7b11"
SIZE, FAMILY = "Standard_DS3_v2", "standardDSv2Family"
# The policy below denies what is called so, in the target alone.
REFUSED = "refused"
AROUND = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
}
RUN = ("run", "plans/it", "--secrets", "secrets.csv")
_POLICY = "2023-04-01"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def planned(world: World) -> World:
    """Seeded and planned; from then on the target refuses what is called so."""
    world = replace(world, env={**world.env, "DBX": TOKEN, "SSH": PASSWORD})
    _seed(world)
    (world.folder / "secrets.csv").write_text(
        f"address,secret\n{_cpu(world)}#adminUserPassword,env:SSH\n{_dbx(world)},env:DBX\n"
    )
    (world.folder / "names.txt").write_text("token\n")
    world.ok(*_plan("it"), *world.names)
    _refuse(world)
    return world


def _plan(name: str) -> tuple[str, ...]:
    wanted = ("--secrets", "secrets.csv", "--computes", "instances", "--vault-secrets", "names.txt")
    return ("plan", "--out", f"plans/{name}", *wanted)


def _cpu(world: World) -> str:
    """No two of a region have one name."""
    return f"computes/cpu{world.group.removeprefix('rg')}"


def _dbx(world: World) -> str:
    return _cpu(world).replace("cpu", "dbx")


def _seed(world: World) -> None:
    home, group = world.documents["source"]["id"], _group(world)
    limit = (
        f"{group.partition('/resourceGroups/')[0]}/providers/Microsoft.MachineLearningServices/locations/eastus2"
    )
    limits = [{"id": f"{limit}/quotas/{name}", "limit": 100_000} for name in (FAMILY, "totalDedicatedCores")]
    world.arm("POST", f"{limit}/updateQuotas", VERSION, {"value": limits})
    spec = {"type": "command", "command": "true", "environment": f"{home}/environments/py/versions/1"}
    wanted = [row("environments", name, image="mcr.microsoft.com/x:1") for name in ("py", REFUSED)]
    wanted += [model(REFUSED, "m/1"), data(REFUSED, "d"), row("components", REFUSED, componentSpec=spec)]
    world.seed(wanted, [blob("m/1/a", 100), blob("d/1", 101)])
    files = {"Users/ann/deep/train.py": 340, "empty.txt": 0, "100%41 odd.csv": 2000}
    rows = [{"share": CODE_SHARE, "path": path, "bytes": length} for path, length in files.items()]

    async def work(client: Any) -> None:
        await (await Seeder.of(client, home)).files(rows)

    world.azure(work)
    credentials = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": KEY}}
    for name in ("bank", REFUSED):
        held = {"datastoreType": "AzureBlob", "accountName": "bankdata", "containerName": "raw"}
        world.put(f"datastores/{name}?skipValidation=true", {"properties": {**held, "credentials": credentials}})
        token = {
            "authType": "PAT",
            "credentials": {"pat": KEY},
            "category": "Git",
            "target": "https://example.com/x",
        }
        world.put(f"connections/{name}", {"properties": token})
    _computes(world)
    cron = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2026-01-01T03:00:00"}
    job = {"jobType": "Command", "command": "true", "environmentId": f"{home}/environments/py/versions/1",
           "computeId": f"{home}/{_cpu(world)}"}  # fmt: skip
    action = {"actionType": "CreateJob", "jobDefinition": job}
    for name in ("nightly", REFUSED):
        world.put(f"schedules/{name}", {"properties": {"isEnabled": True, "trigger": cron, "action": action}})
        settled(world, f"schedules/{name}")
    world.assign(home, READER, ANN, principalType="User")
    for name in ("logs", REFUSED):
        body = {
            "storageAccountId": world.storage_id("target"),
            "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        }
        if name == REFUSED:
            body = {**body, "logs": [{"category": "AmlComputeClusterEvent", "enabled": True}]}
        path = f"{home}/providers/Microsoft.Insights/diagnosticSettings/{name}"
        world.arm("PUT", path, AROUND["Microsoft.Insights/diagnosticSettings"], {"properties": body})
    Vault(world, "source").set("token", "TOP-SECRET-0")
    Vault(world, "source").set("token", "TOP-SECRET-1", tags={"a": "b"})
    for name in ("keep", REFUSED):
        path = f"{home}/providers/Microsoft.Authorization/locks/{name}"
        world.arm("PUT", path, AROUND["Microsoft.Authorization/locks"], {"properties": {"level": "CanNotDelete"}})


def _computes(world: World) -> None:
    scale = {"minNodeCount": 1, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    login = {"adminUserName": "me", "adminUserPassword": PASSWORD}
    cluster = {"vmSize": SIZE, "scaleSettings": scale}
    adb = {"workspaceUrl": "https://adb-1.azuredatabricks.net", "databricksAccessToken": TOKEN}
    owner = {"assignedUser": {"objectId": OWNER_OBJECT_ID, "tenantId": TENANT_ID}}
    number = world.group.removeprefix("rg")
    for path, kind, inner in (
        (_cpu(world), "AmlCompute", {**cluster, "userAccountCredentials": login}),
        (f"computes/{REFUSED}{number}", "AmlCompute", {**cluster, "scaleSettings": {**scale, "minNodeCount": 0}}),
        (_dbx(world), "Databricks", adb),
        (f"computes/ci{number}", "ComputeInstance", {"vmSize": SIZE, "personalComputeInstanceSettings": owner}),
    ):
        world.put(path, {"location": "eastus2", "properties": {"computeType": kind, "properties": inner}})
        settled(world, path)


def _refuse(world: World) -> None:
    """A policy of the group for what is called so, and no cores for an instance in the target."""
    group, target = _group(world), world.documents["target"]["id"]
    busy, scale = f"computes/busy{world.group.removeprefix('rg')}", {"minNodeCount": 1, "maxNodeCount": 1}
    inner = {"vmSize": SIZE, "scaleSettings": {**scale, "nodeIdleTimeBeforeScaleDown": "PT5M"}}
    body = {"computeType": "AmlCompute", "properties": inner}
    world.put(busy, {"location": "eastus2", "properties": body}, into="target")
    settled(world, busy, "target")
    limit = {"id": f"{target}/quotas/{FAMILY}", "limit": 4}
    place = (
        f"{group.partition('/resourceGroups/')[0]}/providers/Microsoft.MachineLearningServices/locations/eastus2"
    )
    world.arm("POST", f"{place}/updateQuotas", VERSION, {"value": [limit]})
    where = [{"field": "id", "contains": text} for text in (f"/{world.target}/", f"/{REFUSED}")]
    rule = {"if": {"allOf": where}, "then": {"effect": "deny"}}
    definition = f"{group.partition('/resourceGroups/')[0]}/providers/Microsoft.Authorization/policyDefinitions/{world.group}"
    properties = {"policyType": "Custom", "mode": "All", "policyRule": rule}
    world.arm("PUT", definition, _POLICY, {"properties": properties})
    assignment = f"{group}/providers/Microsoft.Authorization/policyAssignments/refuse"
    world.arm("PUT", assignment, _POLICY, {"properties": {"policyDefinitionId": definition}})


def _group(world: World) -> str:
    return str(world.documents["source"]["id"]).partition("/providers/")[0]


def snapshot(world: World) -> everything.Snapshot:
    """What the target holds, by kind and name, its files and secrets, what is said of it, and what is left to do."""
    found = everything.documents(world, (*everything.KINDS, "computes"), unlisted=())
    for one in found.values():
        # What the service calls the same call of an instance that is there: to make it, or to make it anew.
        (one.get("properties") or {}).pop("lastOperation", None)
    home = f"{world.documents['target']['id']}/providers/"
    for provider, version in AROUND.items():
        for one in world.arm("GET", f"{home}{provider}", version)["value"]:
            if one["id"].lower().startswith(f"{home}{provider}/".lower()):
                found[f"{provider}/{one['name']}"] = one["properties"]
    vault = Vault(world, "target")
    secret = vault.secret("token")
    whole = {
        "documents": found,
        "files": _files(world),
        "secret": [secret["value"], secret.get("tags"), len(vault.versions("token"))],
        **everything.told(world, "it"),
        "next": _next(world),
    }
    same: everything.Snapshot = json.loads(_normal(world, json.dumps(whole, sort_keys=True)))
    return same


def unless_unknown(world: World, found: everything.Snapshot) -> everything.Snapshot:
    """The same for what a kill left without a record.

    A new plan changes nothing that it does not know to be its own: what waits for the cutover is a conflict of its, though
    none of the plan that was killed.
    """
    known = everything.unless_unknown(world, "it", found)
    theirs = {_normal(world, one) for one in everything.unknown(world, "it")}
    left = {
        one: "update"
        for one, action in found["next"].items()
        if action == "conflict" and one.split("#")[0] in theirs
    }
    return known | {"next": found["next"] | left}


def _normal(world: World, text: str) -> str:
    number = world.group.removeprefix("rg")
    return _GUID.sub("<guid>", re.sub(rf"(?<=[a-z]){number}(?!\d)", "<number>", everything.normal(world, text)))


def _files(world: World) -> dict[str, list[Any]]:
    keys = world.arm("POST", f"{world.storage_id('target')}/listKeys", "2023-05-01")
    found: dict[str, list[Any]] = {}
    with ShareClient(
        f"https://{world.account('target')}.file.core.windows.net",
        CODE_SHARE,
        credential=keys["keys"][0]["value"],
        proxies={"https": world.env["HTTPS_PROXY"]},
        connection_verify=world.env["SSL_CERT_FILE"],
    ) as share:
        folders = [""]
        while folders:
            folder = folders.pop()
            for one in share.list_directories_and_files(folder):
                path = f"{folder}/{one['name']}".lstrip("/")
                if one["is_directory"]:
                    folders.append(path)
                    found[path] = []
                else:
                    file = share.get_file_client(path)
                    told = file.get_file_properties()
                    found[path] = [file.download_file().readall().decode("latin-1"), told.metadata]
    return found


def _next(world: World) -> dict[str, str]:
    """What a new plan would do."""
    world.ok(*_plan("next"), *world.names)
    return {line["address"]: line["action"] for line in world.plan_lines("next") if line["record"] == "step"}


def changes(world: World, since: str) -> Counter[tuple[str, str]]:
    """How often each change of the target and its vault was asked for, names made the same."""
    asked = everything.changes(world, since, CHANGING, vault=Vault(world, "target").uri.removeprefix("https://"))
    # A key is tried by wrapping with it. A file is put together beside its place: how often says nothing.
    beside = ("/keys/", f"/{CODE_SHARE}/")
    return Counter(
        {(method, _normal(world, path)): n for (method, path), n in asked.items() if not path.startswith(beside)}
    )
