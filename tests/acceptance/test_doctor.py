"""`migrate doctor` against the local Azure: a green pair, each thing in the way provoked, and the least role at work."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import World, make_world, seed_small
from tests.conftest import RunningSandbox

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Logins, Session
from amlmigrate.cmk.doctor import examine
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import WorkspaceRef
from azsandbox import provision
from azsandbox.client import Client
from azsandbox.principals import Directory
from azsandbox.state import StateFolder

_STORAGE, _LOCKS, _ROLES = "2023-05-01", "2020-05-01", "2022-04-01"
_GROUPS, _POLICIES = "2022-09-01", "2022-06-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture(scope="module")
def world(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A pair for the module, whose source has datastores with and without credentials."""
    made = make_world(sandbox, tmp_path_factory.mktemp("doctor"))
    for name, credentials in (("keyed", _key(made)), ("bare", {"credentialsType": "None"})):
        properties = {
            "datastoreType": "AzureBlob",
            "accountName": made.account("source"),
            "containerName": "lake",
            "credentials": credentials,
        }
        made.put(f"datastores/{name}", {"properties": properties})
    return made


def _key(world: World) -> dict[str, Any]:
    keys = world.azure(lambda c: c.arm("POST", f"{world.storage_id('source')}/listKeys", _STORAGE))
    secrets = {"secretsType": "AccountKey", "key": keys["keys"][0]["value"]}
    return {"credentialsType": "AccountKey", "secrets": secrets}


def _examined(world: World) -> list[Finding]:
    async def inside() -> list[Finding]:
        async with Session(Logins(Login(), Login())) as clouds:
            refs = (WorkspaceRef.parse(world.documents[side]["id"]) for side in ("source", "target"))
            return (await examine(clouds, *refs)).findings

    return asyncio.run(inside())


def _account(world: World, side: str, **properties: Any) -> Callable[[Client], Awaitable[Any]]:
    async def work(client: Client) -> Any:
        path = world.storage_id(side)
        now = await client.arm("GET", path, _STORAGE)
        body = {name: now[name] for name in ("location", "sku", "kind", "identity") if name in now}
        return await client.arm("PUT", path, _STORAGE, {**body, "properties": properties})

    return work


def _lock(world: World, side: str, level: str) -> tuple[Callable[[Client], Any], Callable[[Client], Any]]:
    path = f"{world.documents[side]['id']}/providers/Microsoft.Authorization/locks/held"
    body = {"properties": {"level": level}}
    return lambda c: c.arm("PUT", path, _LOCKS, body), lambda c: c.arm("DELETE", path, _LOCKS)


def _provocation(world: World, what: str) -> tuple[Callable[[Client], Any], Callable[[Client], Any]]:
    """How it is brought about, and how it is put right again."""
    if what.endswith("lock on the source"):
        return _lock(world, "source", "CanNotDelete")
    if what.endswith("lock on the target"):
        return _lock(world, "target", "ReadOnly")
    if what == "a policy that denies":
        group = world.documents["target"]["id"].partition("/providers/")[0]
        path = f"{group}/providers/Microsoft.Authorization/policyAssignments/keys"
        definition = "/providers/Microsoft.Authorization/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
        body = {
            "properties": {
                "displayName": "Keys",
                "policyDefinitionId": definition,
                "parameters": {"effect": {"value": "Deny"}},
            }
        }
        return lambda c: c.arm("PUT", path, _POLICIES, body), lambda c: c.arm("DELETE", path, _POLICIES)
    if what == "a provider not registered":
        path = f"{'/'.join(world.documents['target']['id'].split('/')[:3])}/providers/Microsoft.KeyVault"
        return lambda c: c.arm("POST", f"{path}/unregister", _GROUPS), lambda c: c.arm(
            "POST", f"{path}/register", _GROUPS
        )
    wrong: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "a target that takes no keys": ("target", {"allowSharedKeyAccess": False}, {"allowSharedKeyAccess": True}),
        "a source that takes no keys": ("source", {"allowSharedKeyAccess": False}, {"allowSharedKeyAccess": True}),
        "a source behind a firewall": (
            "source",
            {"networkAcls": {"defaultAction": "Deny"}},
            {"networkAcls": {"defaultAction": "Allow"}},
        ),
        "a source with chosen networks": (
            "source",
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.10", "action": "Allow"}]}},
            {"networkAcls": {"defaultAction": "Allow"}},
        ),
        "copies from private links only": (
            "target",
            {"allowedCopyScope": "PrivateLink"},
            {"allowedCopyScope": None},
        ),
    }
    side, bad, good = wrong[what]
    return _account(world, side, **bad), _account(world, side, **good)


PROVOKED = {
    "a policy that denies": (
        "warning",
        "/policyAssignments/keys",
        "'Keys' denies what does not comply with it. It speaks of Azure ML.",
    ),
    "a provider not registered": ("error", "/subscriptions/", "Microsoft.KeyVault is not registered"),
    "a CanNotDelete lock on the source": ("warning", "/locks/held", "decommission is refused"),
    "a ReadOnly lock on the target": ("error", "/locks/held", "nothing can be created"),
    "a target that takes no keys": ("error", "/storageAccounts/new", "workspaceblobstore"),
    "a source that takes no keys": (
        "error",
        "/storageAccounts/old",
        "datastores of the source have its key: keyed.",
    ),
    "a source behind a firewall": ("error", "/storageAccounts/old", "not let in"),
    "a source with chosen networks": ("warning", "/storageAccounts/old", "lets only chosen networks in"),
    "copies from private links only": ("error", "/storageAccounts/new", "'PrivateLink'"),
}
# The identity has no role on the account of `bare`, and the owner of all has both duties.
USUAL = ("bare", "may also manage its key")


def _unusual(findings: list[Finding]) -> list[Finding]:
    return [found for found in findings if not any(word in found.summary for word in USUAL)]


def test_an_exemplary_pair_is_green(world: World) -> None:
    result = world.ok("doctor", *world.names, "--json")
    end = result.event("doctor.end")
    assert end["errors"] == 0 and {f["severity"] for f in end["findings"]} == {"warning"}
    assert _unusual([Finding(**found) for found in end["findings"]]) == []
    assert len(end["findings"]) == len(USUAL), "a datastore without credentials is warned of"
    who = end["identities"]["source"]
    assert who["app_id"] == world.env["AZURE_CLIENT_ID"] and who["tenant"] == world.env["AZURE_TENANT_ID"]
    assert {claim["name"]: claim["proven"] for claim in end["claims"]}["key.wraps"] is True
    told = world.ok("doctor", *world.names).out
    assert "0 errors and 2 warnings" in told and "Next: migrate plan" in told
    # A right on the account settles the datastore.
    principal = next(iter(world.documents["target"]["identity"]["userAssignedIdentities"].values()))["principalId"]
    role = provision.STORAGE_BLOB_DATA_CONTRIBUTOR
    made = world.azure(lambda c: provision.assign(c, world.storage_id("source"), role, principal))
    left = world.ok("doctor", *world.names, "--json").event("doctor.end")["findings"]
    assert [USUAL[1] in found["summary"] for found in left] == [True]
    world.azure(lambda c: c.arm("DELETE", made, _ROLES))


@pytest.mark.parametrize("what", PROVOKED)
def test_what_is_in_the_way_is_told(world: World, azure_env: RunningSandbox, what: str) -> None:
    severity, address, words = PROVOKED[what]
    provoke, settle = _provocation(world, what)
    world.azure(provoke)
    try:
        [found] = _unusual(_examined(world))
    finally:
        world.azure(settle)
    assert found.severity == severity and address in found.address and words in found.summary, found
    assert found.remedy


def test_a_deleted_vault_blocks_its_name(world: World, azure_env: RunningSandbox) -> None:
    group = world.documents["target"]["id"].partition("/providers/")[0]

    async def work(client: Client) -> None:
        path = await provision.vault(client, group, f"gone{world.target}")
        await client.arm("DELETE", path, "2023-07-01")

    world.azure(work)
    [found] = _unusual(_examined(world))
    assert found.severity == "warning" and f"'gone{world.target}' is deleted" in found.summary
    assert found.remedy == f"az keyvault recover --name gone{world.target}", "it has purge protection"
    path = f"{group}/providers/Microsoft.KeyVault/vaults/gone{world.target}"
    body = {"location": "eastus2", "properties": {"createMode": "recover"}}
    world.azure(lambda c: c.arm("PUT", path, "2023-07-01", body))


def test_a_plan_has_the_errors_and_run_refuses_them(sandbox: RunningSandbox, tmp_path: Path) -> None:
    world = seed_small(make_world(sandbox, tmp_path))
    world.azure(_account(world, "target", allowSharedKeyAccess=False))
    world.ok("plan", *world.names)
    [error] = [found for found in world.plan_lines()[0]["findings"] if found["severity"] == "error"]
    assert "workspaceblobstore" in error["summary"]
    assert world.migrate("doctor", *world.names).code == 4
    refused = world.migrate("run")
    assert refused.code == 4 and "workspaceblobstore" in refused.err


# Who may do what.


def _nobody(world: World, name: str) -> tuple[dict[str, str], str]:
    """A principal without a right: its environment, and its object id."""
    state = StateFolder(Path(world.env["AZSANDBOX_STATE"]))
    made, secret = Directory(state).add(f"{name}-{uuid.uuid4().hex[:8]}", has_roles=False)
    return {"AZURE_CLIENT_ID": made.client_id, "AZURE_CLIENT_SECRET": secret}, made.object_id


def test_whoever_cannot_read_the_workspaces_is_denied(world: World) -> None:
    env, _ = _nobody(world, "stranger")
    result = world.migrate("doctor", *world.names, **env)
    assert result.code == 6 and "Microsoft.MachineLearningServices/workspaces/read" in result.err


def test_each_missing_right_is_named_with_its_scope_and_stage(world: World) -> None:
    env, object_id = _nobody(world, "reader")
    group = world.documents["target"]["id"].partition("/providers/")[0]
    world.azure(lambda c: provision.assign(c, group, READER, object_id))
    result = world.migrate("doctor", *world.names, "--json", **env)
    assert result.code == 4
    found = result.event("doctor.end")["findings"]
    missing = {
        (f["severity"], f["address"].rpartition("/")[2], f["summary"].split("'")[1])
        for f in found
        if "missing" in f["summary"]
    }
    blob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    ws = "Microsoft.MachineLearningServices/workspaces"
    assert ("error", world.account("source"), f"{blob}/read") in missing
    assert ("error", world.account("target"), f"{blob}/write") in missing
    assert ("error", world.target, f"{ws}/models/versions/write") in missing
    assert ("error", world.source, f"{ws}/delete") in missing
    assert ("error", world.source, f"{ws}/datastores/listSecrets/action") in missing, "`keyed` has a secret"
    assert ("warning", world.account("source"), f"{blob}/tags/read") in missing
    # A reader of it all is not told that reading it is missing, nor that the key is good.
    assert not [row for row in missing if row[0] == "error" and row[2] in (f"{ws}/read", f"{ws}/*/read")]
    keys = [f for f in found if "Not proven: the key could not be read" in f["summary"]]
    assert [f["severity"] for f in keys] == ["warning"] and "vaults/keys/read" in keys[0]["remedy"]
    planned = world.migrate("plan", *world.names, "--out", "plans/reader", **env)
    assert planned.code == 6, "it may not list the blobs"


def test_the_printed_role_is_enough_for_every_command(sandbox: RunningSandbox, tmp_path: Path) -> None:
    world = seed_small(make_world(sandbox, tmp_path))
    world.put("datastores/keyed", {"properties": {
        "datastoreType": "AzureBlob", "accountName": world.account("source"), "containerName": "lake",
        "credentials": _key(world)}})  # fmt: skip
    role = json.loads(world.ok("doctor", *world.names, "--print-role").out)
    env, object_id = _nobody(world, "mover")
    name, subscription = str(uuid.uuid4()), role["AssignableScopes"][0]

    async def work(client: Client) -> None:
        properties = {
            "roleName": f"{role['Name']} {name}",
            "description": role["Description"],
            "type": "CustomRole",
            "permissions": [{
                "actions": role["Actions"], "notActions": role["NotActions"],
                "dataActions": role["DataActions"], "notDataActions": role["NotDataActions"]}],
            "assignableScopes": role["AssignableScopes"],
        }  # fmt: skip
        path = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"
        await client.arm("PUT", path, _ROLES, {"properties": properties})
        await provision.assign(
            client, world.documents["target"]["id"].partition("/providers/")[0], name, object_id
        )

    world.azure(work)
    checked = world.migrate("doctor", *world.names, "--json", **env)
    end = checked.event("doctor.end")
    below = [f for f in end["findings"] if f["address"] != subscription]
    assert [f for f in below if "missing" in f["summary"]] == [] and end["errors"] == 0, end["findings"]
    confirm = ("--confirm", f"{world.group}/{world.source}", "--soak", "0")
    for arguments in (
        ("plan", *world.names),
        ("run",),
        ("verify",),
        ("decommission", f"plans/{world.source}", *confirm),
    ):
        done = world.migrate(*arguments, **env)
        assert done.code == 0, f"{arguments}: {done.out[-2000:]} {done.err[-2000:]}"
    assert world.status("source") == 404


def test_nothing_to_look_at_and_nothing_there_are_bad_input(world: World) -> None:
    assert world.migrate("doctor").code == 2
    assert world.migrate("doctor", "--print-role").code == 2
    missing = world.migrate("doctor", "--target", f"{world.group}/nobody-made-it")
    assert missing.code == 2 and "There is no workspace" in missing.err
    assert "deleted in the last 14 days blocks its name" in missing.err
