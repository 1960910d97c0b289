"""Workspaces: the long-running life of one, and what refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from arm_harness import GROUP, VERSION, WORKSPACE, ArmClient, client

from azsandbox.messages import COSMOS_OBJECT_ID


@pytest.fixture
async def arm(bare: ArmClient) -> ArmClient:
    return bare


async def test_create_is_an_operation_with_both_headers_and_no_body(arm: ArmClient) -> None:
    await arm.group()
    response = await arm.send("PUT", WORKSPACE, arm.workspace_body())
    assert (response.status, response.body) == (202, b"")
    assert "Retry-After" not in response.headers
    for header, kind in (("Location", "location"), ("Azure-AsyncOperation", "async")):
        assert "/locations/eastus2/workspaceOperationsStatus/" in response.headers[header]
        assert f"?api-version={VERSION}&type={kind}&t=" in response.headers[header]
        assert 3000 < len(response.headers[header]) < 4000
    assert await arm.finish(response) == {"status": "Succeeded", "percentComplete": 100.0}
    assert (await arm.ok("GET", WORKSPACE))["properties"]["provisioningState"] == "Succeeded"
    last = await arm.send("GET", response.headers["Location"])
    assert (last.status, last.body) == (200, b"")


async def test_new_workspace_has_its_containers_and_datastores(arm: ArmClient) -> None:
    workspace = await arm.workspace()
    blobs = f"azureml-blobstore-{workspace['properties']['workspaceId']}"
    assert arm.accounts.made["acct"].keys() == {blobs, "azureml"}
    stores = await arm.every(f"{WORKSPACE}/datastores")
    assert [each["name"] for each in stores] == [
        "workspaceblobstore",
        "workspaceworkingdirectory",
        "workspaceartifactstore",
        "workspacefilestore",
    ]
    assert await arm.names(f"{WORKSPACE}/datastores?isDefault=true") == ["workspaceblobstore"]
    assert stores[0]["properties"]["containerName"] == blobs


async def test_ids_come_back_in_the_casing_of_the_service(arm: ArmClient) -> None:
    await arm.group()
    body = arm.workspace_body()
    body["properties"] = {name: id_.lower() for name, id_ in body["properties"].items()}
    path = WORKSPACE.replace("resourceGroups", "resourcegroups")
    await arm.done("PUT", path, body)
    found = await arm.ok("GET", WORKSPACE.upper().replace("/PROVIDERS/", "/providers/"))
    assert found["id"] == WORKSPACE
    assert found["properties"]["keyVault"] == f"{GROUP}/providers/Microsoft.Keyvault/vaults/kv"
    assert found["properties"]["applicationInsights"] == f"{GROUP}/providers/Microsoft.insights/components/ai"


async def test_an_account_may_be_named_in_upper_case(arm: ArmClient) -> None:
    await arm.group()
    body = arm.workspace_body()
    head, _, account = body["properties"]["storageAccount"].rpartition("/")
    body["properties"]["storageAccount"] = f"{head}/{account.upper()}"
    await arm.done("PUT", WORKSPACE, body)
    found = await arm.ok("GET", WORKSPACE)
    assert found["properties"]["provisioningState"] == "Succeeded"
    assert len(await arm.every(f"{WORKSPACE}/datastores")) == 4
    keys = await arm.ok("POST", f"{WORKSPACE}/datastores/workspaceblobstore/listSecrets", {})
    assert keys["key"] == (await arm.ok("POST", f"{WORKSPACE}/listKeys"))["userStorageKey"]


async def test_missing_workspace_is_the_gateways_404(arm: ArmClient) -> None:
    await arm.group()
    response = await arm.send("GET", WORKSPACE)
    assert response.status == 404
    assert response.headers["x-ms-failure-cause"] == "gateway"
    assert not [name for name in response.headers if "ratelimit" in name]
    error = await arm.error(404, "GET", WORKSPACE)
    assert error == {
        "code": "ResourceNotFound",
        "message": "The Resource 'Microsoft.MachineLearningServices/workspaces/source' under resource group "
        "'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    }


async def test_a_second_put_replaces_and_a_patch_merges(arm: ArmClient) -> None:
    await arm.workspace()
    patched = {"tags": {"owner": "risk"}, "properties": {"publicNetworkAccess": "Disabled", "description": "x"}}
    await arm.done("PATCH", WORKSPACE, patched)
    await arm.done("PATCH", WORKSPACE, {"properties": {"friendlyName": "Risk"}})
    merged = await arm.ok("GET", WORKSPACE)
    told = merged["properties"]
    assert (merged["tags"], told["publicNetworkAccess"], told["description"]) == (
        {"owner": "risk"},
        "Disabled",
        "x",
    )
    await arm.done("PUT", WORKSPACE, arm.workspace_body())
    replaced = await arm.ok("GET", WORKSPACE)
    told = replaced["properties"]
    assert (replaced["tags"], told["publicNetworkAccess"], told["description"]) == ({}, "Enabled", "")
    assert (told["workspaceId"], told["friendlyName"]) == (merged["properties"]["workspaceId"], "")


async def test_soft_delete_blocks_the_name_until_purged(arm: ArmClient) -> None:
    await arm.workspace()
    response = await arm.send("DELETE", WORKSPACE)
    assert (response.status, response.body) == (202, b"")
    await arm.finish(response)
    await arm.error(404, "GET", WORKSPACE)
    assert await arm.every(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces") == []
    error = await arm.error(400, "PUT", WORKSPACE, arm.workspace_body())
    assert error["code"] == "BadRequest"
    assert error["message"] == (
        "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
    )
    await arm.done("DELETE", f"{WORKSPACE}?forceToPurge=true")
    await arm.done("PUT", WORKSPACE, arm.workspace_body())


async def test_soft_deleted_workspace_is_recovered_with_what_it_held(arm: ArmClient) -> None:
    before = await arm.workspace()
    version = {"properties": {"dataType": "uri_file", "dataUri": "https://example.com/data"}}
    await arm.ok("PUT", f"{WORKSPACE}/data/kept/versions/1", version)
    await arm.done("DELETE", WORKSPACE)
    recover = arm.workspace_body(allowRecoverSoftDeletedWorkspace=True)
    await arm.done("PUT", WORKSPACE, recover)
    after = await arm.ok("GET", WORKSPACE)
    assert after["properties"]["workspaceId"] == before["properties"]["workspaceId"]
    assert (await arm.ok("GET", f"{WORKSPACE}/data/kept/versions/1"))["name"] == "1"


async def test_with_user_assigned_identities_only_it_is_not_recovered(arm: ArmClient) -> None:
    await arm.group()
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
    await arm.ok("PUT", user, {"location": "eastus2"})
    for kind, status in (("UserAssigned", 400), ("SystemAssigned,UserAssigned", 202)):
        path = f"{WORKSPACE}-{status}"
        body = arm.workspace_body()
        body["identity"] = {"type": kind, "userAssignedIdentities": {user: {}}}
        await arm.done("PUT", path, body)
        await arm.done("DELETE", path)
        body["properties"]["allowRecoverSoftDeletedWorkspace"] = True
        assert (await arm.send("PUT", path, body)).status == status


async def test_encryption_needs_purge_protection(arm: ArmClient) -> None:
    await arm.group()
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
    key = {"keyVaultArmId": vault, "keyIdentifier": await arm.key()}
    encryption = {"status": "Enabled", "keyVaultProperties": key}
    body = arm.workspace_body(encryption=encryption, enableServiceSideCMKEncryption=True)
    error = await arm.error(400, "PUT", WORKSPACE, body)
    assert error["message"] == "CMK workspaces should have purge protection enabled on their CMK keyvault."
    await arm.ok("PATCH", vault, {"properties": {"enablePurgeProtection": True}})
    await arm.done("PUT", WORKSPACE, body)
    found = (await arm.ok("GET", WORKSPACE))["properties"]
    assert found["encryption"]["status"] == "Enabled"
    assert found["enableServiceSideCMKEncryption"] is True


async def test_encryption_cannot_be_added_later(arm: ArmClient) -> None:
    await arm.workspace()
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
    await arm.ok("PATCH", vault, {"properties": {"enablePurgeProtection": True}})
    key = {"keyVaultArmId": vault, "keyIdentifier": "https://kv.vault.azure.net/keys/k/1"}
    body = {"properties": {"encryption": {"status": "Enabled", "keyVaultProperties": key}}}
    await arm.error(400, "PATCH", WORKSPACE, body)
    assert "encryption" not in (await arm.ok("GET", WORKSPACE))["properties"]


async def test_state_survives_a_restart(tmp_path: Path) -> None:
    first = client(tmp_path)
    made = await first.workspace()
    await first.arm.close()
    second = client(tmp_path)
    assert await second.ok("GET", WORKSPACE) == made
    await second.arm.close()


VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
KEY = "https://kv.vault.azure.net/keys/k/1"


def encrypted(vault: str = VAULT, key: str = KEY) -> dict[str, object]:
    return {"status": "Enabled", "keyVaultProperties": {"keyVaultArmId": vault, "keyIdentifier": key}}


@pytest.mark.parametrize(
    ("location", "properties", "named", "key", "message"),
    [
        ("westus2", {"enablePurgeProtection": True}, None, None, "same region"),
        ("eastus2", {"enablePurgeProtection": True, "enableSoftDelete": False}, None, None, "soft delete"),
        ("eastus2", {"enablePurgeProtection": True}, GROUP.replace("1111", "2222", 1), None, "same subscription"),
        ("eastus2", {"enablePurgeProtection": True}, f"{GROUP}x", None, "was not found"),
        (
            "eastus2",
            {"enablePurgeProtection": True},
            None,
            "https://other.vault.azure.net/keys/k/1",
            "is not a key",
        ),
        ("eastus2", {"enablePurgeProtection": True}, None, "", "are required"),
    ],
)
async def test_encryption_is_refused_for_other_reasons(
    arm: ArmClient, location: str, properties: dict[str, bool], named: str | None, key: str | None, message: str
) -> None:
    await arm.group()
    vault = VAULT.replace("/kv", "/second")
    await arm.ok("PUT", vault, {"location": location, "properties": properties})
    used = vault.replace(GROUP, named) if named else vault
    identifier = "https://second.vault.azure.net/keys/k/1" if key is None else key
    body = arm.workspace_body(encryption=encrypted(used, identifier))
    await arm.error(400, "PUT", WORKSPACE, body, code="BadRequest", says=message)


async def test_only_the_key_of_an_encrypted_workspace_can_change(arm: ArmClient) -> None:
    await arm.group()
    await arm.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    first, second = await arm.key(), await arm.key("second")
    await arm.allow(COSMOS_OBJECT_ID, "get", "wrapKey", "unwrapKey")
    await arm.done("PUT", WORKSPACE, arm.workspace_body(encryption=encrypted(key=first)))
    made = (await arm.ok("GET", WORKSPACE))["properties"]
    group = f"/subscriptions/{GROUP.split('/')[2]}/resourceGroups/{made['serviceProvisionedResourceGroup']}"
    assert (await arm.ok("GET", group))["managedBy"] == WORKSPACE
    new = {"encryption": {"keyVaultProperties": {"keyIdentifier": second}}}
    await arm.done("PATCH", WORKSPACE, {"properties": new})
    key = (await arm.ok("GET", WORKSPACE))["properties"]["encryption"]["keyVaultProperties"]
    assert key["keyIdentifier"] == second
    for refused in (
        encrypted(VAULT.replace("/kv", "/other")),
        {"status": "Disabled"},
        encrypted(key="https://other.vault.azure.net/keys/k/1"),
        encrypted(key="https://kv.vault.azure.net/keys/none/1"),
    ):
        await arm.error(400, "PATCH", WORKSPACE, {"properties": {"encryption": refused}})
    await arm.done("DELETE", f"{WORKSPACE}?forceToPurge=true")
    await arm.error(404, "GET", group)


async def test_patch_changes_what_it_may(arm: ArmClient) -> None:
    before = await arm.workspace()
    changed = {"description": "d", "friendlyName": "f", "publicNetworkAccess": "Disabled"}
    body = {"tags": {"a": "b"}, "properties": {**changed, "systemDatastoresAuthMode": "Identity"}}
    response = await arm.send("PATCH", WORKSPACE, body)
    assert (response.status, response.body) == (202, b"")
    await arm.finish(response)
    after = await arm.ok("GET", WORKSPACE)
    assert after["tags"] == {"a": "b"}
    assert changed.items() <= after["properties"].items()
    for kept in ("workspaceId", "creationTime", "notebookInfo", "storageAccount"):
        assert after["properties"][kept] == before["properties"][kept]
    stores = await arm.every(f"{WORKSPACE}/datastores")
    assert {each["properties"]["credentials"]["credentialsType"] for each in stores} == {"None"}
    await arm.error(400, "PATCH", WORKSPACE, {"properties": {"keyVault": VAULT.replace("/kv", "/other")}})


async def test_soft_deletion_ends_jobs_computes_and_role_assignments(arm: ArmClient) -> None:
    await arm.workspace()
    compute = {
        "location": "eastus2",
        "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}},
    }
    await arm.done("PUT", f"{WORKSPACE}/computes/cluster", compute)
    assignment = f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/a"
    reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    await arm.ok("PUT", assignment, {"properties": {"principalId": "p", "roleDefinitionId": reader}})
    await arm.done("DELETE", WORKSPACE)
    await arm.done("PUT", WORKSPACE, arm.workspace_body(allowRecoverSoftDeletedWorkspace=True))
    assert await arm.every(f"{WORKSPACE}/computes") == []
    await arm.error(404, "GET", assignment)


async def test_keys_of_a_workspace(arm: ArmClient) -> None:
    await arm.workspace()
    assert (await arm.ok("POST", f"{WORKSPACE}/listKeys"))["userStorageKey"] == "acct-key1"
    for name in ("resyncKeys", "provisionManagedNetwork"):
        await arm.done("POST", f"{WORKSPACE}/{name}")
    for name in ("outboundNetworkDependenciesEndpoints", "privateLinkResources"):
        assert "value" in await arm.ok("GET", f"{WORKSPACE}/{name}")


async def test_operation_that_fails_says_so(arm: ArmClient) -> None:
    await arm.group()
    response = await arm.send("PUT", WORKSPACE, arm.workspace_body())
    arm.accounts.made.clear()
    state = await arm.finish(response)
    assert (state["status"], state["error"]["code"]) == ("Failed", "InternalServerError")
    assert (await arm.ok("GET", WORKSPACE))["properties"]["provisioningState"] == "Failed"


AI_ADMINISTRATOR = "b78c5d69-af96-48a3-bf8d-a8b4d589de94"


@pytest.mark.parametrize(
    ("version", "flag", "granted"),
    [
        ("2024-10-01-preview", {}, True),
        ("2024-10-01-preview", {"allowRoleAssignmentOnRG": False}, False),
        (VERSION, {}, True),
        # The member is none of this api-version's.
        (VERSION, {"allowRoleAssignmentOnRG": False}, True),
    ],
)
async def test_a_workspaces_own_identity_gets_its_role_on_the_group_unless_told_not_to(
    arm: ArmClient, version: str, flag: dict[str, bool], granted: bool
) -> None:
    await arm.group()
    await arm.done("PUT", WORKSPACE, arm.workspace_body(**flag), version=version)
    own = (await arm.ok("GET", WORKSPACE))["identity"]["principalId"]
    query = f"?$filter=atScope() and assignedTo('{own}')"
    found = await arm.every(
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments{query}", version="2022-04-01"
    )
    roles = [each["properties"]["roleDefinitionId"].rpartition("/")[2] for each in found]
    assert roles == ([AI_ADMINISTRATOR] if granted else [])
    shown = (await arm.ok("GET", WORKSPACE, version="2024-10-01-preview"))["properties"]
    assert shown["allowRoleAssignmentOnRG"] is granted
    assert "allowRoleAssignmentOnRG" not in (await arm.ok("GET", WORKSPACE))["properties"]
    # What was sent once is not lost by a change with another api-version.
    await arm.done("PATCH", WORKSPACE, {"properties": {"description": "d"}})
    assert (await arm.ok("GET", WORKSPACE, version="2024-10-01-preview"))["properties"][
        "allowRoleAssignmentOnRG"
    ] is granted
