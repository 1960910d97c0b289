"""Providers beside Azure ML: groups, storage, vaults, identities, roles, locks."""

from __future__ import annotations

import json

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, with_group

arm = with_group  # the fixture

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user"
OTHER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other"


async def test_resource_groups(arm: ArmClient) -> None:
    created = await arm.send("PUT", OTHER, {"location": "East US 2", "tags": {"a": "b"}})
    assert created.status == 201
    found = await arm.ok("GET", OTHER.lower())
    assert found == {
        "id": OTHER,
        "name": "other",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "eastus2",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert (await arm.send("HEAD", OTHER)).status == 204
    assert await arm.names(f"/subscriptions/{SUBSCRIPTION}/resourcegroups") == [
        "rg",
        "other",
    ]
    await arm.error(409, "PUT", OTHER, {"location": "westus"}, code="InvalidResourceGroupLocation")
    response = await arm.send("DELETE", OTHER)
    assert response.status == 202
    assert (await arm.send("GET", response.headers["Location"])).status == 200
    assert (await arm.send("HEAD", OTHER)).status == 404


async def test_deleting_a_group_deletes_what_is_in_it(arm: ArmClient) -> None:
    await arm.send("DELETE", GROUP)
    assert arm.accounts.made == {}
    await arm.error(404, "GET", ACCOUNT, code="ResourceGroupNotFound")


async def test_resources_of_a_group(arm: ArmClient) -> None:
    await arm.workspace()
    listed = await arm.every(f"{GROUP}/resources")
    assert [each["type"] for each in listed] == [
        "Microsoft.Storage/storageAccounts",
        "Microsoft.KeyVault/vaults",
        "microsoft.insights/components",
        "Microsoft.MachineLearningServices/workspaces",
    ]
    assert "properties" not in listed[3] and listed[3]["identity"]["type"] == "SystemAssigned"
    chosen = f"/subscriptions/{SUBSCRIPTION}/resources?$filter=resourceType eq 'Microsoft.KeyVault/vaults'"
    assert await arm.names(chosen) == ["kv"]
    # As the Azure CLI asks for those of a group, whose name does not mind letter case.
    everywhere = f"/subscriptions/{SUBSCRIPTION}/resources?$filter=resourceGroup eq"
    assert [each["id"] for each in await arm.every(f"{everywhere} 'RG'")] == [each["id"] for each in listed]
    assert await arm.every(f"{everywhere} 'other'") == []


async def test_storage_accounts(arm: ArmClient) -> None:
    found = await arm.ok("GET", ACCOUNT)
    assert found["properties"]["primaryEndpoints"]["blob"] == "https://acct.blob.core.windows.net/"
    assert found["properties"]["encryption"]["keySource"] == "Microsoft.Storage"
    keys = (await arm.ok("POST", f"{ACCOUNT}/listKeys"))["keys"]
    assert [(each["keyName"], each["value"]) for each in keys] == [("key1", "acct-key1"), ("key2", "acct-key2")]
    await arm.ok("PUT", OTHER, {"location": "eastus2"})
    elsewhere = ACCOUNT.replace("/rg/", "/other/")
    await arm.error(
        409, "PUT", elsewhere, {"location": "eastus2", "properties": {}}, code="StorageAccountAlreadyTaken"
    )
    await arm.error(
        400, "PUT", f"{ACCOUNT}_", {"location": "eastus2", "properties": {}}, code="AccountNameInvalid"
    )
    await arm.ok("DELETE", ACCOUNT)
    assert "acct" not in arm.accounts.made


async def test_network_rules_of_an_account_are_written_as_a_whole(arm: ArmClient) -> None:
    await arm.ok("PUT", ACCOUNT, {"location": "eastus2"})
    rule = {"tenantId": "t", "resourceId": WORKSPACE}
    for rules in ({"ipRules": [{"value": "203.0.113.7"}]}, {"resourceAccessRules": [rule]}):
        shown = await arm.ok("PATCH", ACCOUNT, {"properties": {"networkAcls": rules}})
    assert shown["properties"]["networkAcls"]["resourceAccessRules"] == [rule]
    assert shown["properties"]["networkAcls"]["ipRules"] == []
    body = {"properties": {"networkAcls": {"resourceAccessRules": [{"resourceId": "/x"}]}}}
    await arm.error(400, "PATCH", ACCOUNT, body, code="InvalidValuesForRequestParameters")


async def test_secrets_are_taken_and_never_shown(arm: ArmClient) -> None:
    path, body = f"{VAULT}/secrets/token", {"properties": {"value": "hush-hush", "contentType": "text/plain"}}
    made = await arm.send("PUT", path, body)
    again = await arm.send("PUT", path, body)
    assert (made.status, again.status) == (201, 200)
    listed = await arm.send("GET", f"{VAULT}/secrets")
    assert [one["name"] for one in json.loads(listed.body)["value"]] == ["token"]
    for answered in (made, again, listed, await arm.send("GET", path)):
        assert b"hush-hush" not in answered.body and b"text/plain" in answered.body
    assert (await arm.send("PUT", path, {"properties": {}})).status == 400
    assert (await arm.send("DELETE", path)).status == 405


async def test_storage_account_is_switched_to_a_customers_key(arm: ArmClient) -> None:
    identity = await arm.ok("PUT", IDENTITY, {"location": "eastus2"})
    identifier = await arm.key()
    key = {"keyvaulturi": "https://kv.vault.azure.net", "keyname": "k", "keyversion": identifier[-32:]}
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": key,
        "identity": {"userAssignedIdentity": IDENTITY},
    }
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {"encryption": encryption},
    }
    error = await arm.error(409, "PATCH", ACCOUNT, body)
    assert (error["code"], error["message"]) == ("KeyVaultPolicyError", "Keyvault policy recoverable is not set")
    await arm.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    await arm.error(409, "PATCH", ACCOUNT, body, code="KeyVaultAuthenticationFailure")
    await arm.allow(identity["properties"]["principalId"], "get", "wrapKey", "unwrapKey")
    await arm.ok("PATCH", ACCOUNT, body)
    await arm.ok("PATCH", ACCOUNT, {"tags": {"a": "b"}})
    found = await arm.ok("GET", ACCOUNT)
    kept = found["properties"]["encryption"]
    assert kept["keySource"] == "Microsoft.Keyvault"
    assert kept["keyvaultproperties"]["currentVersionedKeyIdentifier"] == identifier
    assert set(kept["services"]) == {"blob", "file"}
    assert found["tags"] == {"a": "b"}
    user = await arm.ok("GET", IDENTITY)
    given = found["identity"]["userAssignedIdentities"][IDENTITY]
    assert given == {name: user["properties"][name] for name in ("principalId", "clientId")}


async def test_identities_keep_their_ids(arm: ArmClient) -> None:
    first = await arm.ok("PUT", IDENTITY, {"location": "eastus2"})
    second = await arm.ok("PUT", IDENTITY, {"location": "eastus2", "tags": {"a": "b"}})
    assert first["properties"] == second["properties"]
    assert first["properties"]["principalId"] != first["properties"]["clientId"]


async def test_purge_protection_cannot_be_taken_back(arm: ArmClient) -> None:
    assert "enablePurgeProtection" not in (await arm.ok("GET", VAULT))["properties"]
    await arm.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    await arm.error(400, "PATCH", VAULT, {"properties": {"enablePurgeProtection": False}}, code="BadRequest")
    found = (await arm.ok("GET", VAULT))["properties"]
    assert found["enablePurgeProtection"] is True
    assert (found["enableSoftDelete"], found["softDeleteRetentionInDays"]) == (True, 90)
    assert found["vaultUri"] == "https://kv.vault.azure.net/"


async def test_deleted_vaults_block_their_name(arm: ArmClient) -> None:
    body = {"location": "eastus2", "properties": {}}
    await arm.ok("DELETE", VAULT)
    await arm.error(409, "PUT", VAULT, body, code="ConflictError")
    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault"
    assert await arm.names(f"{provider}/deletedVaults") == ["kv"]
    await arm.ok("PUT", VAULT, {**body, "properties": {"createMode": "recover"}})
    await arm.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    await arm.ok("DELETE", VAULT)
    await arm.error(400, "POST", f"{provider}/locations/eastus2/deletedVaults/kv/purge")
    await arm.ok("PUT", OTHER, {"location": "eastus2"})
    plain = VAULT.replace("vaults/kv", "vaults/plain")
    await arm.ok("PUT", plain, body)
    elsewhere = plain.replace("/rg/", "/other/")
    await arm.error(409, "PUT", elsewhere, body, code="VaultAlreadyExists")
    await arm.ok("DELETE", plain)
    await arm.ok("POST", f"{provider}/locations/eastus2/deletedVaults/plain/purge")
    await arm.ok("PUT", elsewhere, body)


async def test_role_assignments(arm: ArmClient) -> None:
    roles = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    assignments = "providers/Microsoft.Authorization/roleAssignments"
    properties = {"principalId": "p1", "roleDefinitionId": f"{roles}/acdd72a7-3385-48ef-bd42-f606fba81ae7"}
    for scope, name, who in ((GROUP, "a1", "p1"), (ACCOUNT, "a2", "p1"), (ACCOUNT, "a3", "p2")):
        await arm.ok("PUT", f"{scope}/{assignments}/{name}", {"properties": {**properties, "principalId": who}})
    await arm.error(
        409, "PUT", f"{ACCOUNT}/{assignments}/a4", {"properties": properties}, code="RoleAssignmentExists"
    )

    async def names(scope: str, wanted: str) -> list[str]:
        found = await arm.every(f"{scope}/{assignments}?$filter={wanted}")
        # What the caller was given for a start lies at the root.
        return [each["name"] for each in found if each["properties"]["scope"] != "/"]

    assert await names(ACCOUNT, "") == ["a1", "a2", "a3"]
    assert await names(GROUP, "") == ["a1", "a2", "a3"]
    assert await names(GROUP, "atScope()") == ["a1"]
    assert await names(GROUP, "principalId eq 'p2'") == ["a3"]
    assert await names(GROUP, "assignedTo('p1')") == ["a1", "a2"]
    found = await arm.ok("GET", f"{ACCOUNT}/{assignments}/a2")
    assert found["properties"]["scope"] == ACCOUNT
    assert found["type"] == "Microsoft.Authorization/roleAssignments"
    await arm.ok("DELETE", f"{ACCOUNT}/{assignments}/a2")
    await arm.error(404, "GET", f"{ACCOUNT}/{assignments}/a2", code="RoleAssignmentNotFound")


@pytest.mark.parametrize("scope", [f"/subscriptions/{SUBSCRIPTION}", GROUP, WORKSPACE])
async def test_locks_refuse_deletion_at_and_below_their_scope(arm: ArmClient, scope: str) -> None:
    await arm.workspace()
    version = f"{WORKSPACE}/data/a/versions/1"
    body = {"properties": {"dataType": "uri_file", "dataUri": "https://example.com/a"}}
    await arm.ok("PUT", version, body)
    lock = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    await arm.ok("PUT", lock, {"properties": {"level": "CanNotDelete", "notes": "why"}})
    assert await arm.names(f"{scope}/providers/Microsoft.Authorization/locks") == ["keep"]
    for path in (WORKSPACE, version, GROUP):
        error = await arm.error(409, "DELETE", path)
        assert error["code"] == "ScopeLocked"
        assert error["message"].startswith(f"The scope '{path}' cannot perform delete operation because")
        assert scope in error["message"]
    await arm.ok("PUT", version, body)
    await arm.ok("DELETE", lock)
    await arm.ok("DELETE", version)


async def test_read_only_locks_refuse_writes_too(arm: ArmClient) -> None:
    await arm.workspace()
    lock = f"{WORKSPACE}/providers/Microsoft.Authorization/locks/keep"
    await arm.ok("PUT", lock, {"properties": {"level": "ReadOnly"}})
    body = {"properties": {"dataType": "uri_file", "dataUri": "https://example.com/a"}}
    await arm.error(409, "PUT", f"{WORKSPACE}/data/a/versions/1", body, code="ScopeLocked")
    await arm.ok("GET", WORKSPACE)
