"""`migrate provision`: from nothing, again, killed, beside what exists, and against what Azure refuses."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance.provisioning import VAULT_API, VAULTS, Place, steps
from tests.acceptance.underway import under_way
from tests.acceptance.world import MIGRATE, World
from tests.builders import fault

from azsandbox import provision
from azsandbox.messages import COSMOS_APP_ID, COSMOS_OBJECT_ID

ML_API, STORAGE_API = "2025-12-01", "2023-05-01"
EXAMPLE = Path(__file__).parents[2] / "docs" / "how-to" / "provision-example.yaml"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
CONNECTION_APPROVER = "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
AI_ADMINISTRATOR = "b78c5d69-af96-48a3-bf8d-a8b4d589de94"
VAULTS_GO_BY_ROLES = "12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def test_the_documented_example_from_nothing_to_a_target(world: World, place: Place) -> None:
    example = yaml.safe_load(EXAMPLE.read_text())
    for part in ("keyVault", "storage", "registry", "logAnalytics", "applicationInsights", "identity"):
        example[part]["name"] = f"{part[:3].lower()}p{place.number}"
    example["resourceGroup"], example["workspace"]["name"] = place.group.rsplit("/", 1)[-1], f"pw{place.number}"
    example["workspace"]["keyVault"]["name"] = f"kv-s{place.number}"
    place.file = example

    since = place.now()
    assert steps(place.ok("--dry-run"))["workspace"] == "create"
    assert place.writes(since) == []

    made = place.ok().event("provision.end")
    assert made["target"].endswith(f"/{place.world.group}/pw{place.number}")
    told = place.get(place.workspace, ML_API)["properties"]
    assert told["encryption"]["status"] == "Enabled"
    assert told["enableServiceSideCMKEncryption"] is True
    assert told["managedNetwork"]["isolationMode"] == "AllowInternetOutbound"
    vault = place.get(place.id(VAULTS, example["keyVault"]["name"]), VAULT_API)["properties"]
    assert (vault["enablePurgeProtection"], vault["networkAcls"]["defaultAction"]) == (True, "Deny")
    # The identity approves what the managed network connects to, and never to the vault of the key.
    approves = {scope for scope, roles in place.grants().items() if CONNECTION_APPROVER in roles}
    assert approves == {f"stop{place.number}", f"regp{place.number}", f"kv-s{place.number}", f"pw{place.number}"}

    since = place.now()
    again = place.ok()
    assert set(steps(again).values()) == {"exists"}
    assert again.event("provision.end")["changed"] == 0
    assert place.writes(since) == []

    # Its own identity lets it be recovered, and has no right on the group in which the key's vault lies.
    shown = place.get(place.workspace, "2024-10-01-preview")
    assert shown["identity"]["type"] == "SystemAssigned,UserAssigned"
    assert shown["properties"]["allowRoleAssignmentOnRG"] is False
    query = f"$filter=principalId eq '{shown['identity']['principalId']}'"
    roles = f"{place.group}/providers/Microsoft.Authorization/roleAssignments?{query}"
    assert place.get(roles, "2022-04-01")["value"] == []

    # A target that `plan` takes without an objection to its keys.
    options = ("--source", f"{world.group}/{world.source}", "--target", made["target"], "--json")
    header = world.ok("plan", *options).event("plan.header")
    assert [finding for finding in header["findings"] if finding["severity"] == "error"] == []


# A call, and the moment at which the caller is killed there.
POINTS = [
    ("PUT", "/vaults/[^/]+$", "before"),
    ("PUT", "/roleAssignments/", "after"),
    ("PUT", "/storageAccounts/[^/]+$", "answered"),
    ("PUT", "/workspaces/[^/]+$", "after"),
    ("PUT", "/keys/[^/]+$", "after"),
    ("PUT", "/userAssignedIdentities/[^/]+$", "answered"),
    ("GET", "/workspaceOperationsStatus/", "before"),
]
# Enough of them to go through in every test run; `make crash` takes all.
SAMPLE = {1, 3}


@pytest.mark.parametrize(
    ("method", "path", "when"),
    [
        pytest.param(*point, marks=() if index in SAMPLE else pytest.mark.crash)
        for index, point in enumerate(POINTS)
    ],
)
def test_killed_at_a_call_and_run_again(place: Place, method: str, path: str, when: str) -> None:
    rule = fault(method, path, kill=when)
    killed = _with_fault(place, rule)
    assert killed.code == -signal.SIGKILL
    place.ok()
    assert set(steps(place.ok("--dry-run")).values()) == {"exists"}
    # The identity gets what it needs, and no more.
    assert place.grants() == {
        "cmk": [ENCRYPTION_USER],
        f"kv-s{place.number}": ["00482a5a-887f-4fb3-b363-3b7fe8e74483", AI_ADMINISTRATOR],
        f"stp{place.number}": [
            "69566ab7-960f-475b-8e7c-b3118f30c6bd",
            AI_ADMINISTRATOR,
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ],
        f"pw{place.number}": [AI_ADMINISTRATOR],
    }


def _with_fault(place: Place, rule: dict[str, Any], *options: str) -> Any:
    with place.world.faults(rule):
        return place.run(*options)


def test_anothers_vault_an_account_that_is_there_and_private_access(place: Place) -> None:
    vault = place.vault(f"kv-o{place.number}", f"other{place.number}", enablePurgeProtection=True)
    account = place.account(f"stx{place.number}")
    zone = f"{place.subscription}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.api.azureml.ms"
    place.file |= {"keyVault": {"id": vault}, "storage": {"id": account}}
    place.adopt(f"kv-o{place.number}", "keys")
    place.adopt(f"stx{place.number}", "encryption", "grants")
    place.file["workspace"]["privateEndpoint"] = {
        "name": f"pe{place.number}",
        "subnet": f"{place.subscription}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
        "dnsZones": [zone],
    }
    found = steps(place.ok())
    assert (found["key vault"], found["storage account"], found["key"]) == ("exists", "update", "create")
    assert (found["private endpoint (amlworkspace)"], found["private DNS zone group (amlworkspace)"]) == (
        "create",
        "create",
    )
    encryption = place.get(account, STORAGE_API)["properties"]["encryption"]
    assert encryption["keySource"] == "Microsoft.Keyvault"
    # Nothing is granted on the vault itself: it is another's, and holds other keys.
    assert place.grants()["cmk"] == [ENCRYPTION_USER]
    assert f"kv-o{place.number}" not in place.grants()
    assert set(steps(place.ok("--dry-run")).values()) == {"exists"}


def test_classic_encryption_registers_providers_and_lets_cosmos_db_in(place: Place) -> None:
    document_db = f"{place.subscription}/providers/Microsoft.DocumentDB"
    place.world.arm("POST", f"{document_db}/unregister", "2022-09-01")
    place.file["workspace"]["encryption"] = {"mode": "classic", "cosmosDbPrincipalId": COSMOS_OBJECT_ID}
    try:
        plan = place.ok().event("provision.plan")
    finally:
        place.world.arm("POST", f"{document_db}/register", "2022-09-01")
    done = {(step["action"], step["what"], step["id"].rsplit("/", 1)[-1]) for step in plan["steps"]}
    assert ("register", "resource provider", "Microsoft.DocumentDB") in done
    # The plan names Microsoft's application and tells what it costs.
    cosmos = f"Key Vault Crypto Service Encryption User for Azure Cosmos DB ({COSMOS_APP_ID})"
    assert ("grant", cosmos, "cmk") in done
    [workspace] = [step for step in plan["steps"] if step["what"] == "workspace"]
    for told_of in ("managed resource group", "on your subscription's bill", "EUR 700 a month", "is purged"):
        assert told_of in workspace["notes"][0]
    assert cosmos in plan["text"] and "EUR 700 a month" in plan["text"]
    told = place.get(place.workspace, ML_API)["properties"]
    assert told["enableServiceSideCMKEncryption"] is False
    assert told["serviceProvisionedResourceGroup"]


def test_a_signal_ends_it_with_130_and_it_goes_on(place: Place) -> None:
    place.path.write_text(yaml.safe_dump(place.file))
    rule = fault("PUT", "/workspaces/", delay=20)
    with under_way(place.world, [rule], "provision", str(place.path), "--yes") as command:
        while command.until("provision.doing")["what"] != "workspace":
            pass
        command.signal(signal.SIGTERM)
        ended = command.end()
    assert ended.code == 130 and "goes on from there" in ended.events[-1]["remedy"]


def test_a_policy_that_denies_is_named(place: Place) -> None:
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    told = {
        "displayName": "Vaults go by roles",
        "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{VAULTS_GO_BY_ROLES}",
        "parameters": {"effect": {"value": "Deny"}},
    }
    place.put(
        f"{place.group}/providers/Microsoft.Authorization/policyAssignments/roles",
        "2023-04-01",
        {"properties": told},
    )
    place.file["keyVault"]["access"] = "policies"
    since = place.now()
    reasons = place.refused()["reasons"]
    assert all("'Vaults go by roles' denies it" in one for one in reasons)
    assert any(place.id(VAULTS, f"kv-p{place.number}") in one for one in reasons)
    assert place.writes(since) == []
    place.file["keyVault"]["access"] = "roles"
    place.ok()


def _role_delay(place: Place, seconds: int) -> None:
    command = [str(MIGRATE.with_name("azsandbox")), "role-delay", str(seconds)]
    subprocess.run([*command, "--state", place.world.env["AZSANDBOX_STATE"]], check=True, capture_output=True)


def test_rights_that_arrive_late(place: Place) -> None:
    _role_delay(place, 3)
    try:
        error = place.refused("--wait", "0", code=3)
        assert "--wait" in error["remedy"]
        place.file["key"]["name"] = "second"  # a grant that is new again
        place.file["storage"]["name"] = f"stz{place.number}"
        result = place.ok()
    finally:
        _role_delay(place, 0)
    waits = [event for event in result.events if event["event"] == "provision.waiting"]
    assert any(event["what"] == "storage account" and "grant to arrive" in event["why"] for event in waits)


@pytest.mark.crash
@pytest.mark.timeout(420)
def test_rights_that_take_two_minutes_to_arrive(place: Place) -> None:
    """As long as Azure takes; nothing but the default patience."""
    place.path.write_text(yaml.safe_dump(place.file))
    begun = time.monotonic()
    _role_delay(place, 120)
    try:
        result = place.world.migrate("provision", str(place.path), "--json", "--yes", timeout=400)
    finally:
        _role_delay(place, 0)
    assert result.code == 0, result.out + result.err
    assert time.monotonic() - begun >= 120
    assert any(event["event"] == "provision.waiting" for event in result.events)


def test_whoever_may_not_grant_is_told_action_and_scope(sandbox: Any, place: Place) -> None:
    person, signed_in = place.world.principal("maker")
    place.world.azure(provision.assign, place.subscription, CONTRIBUTOR, person.object_id)
    place.path.write_text(yaml.safe_dump(place.file))
    result = place.world.migrate("provision", str(place.path), "--json", "--yes", **signed_in)
    assert result.code == 6, result.out + result.err
    summary = result.event("error")["summary"]
    assert "'Microsoft.Authorization/roleAssignments/write'" in summary
    assert f"kv-p{place.number}/keys/cmk" in summary
    assert "5 of 14 steps were done: resource group, key vault, key vault for secrets, key, identity." in summary
    place.ok()  # somebody else goes on


def test_what_reads_as_before_for_a_while_is_waited_for(place: Place) -> None:
    rule = fault("PUT", "/(vaults|storageAccounts)/[^/]+$", stale=2)
    assert _with_fault(place, rule).code == 0
