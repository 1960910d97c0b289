"""`migrate doctor` against the local Azure: a green pair, each thing in the way provoked, and the least role at work."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance.removing import removal
from tests.acceptance.world import VERSION, World, make_world, seed_small
from tests.invariants.everything import seed_everything

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Logins, Session
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.doctor import examine
from azsandbox import Sandbox, provision
from azsandbox.client import Client
from azsandbox.seed import CODE_SHARE, Seeder

_STORAGE, _LOCKS, _ROLES = "2023-05-01", "2020-05-01", "2022-04-01"
_GROUPS, _POLICIES = "2022-09-01", "2022-06-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture(scope="module")
def world(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> World:
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


@pytest.fixture
def own(sandbox: Sandbox, tmp_path: Path) -> World:
    """A pair of the test's own, the source with a few small assets."""
    return seed_small(make_world(sandbox, tmp_path))


def _key(world: World) -> dict[str, Any]:
    keys = world.arm("POST", f"{world.storage_id('source')}/listKeys", _STORAGE)
    secrets = {"secretsType": "AccountKey", "key": keys["keys"][0]["value"]}
    return {"credentialsType": "AccountKey", "secrets": secrets}


def _examined(world: World) -> list[Finding]:
    async def inside() -> list[Finding]:
        async with Session(Logins(Login(), Login())) as clouds:
            refs = (WorkspaceRef.parse(world.documents[side]["id"]) for side in ("source", "target"))
            return (await examine(clouds, *refs)).findings

    return asyncio.run(inside())


Undo = Callable[[], Any]


def _account(world: World, side: str, **properties: Any) -> None:
    path = world.storage_id(side)
    now = world.arm("GET", path, _STORAGE)
    body = {name: now[name] for name in ("location", "sku", "kind", "identity") if name in now}
    world.arm("PUT", path, _STORAGE, {**body, "properties": properties})


def _changed(side: str, bad: dict[str, Any], good: dict[str, Any]) -> Callable[[World], Undo]:
    def change(world: World) -> Undo:
        _account(world, side, **bad)
        return lambda: _account(world, side, **good)

    return change


def _made(world: World, path: str, version: str, properties: dict[str, Any]) -> Undo:
    world.arm("PUT", path, version, {"properties": properties})
    return lambda: world.arm("DELETE", path, version)


def _lock(level: str, scope: Callable[[World], str]) -> Callable[[World], Undo]:
    held = "providers/Microsoft.Authorization/locks/held"
    return lambda world: _made(world, f"{scope(world)}/{held}", _LOCKS, {"level": level})


def _policy(world: World) -> Undo:
    path = f"{_group(world)}/providers/Microsoft.Authorization/policyAssignments/keys"
    definition = "/providers/Microsoft.Authorization/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
    effect = {"effect": {"value": "Deny"}}
    told = {"displayName": "Keys", "policyDefinitionId": definition, "parameters": effect}
    return _made(world, path, _POLICIES, told)


def _unregistered(world: World) -> Undo:
    path = f"{_subscription(world)}/providers/Microsoft.KeyVault"
    world.arm("POST", f"{path}/unregister", _GROUPS)
    return lambda: world.arm("POST", f"{path}/register", _GROUPS)


def _group(world: World) -> str:
    return str(world.documents["target"]["id"].partition("/providers/")[0])


def _key_of(world: World) -> dict[str, str]:
    """The target's key and its vault."""
    found: dict[str, str] = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]
    return found


def _subscription(world: World) -> str:
    return "/".join(world.documents["target"]["id"].split("/")[:3])


SHUT, OPEN = {"networkAcls": {"defaultAction": "Deny"}}, {"networkAcls": {"defaultAction": "Allow"}}
CHOSEN = {"networkAcls": {**SHUT["networkAcls"], "ipRules": [{"value": "198.51.100.10", "action": "Allow"}]}}
NO_KEYS, KEYS = {"allowSharedKeyAccess": False}, {"allowSharedKeyAccess": True}
PRIVATE, ANYWHERE = {"allowedCopyScope": "PrivateLink"}, {"allowedCopyScope": None}
DENIES = "'Keys' denies what does not comply with it. It speaks of Azure ML."
Provoked = tuple[str, str, str, Callable[[World], Undo]]
# How each is brought about, and what is told of it. The locks come last: they are put right first.
PROVOKED: dict[str, list[Provoked]] = {
    "policies, locks and networks": [
        ("warning", "/policyAssignments/keys", DENIES, _policy),
        ("error", "/subscriptions/", "Microsoft.KeyVault is not registered", _unregistered),
        ("warning", "/storageAccounts/old", "lets only chosen networks in", _changed("source", CHOSEN, OPEN)),
        ("error", "/storageAccounts/new", "'PrivateLink'", _changed("target", PRIVATE, ANYWHERE)),
        ("warning", "/locks/held", "decommission is refused", _lock("CanNotDelete", lambda w: w.documents["source"]["id"])),
        ("error", "/locks/held", "nothing can be created", _lock("ReadOnly", lambda w: w.documents["target"]["id"])),
        ("warning", "/locks/held", "decommission --storage delete", _lock("CanNotDelete", lambda w: w.storage_id("source"))),
        ("warning", "/storageAccounts/new", "account keys cannot be listed", _lock("ReadOnly", lambda w: w.storage_id("target"))),
        ("warning", "/vaults/", "the vault not be changed", _lock("ReadOnly", lambda w: _key_of(w)["keyVaultArmId"])),
    ],
    "accounts that take no keys": [
        ("error", "/storageAccounts/new", "workspaceblobstore", _changed("target", NO_KEYS, KEYS)),
        ("error", "/storageAccounts/old", "datastores of the source have its key: keyed.", _changed("source", NO_KEYS, KEYS)),
    ],
    "firewalls": [
        ("error", "/storageAccounts/old", "not let in", _changed("source", SHUT, OPEN)),
        ("error", "/storageAccounts/new", "not let in", _changed("target", SHUT, OPEN)),
    ],
}  # fmt: skip


@contextmanager
def _provoked(world: World, what: str) -> Iterator[list[Provoked]]:
    """All of a group at once."""
    with ExitStack() as settled:
        for *_, change in PROVOKED[what]:
            settled.callback(change(world))
        yield PROVOKED[what]


def _about(found: Finding, provoked: Provoked) -> bool:
    severity, address, words, _ = provoked
    return found.severity == severity and address in found.address and words in found.summary


# The identity has no role on the account of `bare`; the owner of all has both duties, and asks nobody.
USUAL = ("bare", "may also manage its key", "without asking anybody", "does not move the workspace by itself")


def _unusual(findings: list[Finding]) -> list[Finding]:
    return [found for found in findings if not any(word in found.summary for word in USUAL)]


def test_an_exemplary_pair_is_green(world: World) -> None:
    result = world.ok("doctor", *world.names, "--json")
    end = result.event("doctor.end")
    assert end["errors"] == 0 and {f["severity"] for f in end["findings"]} == {"warning"}
    assert _unusual([Finding.of_dict(found) for found in end["findings"]]) == []
    assert len(end["findings"]) == len(USUAL), "a datastore without credentials is warned of"
    who = end["identities"]["source"]
    assert who["app_id"] == world.env["AZURE_CLIENT_ID"] and who["tenant"] == world.env["AZURE_TENANT_ID"]
    assert {claim["name"]: claim["holds"] for claim in end["claims"]}["key.wraps"] is True
    told = world.ok("doctor", *world.names).out
    assert "0 errors and 4 warnings" in told and "Next: migrate plan" in told
    # A right on the account settles the datastore.
    principal = next(iter(world.documents["target"]["identity"]["userAssignedIdentities"].values()))["principalId"]
    role = provision.STORAGE_BLOB_DATA_CONTRIBUTOR
    made = world.azure(provision.assign, world.storage_id("source"), role, principal)
    left = world.ok("doctor", *world.names, "--json").event("doctor.end")["findings"]
    assert [any(one in found["summary"] for one in USUAL[1:]) for found in left] == [True, True, True]
    world.arm("DELETE", made, _ROLES)


@pytest.mark.parametrize("what", PROVOKED)
def test_what_is_in_the_way_is_told(world: World, azure_env: Sandbox, what: str) -> None:
    with _provoked(world, what) as provoked:
        found = _unusual(_examined(world))
    assert [sum(_about(one, each) for one in found) for each in provoked] == [1] * len(found), found
    assert all(one.remedy for one in found)


def test_every_error_stands_in_the_plan_and_keeps_it_from_being_run(own: World) -> None:
    world = own
    with _provoked(world, "policies, locks and networks") as provoked:
        world.ok("plan", *world.names)
    found = [Finding.of_dict(one) for one in world.plan_lines()[0]["findings"] if one["severity"] == "error"]
    errors = [each for each in provoked if each[0] == "error"]
    assert [sum(_about(one, each) for one in found) for each in errors] == [1] * len(found), found
    refused = world.migrate("run")
    assert refused.code == 4 and all(words in refused.err for _, _, words, _ in errors), refused.err


def test_whoever_plans_has_to_list_the_blobs_of_both_accounts(world: World) -> None:
    side = "source"
    settle = _changed(side, SHUT, OPEN)(world)
    try:
        planned = world.migrate("plan", *world.names, "--out", f"plans/{side}-shut")
    finally:
        settle()
    assert planned.code == 6 and world.account(side) in planned.err


# A key that is gone: the workspace answers nobody, and the doctor says why.


async def _vault(client: Client, method: str, url: str, body: Any = None) -> bytes:
    return (await client.send(method, f"{url}?api-version=7.4", "https://vault.azure.net", json=body))[2]


def test_a_key_that_is_gone_is_named_with_what_brings_it_back(own: World) -> None:
    world = own
    vault, _, name = _key_of(world)["keyIdentifier"].rpartition("/")[0].partition("/keys/")
    world.ok("plan", *world.names)
    world.azure(_vault, "DELETE", f"{vault}/keys/{name}")
    try:
        told = world.migrate("doctor", "--target", f"{world.group}/{world.target}", "--json")
        codes = [world.migrate(*command).code for command in (("plan", *world.names), ("run",))]
    finally:
        world.azure(_vault, "POST", f"{vault}/deletedkeys/{name}/recover")
    assert told.code == 4, told.err
    found = told.event("doctor.end")["findings"]
    errors = [one for one in found if one["severity"] == "error"]
    [gone] = [one for one in errors if "is not in its vault" in one["summary"]]
    assert "az keyvault key recover" in gone["remedy"]
    assert any("lets nobody in" in one["summary"] for one in errors)
    assert not any("firewall" in one["summary"] or "not let in" in one["summary"] for one in found)
    assert codes == [6, 6], "all others are refused by Azure"
    world.ok("run")


# Who may do what.


def _nobody(world: World, name: str) -> tuple[dict[str, str], str]:
    """A principal without a right: its environment, and its object id."""
    made, env = world.principal(name)
    return env, made.object_id


def test_whoever_cannot_read_the_workspaces_is_denied(world: World) -> None:
    env, _ = _nobody(world, "stranger")
    result = world.migrate("doctor", *world.names, **env)
    assert result.code == 6 and "Microsoft.MachineLearningServices/workspaces/read" in result.err


def test_each_missing_right_is_named_with_its_scope_and_stage(world: World) -> None:
    env, object_id = _nobody(world, "reader")
    group = _group(world)
    world.azure(provision.assign, group, READER, object_id)
    result = world.migrate("doctor", *world.names, "--json", **env)
    assert result.code == 4
    found = result.event("doctor.end")["findings"]
    missing = {
        (f["severity"], f["address"].removesuffix("!right-missing").rpartition("/")[2], f["summary"].split("'")[1])
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
    assert not [f for f in found if "Not shown: the key could not be read" in f["summary"]], (
        "ARM shows it to a reader"
    )
    planned = world.migrate("plan", *world.names, "--out", "plans/reader", **env)
    assert planned.code == 6, "it may not list the blobs"


def _printed(world: World) -> dict[str, Any]:
    role: dict[str, Any] = json.loads(world.ok("doctor", *world.names, "--print-role").out)
    return role


def _mover(world: World, role: dict[str, Any], *, without: tuple[str, ...] = ()) -> tuple[dict[str, str], str]:
    """A principal with the printed role on the group, but for some actions; its environment, and its object id."""
    env, object_id = _nobody(world, "mover")
    name, subscription = str(uuid.uuid4()), role["AssignableScopes"][0]
    assert not set(without) - {*role["Actions"], *role["DataActions"]}

    async def work(client: Client) -> None:
        entry = {
            "actions": [one for one in role["Actions"] if one not in without],
            "notActions": role["NotActions"],
            "dataActions": [one for one in role["DataActions"] if one not in without],
            "notDataActions": role["NotDataActions"],
        }
        properties = {
            "roleName": f"{role['Name']} {name}",
            "description": role["Description"],
            "type": "CustomRole",
            "permissions": [entry],
            "assignableScopes": role["AssignableScopes"],
        }
        path = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"
        await client.arm("PUT", path, _ROLES, {"properties": properties})
        for scope in (_group(world), subscription):
            await provision.assign(client, scope, name, object_id)

    world.azure(work)
    return env, object_id


_AUTH = "Microsoft.Authorization"
# Without each of these something is said not to be proven or checked, which names it; none of a group hides another.
EACH_NEEDED = {
    "vault": (
        "Microsoft.KeyVault/vaults/read", "Microsoft.ContainerRegistry/registries/read", f"{_AUTH}/locks/read",
        "Microsoft.Resources/subscriptions/providers/read",
    ),
    "key": (
        "Microsoft.KeyVault/vaults/keys/read", "Microsoft.Insights/components/read", f"{_AUTH}/roleDefinitions/read",
        f"{_AUTH}/policyAssignments/read", "Microsoft.MachineLearningServices/locations/usages/read",
    ),
    "version": (
        "Microsoft.KeyVault/vaults/keys/versions/read", f"{_AUTH}/roleAssignments/read", "Microsoft.OperationalInsights/workspaces/read",
        "Microsoft.Storage/storageAccounts/blobServices/containers/read", "Microsoft.KeyVault/deletedVaults/read",
    ),
}  # fmt: skip


_ML, _BLOBS, _SECRETS = (
    "Microsoft.MachineLearningServices",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.KeyVault/vaults/secrets",
)
# Actions of the printed role by which the story below lets nobody in, by why; any other unused one fails it.
UNUSED = {
    "it would keep the source from being removed: a lock, live endpoints": (
        f"{_AUTH}/locks/write",
        *(f"{_ML}/workspaces/{kind}{part}/delete" for kind in ("batchEndpoints", "onlineEndpoints") for part in ("", "/deployments")),
    ),
    "writing one takes a right at what it sends to, which is a role of its own": ("Microsoft.Insights/diagnosticSettings/write",),
    "no name of these is described, tagged or archived; one of `models` is": tuple(
        f"{_ML}/workspaces/{kind}/write" for kind in ("codes", "components", "data", "environments")
    ),
    "it goes with an option: --computes, --storage delete, --vault-secrets": (
        f"{_ML}/workspaces/computes/stop/action", f"{_BLOBS}/containers/delete", "Microsoft.Resources/subscriptions/locations/read",
    ),
    "nothing there has one: a policy, an exemption, an eligible role, a cluster of logs, an encryption scope": (
        f"{_AUTH}/policyDefinitions/read", f"{_AUTH}/policySetDefinitions/read", f"{_AUTH}/policyExemptions/delete",
        f"{_AUTH}/roleManagementPolicyAssignments/read", "Microsoft.OperationalInsights/clusters/read",
        "Microsoft.Storage/storageAccounts/encryptionScopes/read",
    ),
    "the workspace's own document, or the address that Azure names, says it already": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/read", f"{_ML}/locations/workspaceOperationsStatus/read",
    ),
    "the local Azure shows everybody their own rights": (f"{_AUTH}/permissions/read",),
}  # fmt: skip
UNUSED_DATA = {
    "the firewall of the example's vault keeps this machine out": tuple(
        f"Microsoft.KeyVault/vaults/{name}" for name in ("keyrotationpolicies/read", "keys/read", "keys/unwrap/action", "keys/wrap/action")
    ),
    "it goes with an option: --vault-secrets": tuple(
        f"{_SECRETS}/{name}/action" for name in ("backup", "getSecret", "restore", "setSecret")
    ),
    "the local Azure asks for none of its own where tags go with a list or a copy": (
        f"{_BLOBS}/containers/blobs/tags/read", f"{_BLOBS}/containers/blobs/tags/write",
    ),
    "the local Azure asks only for that of the file where a request says that it is a backup": tuple(
        f"Microsoft.Storage/storageAccounts/fileServices/{verb}FileBackupSemantics/action" for verb in ("read", "write")
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def provisioned(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A pair whose target is made as the shipped example says, in the source's group."""
    folder = tmp_path_factory.mktemp("provisioned")
    world = make_world(sandbox, folder)
    number = world.target.removeprefix("new")
    file = yaml.safe_load((Path(__file__).parents[2] / "docs" / "how-to" / "provision-example.yaml").read_text())
    file["resourceGroup"] = world.group
    file["workspace"]["name"] = world.target = f"ml-risk-{number}"
    file["workspace"]["keyVault"]["name"] = f"kv-d{number}"
    for part in ("keyVault", "storage", "registry"):
        file[part]["name"] += number
    (folder / "workspace.yaml").write_text(yaml.safe_dump(file))
    world.ok("provision", "workspace.yaml", "--yes")
    id_ = f"{world.documents['source']['id'].rpartition('/')[0]}/{world.target}"
    world.documents["target"] = world.arm("GET", id_, VERSION)
    return world


def test_each_action_of_the_printed_role_is_needed(
    provisioned: World, azure_env: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = provisioned
    told, role = ("Not shown", "Not checked"), _printed(world)
    for actions in EACH_NEEDED.values():
        env, _ = _mover(world, role, without=actions)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        found = [one for one in _examined(world) if any(word in one.summary for word in told)]
        for action in actions:
            assert any(action.lower() in one.remedy.lower() for one in found), (action, found)


def _fill(world: World) -> None:
    """What more actions are for: secrets, a file, index tags, a name that is described, a cluster, what blocks."""
    seed_everything(world)
    world.put("datastores/keyed", {"properties": {
        "datastoreType": "AzureBlob", "accountName": world.account("source"), "containerName": "lake",
        "credentials": _key(world)}})  # fmt: skip
    with world.container_client("source") as client:
        client.get_blob_client("m/1/a").set_blob_tags({"team": "risk"})

    async def file(client: Client) -> None:
        home = world.documents["source"]["id"]
        await (await Seeder.of(client, home)).files([{"share": CODE_SHARE, "path": "Users/ann/a.py", "bytes": 9}])

    world.azure(file)
    size = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}
    cluster = {"computeType": "AmlCompute", "properties": size}
    world.put(f"computes/c{world.group}", {"location": "eastus2", "properties": cluster})


def _unused(rows: list[dict[str, Any]], noted: str, actions: list[str]) -> list[str]:
    """The actions by which none of these requests was let in."""
    used = {one.lower() for row in rows for one in row.get(noted, ())}
    return sorted(one for one in actions if not fnmatch.filter(used, one.lower()))


def test_the_printed_role_is_enough_for_every_command_and_holds_no_other_action(provisioned: World) -> None:
    """It removes the source, and comes last."""
    world = provisioned
    _fill(world)
    role, since = _printed(world), world.now()
    env, _ = _mover(world, role)
    checked = world.migrate("doctor", *world.names, "--json", **env)
    end = checked.event("doctor.end")
    words = ("missing", "Not shown", "Not checked", "could not be looked up")
    # Whoever may give roles may give themselves any: that is a role of its own, printed by --for assign.
    [assigns] = [f for f in end["findings"] if any(word in f["summary"] for word in words)]
    assert "roleAssignments/write" in assigns["summary"] and assigns["severity"] == "warning"
    assert end["errors"] == 0, end["findings"]
    # The firewall of the example's vault keeps this machine out; no right would let it in.
    # Blobs are listed by others.
    [wraps] = [one for one in end["claims"] if one["holds"] is None and one["name"] != "storage.blobs"]
    assert wraps["name"] == "key.wraps" and "ForbiddenByFirewall" in wraps["summary"]
    cutover = ("cutover", f"plans/{world.source}", "--unfrozen", "a test")
    for arguments in (("plan", *world.names), ("run",), ("verify",), cutover, ("verify",), removal(world)):
        done = world.migrate(*arguments, **env)
        assert done.code == 0, f"{arguments}: {done.out[-2000:]} {done.err[-2000:]}"
    assert world.status("source") == 404
    rows = [row for row in world.log(since) if row.get("principal") == env["AZURE_CLIENT_ID"]]
    for told, noted, unused in (("Actions", "actions", UNUSED), ("DataActions", "data_actions", UNUSED_DATA)):
        assert _unused(rows, noted, role[told]) == sorted(one for few in unused.values() for one in few)


def test_nothing_to_look_at_and_nothing_there_are_bad_input(world: World) -> None:
    assert world.migrate("doctor").code == 2
    assert world.migrate("doctor", "--print-role").code == 2
    alone = world.migrate("doctor", *world.names, "--for", "key")
    assert alone.code == 2 and "Add --print-role" in alone.err
    role = json.loads(world.ok("doctor", *world.names, "--print-role", "--for", "audit").out)
    assert role["Name"].endswith(": audit")
    missing = world.migrate("doctor", "--target", f"{world.group}/nobody-made-it")
    assert missing.code == 2 and "There is no workspace" in missing.err
    assert "deleted in the last 14 days blocks its name" in missing.err
