"""A whole move of a workspace that is full of secrets leaves none of them anywhere: each is planted and searched for.

It is planned, run with what fails on the way, verified, cut over and back, and the source is removed, each told at
length and to a file. Searched are all files below HOME and the folder for temporary ones, the plan's folder with its
ledger, all that is printed, and the words and variables of every process while it goes on.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import removal
from tests.acceptance.world import Result, World, make_world, seed_small
from tests.builders import fault
from tests.builders.canaries import Canaries, Sighting
from tests.builders.vaults import Vault

sandbox = alone.sandbox

# What the commands sign in with, and what a run is given.
GIVEN = ("AZURE_CLIENT_SECRET", "DBX_TOKEN")
_AUTHS: dict[str, tuple[str, ...]] = {
    "PAT": ("pat",),
    "SAS": ("sas",),
    "AccountKey": ("key",),
    "ApiKey": ("key",),
    "UsernamePassword": ("password", "securityToken"),
    "AccessKey": ("accessKeyId", "secretAccessKey"),
    "ServicePrincipal": ("clientSecret",),
    "OAuth2": ("clientSecret", "developerToken", "password", "refreshToken"),
}


def _connections(world: World, canaries: Canaries) -> None:
    """One of each way to sign in."""
    about = {"category": "Git", "isSharedToAll": True}
    for auth, members in _AUTHS.items():
        credentials = {member: canaries.odd(f"{member} of the connection {auth}") for member in members}
        target = (
            f"https://u:{canaries.plain(f'user of {auth}')}@h.example/x?sig={canaries.plain(f'URL of {auth}')}"
        )
        properties = {**about, "authType": auth, "credentials": credentials, "target": target}
        world.put(f"connections/{auth.lower()}", {"properties": properties})
    keys = {"one": canaries.odd("a key of the connection"), "two": canaries.key("another key of the connection")}
    properties = {**about, "category": "CustomKeys", "authType": "CustomKeys", "credentials": {"keys": keys}}
    world.put("connections/keys", {"properties": properties | {"target": "https://h.example"}})


def _datastores(world: World, canaries: Canaries) -> None:
    login = {"authorityUrl": "https://login.microsoftonline.com", "resourceUrl": "https://storage.azure.com"}
    login |= {
        "clientId": "1" * 8 + "-1111-1111-1111-" + "1" * 12,
        "tenantId": "2" * 8 + "-2222-2222-2222-" + "2" * 12,
    }
    signature = f"?sv=2024-11-04&sig={canaries.plain('signature of a datastore')}"
    for name, kind, secrets, more in (
        ("bykey", "AccountKey", {"key": canaries.key("key of a datastore")}, {}),
        ("bysas", "Sas", {"sasToken": signature}, {}),
        ("bylogin", "ServicePrincipal", {"clientSecret": canaries.odd("secret of a datastore")}, login),
    ):
        credentials = {"credentialsType": kind, **more, "secrets": {"secretsType": kind, **secrets}}
        store = {"datastoreType": "AzureBlob", "accountName": "bankdata", "containerName": "raw"}
        world.put(f"datastores/{name}?skipValidation=true", {"properties": {**store, "credentials": credentials}})


def _at_work(world: World, canaries: Canaries) -> None:
    """An endpoint with keys, which stays by hand, and a schedule that goes live."""
    home, at = world.documents["source"]["id"], {"location": world.documents["source"]["location"]}
    keys = {name: canaries.odd(f"{name} of an endpoint") for name in ("primaryKey", "secondaryKey")}
    name = f"onlineEndpoints/e{world.group}"
    world.put(name, at | {"properties": {"authMode": "Key", "keys": keys}})
    variables = {"TOKEN": canaries.plain("variable of a deployment"), "KEY_VAULT_URL": Vault(world, "source").uri}
    deployment = {
        "endpointComputeType": "Managed",
        "instanceType": "Standard_DS3_v2",
        "model": f"{home}/models/m/versions/1",
        "environmentId": f"{home}/environments/py/versions/1",
        "environmentVariables": variables,
    }
    sku = {"name": "Default", "capacity": 1}
    world.put(f"{name}/deployments/blue", at | {"sku": sku, "properties": deployment})
    job = {
        "jobType": "Command",
        "command": f"curl -u me:{canaries.plain('command of a schedule')} https://h.example",
        "environmentId": f"{home}/environments/py/versions/1",
        "environmentVariables": {"URL": f"https://h.example/?sig={canaries.plain('variable of a schedule')}"},
    }
    trigger = {"triggerType": "Cron", "expression": "0 0 * * *"}
    described = f"AccountKey={canaries.key('description of a schedule')}"
    action = {"actionType": "CreateJob", "jobDefinition": job}
    properties = {"description": described, "isEnabled": True, "trigger": trigger, "action": action}
    world.put("schedules/nightly", {"properties": properties})
    while world.get("schedules/nightly", of="source")["properties"]["provisioningState"] != "Succeeded":
        pass


def _attached(world: World, canaries: Canaries) -> None:
    """What is attached with a token, which a run is given in a variable, and with a password, which is in a vault."""
    token, password = canaries.odd("token of what is attached"), canaries.odd("password of what is attached")
    Vault(world, "target").set("gpu", password)
    lines = (
        "address,secret",
        "computes/dbx,env:DBX_TOKEN",
        f"computes/gpu#password,{Vault(world, 'target').uri}/secrets/gpu",
    )
    (world.folder / "s.csv").write_text("\n".join((*lines, "computes/gpu#username,env:GPU_USER")))
    account = {"username": "azureuser", "password": password}
    for name, kind, inner in (
        (
            "dbx",
            "Databricks",
            {"workspaceUrl": "https://adb-1.azuredatabricks.net", "databricksAccessToken": token},
        ),
        ("gpu", "VirtualMachine", {"address": "10.0.0.4", "sshPort": 22, "administratorAccount": account}),
    ):
        body = {"location": "eastus2", "properties": {"computeType": kind, "properties": inner}}
        world.put(f"computes/{name}", body)
        while world.get(f"computes/{name}", of="source")["properties"]["provisioningState"] != "Succeeded":
            pass


def _in_vault(world: World, canaries: Canaries) -> None:
    for name in ("token", "other"):
        for number in ("old", "new"):
            Vault(world, "source").set(name, canaries.odd(f"{number} secret {name} of the vault"))
    (world.folder / "names.txt").write_text("token\n")


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def world(sandbox: Any, tmp_path: Path, canaries: Canaries) -> Iterator[World]:
    """A source with one of every thing that has a secret."""
    made = seed_small(make_world(sandbox, tmp_path))
    for seed in (_connections, _datastores, _at_work, _attached, _in_vault):
        seed(made, canaries)
    canaries.known("what the commands sign in with", made.env["AZURE_CLIENT_SECRET"])
    for which in ("source", "target"):
        keys = made.arm("POST", f"{made.storage_id(which)}/listKeys", "2023-05-01")["keys"]
        canaries.known(f"key of the {which}'s account", keys[0]["value"])
    for name in ("HOME", "TMPDIR"):
        (tmp_path / name.lower()).mkdir()
        made.env[name] = str(tmp_path / name.lower())
    yield made


def _told(
    world: World, *arguments: str, rules: tuple[dict[str, Any], ...] = (), given: dict[str, str] | None = None
) -> Result:
    log = f"{len(list(world.folder.glob('*.log')))}.log"
    # As a user starts it where secrets are at work: its words and variables are those of a process of its own.
    start = world.migrate if given is None else world.installed
    with world.faults(*rules):
        return start(*arguments, "--verbose", "--log-file", log, **(given or {}))


def _repeats(canaries: Canaries, what: str) -> dict[str, Any]:
    """What a service answers that repeats what it was sent, in forms of its own."""
    text = canaries.texts[what]
    forms = [text, json.dumps(text), quote(text, safe=""), b64encode(f"me:{text}!".encode()).decode()]
    return {"error": {"code": "UserError", "message": f"The body is not accepted: {'; '.join(forms)}"}}


def test_no_secret_is_anywhere_after_a_whole_move(world: World, canaries: Canaries) -> None:
    outs: list[Result] = []
    plan = f"plans/{world.source}"
    given = {"DBX_TOKEN": canaries.texts["token of what is attached"], "GPU_USER": "azureuser"}
    run = ("run", plan, "--secrets", "s.csv")
    failing = (
        fault("GET", "/models", status=500, times=2),
        fault("PUT", "/connections/pat", status=400, body=_repeats(canaries, "pat of the connection PAT"), times=1),
        fault("PUT", "/connections/sas", drop="after", times=1),
        # Whatever reads this has no idea of it.
        fault("POST", "/connections/apikey/listsecrets", status=200, times=1,
              body={"properties": {"credentials": [canaries.odd("a list in place of credentials")]}}),
        fault("POST", "/secrets/restore", status=403, body=_repeats(canaries, "new secret token of the vault"), times=1),
    )  # fmt: skip
    with canaries.watched(GIVEN) as during:
        named = ("plan", *world.names, "--vault-secrets", "names.txt", "--secrets", "s.csv")
        outs.append(_told(world, *named, "--out", "plans/first"))
        # What is live stays by hand, and goes before the source can.
        world.arm("DELETE", f"{world.documents['source']['id']}/onlineEndpoints/e{world.group}", accept=(404,))
        outs.append(_told(world, *named))
        outs.append(_told(world, *run, rules=failing, given=given))
        failed = outs[-1]
        again = _told(world, *run, "--resume", given=given)
        outs.append(again)
        outs += [
            _told(world, "show", plan, "--all"),
            _told(world, "show", plan, "connections/pat"),
            _told(world, "status", plan),
        ]
        for line in world.plan_lines():
            if line.get("action") == "manual":
                outs.append(_told(world, "waive", line["address"], plan, "--reason", "known"))
        outs.append(_told(world, "verify", plan, "--json"))
        for more in (("--unfrozen", "a test"), ("--back",), ("--unfrozen", "a test")):
            outs.append(_told(world, "cutover", plan, *more))
        outs += [_told(world, "verify", plan), _told(world, *removal(world), "--json")]
    # A traceback, a refusal that repeats what was sent, and a missing right.
    assert "AttributeError in" in failed.err and "bWU6<secret>" in failed.err and failed.code == 6
    assert [one.code for one in outs if one not in (failed, again)] == [0] * (len(outs) - 2)
    made = {line["address"]: line["action"] for line in world.plan_lines()[1:-1]}
    assert {made[one] for one in ("computes/dbx", "computes/gpu", "vaultSecrets/token", "connections/oauth2")} == {
        "create"
    }
    assert world.status("source") == 404
    seen = [*during, *canaries.in_files(world.folder, but=[world.folder / "faults.json"])]
    for number, out in enumerate(outs):
        seen += canaries.seen(f"{out.out}{out.err}".encode(), f"what command {number} printed")
    assert _short(seen) == []
    assert len(canaries.texts) > 45


def _short(seen: list[Sighting]) -> list[tuple[str, str, str]]:
    return [(one.what, one.form, one.where[-80:]) for one in seen][:40]
