"""`checkNameAvailability` and `regenerateKey`, by which clients ask before they make and change keys."""

from __future__ import annotations

from typing import Any

from arm_harness import GROUP, SUBSCRIPTION, ArmClient, with_group
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.storage.blob import BlobServiceClient
from live import azure, refused, sync_credential, through, unique
from vaults import new_vault

from azsandbox import Sandbox, provision
from azsandbox.client import Client

arm = with_group  # the fixture

STORAGE, VAULTS = "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"
ACCOUNT = f"{GROUP}/providers/{STORAGE}/acct"


async def _asked(arm: ArmClient, type_: str, name: str) -> tuple[bool, str | None]:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/{type_.partition('/')[0]}/checkNameAvailability"
    found = await arm.ok("POST", path, {"name": name, "type": type_}, version=_VERSIONS[type_])
    return found["nameAvailable"], found.get("reason")


_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_VERSIONS = {STORAGE: "2023-05-01", VAULTS: "2023-07-01", _REGISTRIES: "2023-07-01"}


async def test_which_names_are_free(arm: ArmClient) -> None:
    await arm.ok("PUT", f"{GROUP}/providers/{_REGISTRIES}/images", {"location": "eastus2", "properties": {}})
    await arm.ok("PUT", f"{GROUP}/providers/{VAULTS}/some-vault", {"location": "eastus2", "properties": {}})
    for type_, taken, free, wrong in (
        (STORAGE, "acct", "other", "Capital"),
        (VAULTS, "Some-Vault", "other-vault", "a--b"),
        (_REGISTRIES, "Images", "others", "a-b-c"),
    ):
        assert await _asked(arm, type_, taken) == (False, "AlreadyExists")
        assert await _asked(arm, type_, free) == (True, None)
        assert await _asked(arm, type_, wrong) == (False, "AccountNameInvalid")


_RESTRICTIONS = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
_BY_ROLES = "/providers/Microsoft.Authorization/policyDefinitions/12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5"


async def test_what_a_policy_would_deny_is_told_before_it_is_written(arm: ArmClient) -> None:
    assignment = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/roles"
    told = {"policyDefinitionId": _BY_ROLES, "parameters": {"effect": {"value": "Deny"}}}
    await arm.ok("PUT", assignment, {"properties": told}, version="2023-04-01")
    content = {
        "type": VAULTS,
        "name": "v",
        "location": "eastus2",
        "properties": {"enableRbacAuthorization": False},
    }
    asked = {"resourceDetails": {"resourceContent": content, "apiVersion": "2023-07-01"}}
    for version, effect in (("2022-03-01", None), ("2024-10-01", {"policyEffect": "Deny"})):
        found = await arm.ok("POST", f"{GROUP}/{_RESTRICTIONS}", asked, version=version)
        [one] = found["contentEvaluationResult"]["policyEvaluations"]
        assert (one["evaluationResult"], one.get("effectDetails")) == ("NonCompliant", effect)
    assert one["policyInfo"] == {"policyDefinitionId": _BY_ROLES, "policyAssignmentId": assignment}
    content["properties"] = {"enableRbacAuthorization": True}
    found = await arm.ok("POST", f"{GROUP}/{_RESTRICTIONS}", asked, version="2022-03-01")
    assert found["contentEvaluationResult"]["policyEvaluations"] == []
    # The assignment is the group's: the subscription has none.
    content["properties"] = {"enableRbacAuthorization": False}
    above = f"/subscriptions/{SUBSCRIPTION}/{_RESTRICTIONS}"
    found = await arm.ok("POST", above, asked, version="2022-03-01")
    assert found["contentEvaluationResult"]["policyEvaluations"] == []


async def test_how_many_accounts_there_are_in_a_region(arm: ArmClient) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/locations"
    [before] = (await arm.ok("GET", f"{path}/eastus2/usages", version="2023-05-01"))["value"]
    assert before["name"]["value"] == "StorageAccounts" and before["currentValue"] < before["limit"]
    body = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    await arm.ok("PUT", f"{GROUP}/providers/{STORAGE}/another", body, version="2023-05-01")
    [after] = (await arm.ok("GET", f"{path}/eastus2/usages", version="2023-05-01"))["value"]
    assert after["currentValue"] == before["currentValue"] + 1
    [there] = (await arm.ok("GET", f"{path}/westus/usages", version="2023-05-01"))["value"]
    assert there["currentValue"] == 0


async def test_deleted_logs_come_back_under_their_name(arm: ArmClient) -> None:
    provider, version = f"{GROUP}/providers/Microsoft.OperationalInsights", "2023-09-01"
    body = {"location": "eastus2", "properties": {}}

    async def made() -> str:
        found = await arm.ok("PUT", f"{provider}/workspaces/logs", body, version=version)
        return str(found["properties"]["customerId"])

    async def gone() -> list[str]:
        found = await arm.ok("GET", f"{provider}/deletedWorkspaces", version=version)
        return [one["name"] for one in found["value"]]

    first = await made()
    await arm.ok("DELETE", f"{provider}/workspaces/logs", version=version)
    await arm.error(404, "GET", f"{provider}/workspaces/logs", version=version)
    assert await gone() == ["logs"]
    assert await made() == first and await gone() == []
    await arm.ok("DELETE", f"{provider}/workspaces/logs?force=true", version=version)
    assert await gone() == [] and await made() != first


async def test_a_deleted_account_is_listed_until_another_has_its_name(arm: ArmClient) -> None:
    version = "2023-05-01"
    body = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}

    async def gone() -> list[Any]:
        found = await arm.ok(
            "GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/deletedAccounts", version=version
        )
        return [one["properties"]["storageAccountResourceId"] for one in found["value"] if one["name"] == "stonce"]

    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/stonce"
    await arm.ok("PUT", group, {"location": "eastus2"}, version="2022-09-01")
    first, second = (f"{one}/providers/Microsoft.Storage/storageAccounts/stonce" for one in (group, GROUP))
    await arm.ok("PUT", first, body, version=version)
    assert await gone() == []
    await arm.ok("DELETE", first, version=version)
    await arm.error(404, "GET", first, version=version)
    assert await gone() == [first]
    await arm.ok("PUT", second, body, version=version)
    assert await gone() == []
    # What was deleted before goes with its group, and the account that has the name stays.
    await arm.ok("DELETE", group, version="2022-09-01")
    assert (await arm.ok("GET", second, version=version))["name"] == "stonce"
    await arm.ok("POST", f"{second}/listKeys", version=version)
    await arm.ok("DELETE", second, version=version)
    assert await gone() == [second]


def test_a_deleted_vault_keeps_its_name(sandbox: Sandbox) -> None:
    vault = new_vault(sandbox.env)
    name, group, options = vault.rpartition("/")[2], vault.split("/")[4], through(sandbox.env)
    who = sync_credential(sandbox.env, **options)
    with KeyVaultManagementClient(who, sandbox.env["AZURE_SUBSCRIPTION_ID"], **options) as vaults:
        asked = {"name": name, "type": VAULTS}
        assert not vaults.vaults.check_name_availability(asked).name_available
        vaults.vaults.delete(group, name)
        found = vaults.vaults.check_name_availability(asked)
        assert (found.name_available, found.reason) == (False, "AlreadyExists")
        assert vaults.vaults.check_name_availability({**asked, "name": unique("free")}).name_available


async def test_one_key_is_replaced_and_the_other_stays(arm: ArmClient) -> None:
    version = {"version": "2023-05-01"}
    before = (await arm.ok("POST", f"{ACCOUNT}/listKeys", **version))["keys"]
    after = (await arm.ok("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "key2"}, **version))["keys"]
    assert before[0] == after[0]
    assert before[1]["value"] != after[1]["value"]
    assert before[1]["creationTime"] < after[1]["creationTime"]
    assert (await arm.ok("POST", f"{ACCOUNT}/listKeys", **version))["keys"] == after


def test_what_the_old_key_signs_is_refused(sandbox: Sandbox) -> None:
    name = unique("regen")

    async def make(client: Client) -> tuple[list[str], list[str]]:
        id_ = await provision.storage_account(client, await provision.group(client, unique("regen-")), name)
        before = await client.arm("POST", f"{id_}/listKeys", "2023-05-01")
        after = await client.arm("POST", f"{id_}/regenerateKey", "2023-05-01", {"keyName": "key1"})
        return [one["value"] for one in before["keys"]], [one["value"] for one in after["keys"]]

    before, after = azure(sandbox.env, make)
    url = f"https://{name}.blob.core.windows.net"
    for key, works in ((before[0], False), (before[1], True), (after[0], True)):
        with BlobServiceClient(url, credential=key, retry_total=0, **through(sandbox.env)) as blobs:
            if works:
                assert list(blobs.list_containers()) == []
            else:
                assert refused(lambda blobs=blobs: list(blobs.list_containers()))[0] == 403
