"""`migrate key status`, as its users run it: keys and what lies under them, against the real clients."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.world import Result, World, make_world
from tests.builders import fault

from azsandbox import Sandbox
from azsandbox.client import Client

# It looks at all that the caller can see.
sandbox = alone.sandbox
VAULT, KEYS = "https://vault.azure.net", "7.5"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@dataclass
class Keys:
    """A workspace and its account under one key, whose vault sends its log to Log Analytics."""

    world: World
    key: str

    def status(self, *arguments: str, **env: str) -> Result:
        return self.world.migrate("key", "status", *arguments, **env)

    def of(self, *arguments: str) -> dict[str, Any]:
        """What `--format json` has of the key."""
        found = json.loads(self.status("--key", self.name, "--format", "json", *arguments).out)
        [key] = found["keys"]
        return {**found, **key}

    @property
    def name(self) -> str:
        """Its identifier without a version."""
        return self.key.rpartition("/")[0]

    def vault(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the vault, of what lies below the key."""

        async def work(client: Client) -> Any:
            _, _, text = await client.send(method, f"{self.name}{path}?api-version={KEYS}", VAULT, json=body)
            return json.loads(text)

        return self.world.azure(work)


@pytest.fixture
def keys(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    """One that a test may change, and that nobody sees after it."""
    made = _made(sandbox, tmp_path_factory)
    yield made
    made.world.arm("DELETE", made.world.documents["target"]["id"].partition("/providers/")[0], "2021-04-01")


@pytest.fixture(scope="module")
def still(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """One that tests only look at."""
    return _made(sandbox, tmp_path_factory)


def _made(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    world = make_world(sandbox, tmp_path_factory.mktemp("keys"))
    properties = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]
    group = world.documents["target"]["id"].partition("/providers/")[0]
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    setting = f"{properties['keyVaultArmId']}/providers/Microsoft.Insights/diagnosticSettings/audit"
    sent = {"workspaceId": logs, "logs": [{"categoryGroup": "audit", "enabled": True}]}
    world.arm("PUT", logs, "2023-09-01", {"location": "eastus2", "properties": {}})
    world.arm("PUT", setting, "2021-05-01-preview", {"properties": sent})
    made = Keys(world, properties["keyIdentifier"])
    # A log without a row is not known.
    made.vault("GET", "")
    return made


def test_a_key_that_is_new_and_in_use_everywhere_is_good(keys: Keys) -> None:
    result = keys.status("--workspace", f"{keys.world.group}/{keys.world.target}", "--json")
    assert result.code == 0, result.out + result.err
    found = result.event("key.status")
    assert found["key"] == keys.name.lower()
    assert {one["kind"]: one["adoption"] for one in found["dependants"]} == {
        "workspace": "newest", "storage account": "newest",
    }  # fmt: skip
    assert (found["issues"], found["not_known"], found["profile"]["days"]) == ([], [], 730)
    assert found["rotation"]["before_expiry"] == "P30D"
    assert result.event("key.status.end")["complete"] is True


def test_what_a_rotation_leaves_behind_and_what_follows_it(keys: Keys) -> None:
    account = keys.world.storage_id("target")
    encryption = keys.world.arm("GET", account, "2023-05-01")["properties"]["encryption"]
    named = {**encryption["keyvaultproperties"], "keyversion": ""}
    sent = {"properties": {"encryption": {**encryption, "keyvaultproperties": named}}}
    keys.world.arm("PATCH", account, "2023-05-01", sent)
    keys.vault("POST", "/rotate")
    result = keys.status("--workspace", f"{keys.world.group}/{keys.world.target}", "--json")
    assert result.code == 3, result.out + result.err
    found = result.event("key.status")
    by_kind = {one["kind"]: one for one in found["dependants"]}
    assert (by_kind["workspace"]["adoption"], by_kind["workspace"]["until"]) == ("left behind", None)
    assert by_kind["storage account"]["adoption"] == "waiting"
    assert by_kind["storage account"]["until"]
    [issue] = found["issues"]
    assert (issue["code"], issue["about"]) == ("left-behind", by_kind["workspace"]["id"])
    assert "not by all" in keys.status("--key", keys.name, "--format", "md").out


def test_a_copy_that_was_made_is_told_with_who_made_it(keys: Keys) -> None:
    keys.vault("POST", "/backup")
    found = keys.of()
    assert [one["operation"] for one in found["log"]["uses"]] == ["KeyBackup"]
    [use] = found["log"]["uses"]
    [note] = [note for note in found["notes"] if "backed up 1 time" in note]
    assert use["caller"] in note


def test_the_revocation_of_a_key_is_printed_and_not_done(keys: Keys) -> None:
    keys.vault("POST", "/rotate")
    result = keys.status("--key", keys.key)
    version = re.findall(r"--id (\S+) --enabled false", result.out)
    assert len(version) == 2 and keys.key in version, result.out
    assert f"workspace {keys.world.target}: new work is refused" in result.out
    assert "No command of this tool revokes a key" in result.out
    assert all(one["enabled"] for one in keys.of()["versions"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--key", "https://h.managedhsm.azure.net/keys/k"), "managed HSM"),
        (("--key", "https://nowhere-at-all.vault.azure.net/keys/k"), "in no subscription that you see"),
        (("--key", "KEYS/none"), "has no key"),
        (("--key", "not-a-key"), "is not a key"),
        (("--key", "https://kv.vault.azure.net/keys/k", "--group", "rg"), "names one key"),
        (("--workspace", "GROUP/none"), "no such workspace"),
        (("--workspace", "GROUP/SOURCE"), "under a customer's key"),
        (("--group", "none-such"), "under a customer's key"),
        (("--profile", "none"), "no key profile"),
        (("--format", "md", "--json"), "exclude each other"),
    ],
    ids=["hsm", "vault", "key", "text", "both", "workspace", "plain-workspace", "group", "profile", "formats"],
)
def test_what_names_nothing_is_refused_in_one_sentence(still: Keys, arguments: tuple[str, ...], told: str) -> None:
    names = {"KEYS": still.name.rpartition("/")[0], "GROUP": still.world.group, "SOURCE": still.world.source}
    given = [re.sub("KEYS|GROUP|SOURCE", lambda found: names[found[0]], one) for one in arguments]
    result = still.status(*given)
    assert result.code == 2, result.out + result.err
    assert told in result.out + result.err


def test_who_may_read_nothing_of_the_vault_is_told_so_and_nothing_is_good(keys: Keys) -> None:
    principal, env = keys.world.principal("reader")
    scope = f"{keys.world.documents['target']['id'].partition('/providers/')[0]}"
    keys.world.assign(scope, READER, principal.object_id)
    rules = [
        fault("GET", f"/vaults/[^/]+/{what}", status=403, times=0)
        for what in ("keys", "providers/Microsoft.Insights")
    ]
    with keys.world.faults(*rules):
        result = keys.status("--format", "json", **env)
    assert result.code == 3, result.out + result.err
    [key] = json.loads(result.out)["keys"]
    assert {one["adoption"] for one in key["dependants"]} == {"not known"}
    assert len(key["not_known"]) == 3 and key["issues"] == []
    # A role on one group shows what lies there, and nothing of the rest of the subscription.
    told = [one["reason"] for one in json.loads(result.out)["not_read"]]
    assert len(told) == 3 and all("only what you may read" in one for one in told)


def test_a_registry_and_a_scope_are_found_and_each_goes_by_its_own_time(keys: Keys) -> None:
    world, base = keys.world, keys.world.documents["target"]["id"].partition("/providers/")[0]
    user = next(iter(world.documents["target"]["identity"]["userAssignedIdentities"]))
    client_id = world.arm("GET", user, "2023-01-31")["properties"]["clientId"]
    registry = f"{base}/providers/Microsoft.ContainerRegistry/registries/{world.target.replace('-', '')}reg"
    named = {"keyIdentifier": keys.name, "identity": client_id}
    body = {
        "location": "eastus2",
        "sku": {"name": "Premium"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {user: {}}},
        "properties": {"encryption": {"status": "enabled", "keyVaultProperties": named}},
    }
    world.arm("PUT", registry, "2023-07-01", body)
    scope = f"{world.storage_id('target')}/encryptionScopes/own"
    of_scope = {"source": "Microsoft.KeyVault", "keyVaultProperties": {"keyUri": keys.name}}
    world.arm("PUT", scope, "2023-05-01", {"properties": of_scope})
    keys.vault("POST", "/rotate")
    by_kind = {one["kind"]: one for one in keys.of()["dependants"]}
    found = {kind: (one["adoption"], one["follows_seconds"]) for kind, one in by_kind.items()}
    assert found == {
        "workspace": ("left behind", None),
        "storage account": ("left behind", None),
        "encryption scope": ("waiting", 86_400),
        "container registry": ("waiting", 3_600),
    }


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_log_that_gives_no_answer_is_not_known(still: Keys, status: int) -> None:
    with still.world.faults(fault("POST", "/query$", host="loganalytics", times=0, status=status)):
        found = still.of()
    assert found["log"] is None
    assert any("audit log" in one["id"] for one in found["not_known"])
    assert {one["adoption"] for one in found["dependants"]} == {"newest"}
