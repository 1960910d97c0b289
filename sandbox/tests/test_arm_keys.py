"""Which keys workspaces, accounts and registries take when they are created, and which they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient

from azsandbox.messages import COSMOS_OBJECT_ID

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
USER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry"


@pytest.fixture
async def arm(bare: ArmClient) -> ArmClient:
    await bare.group()
    await bare.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    return bare


async def identity(arm: ArmClient, *permissions: str) -> str:
    """An identity with permissions on keys; its object id."""
    made = await arm.ok("PUT", USER, {"location": "eastus2"})
    if permissions:
        await arm.allow(made["properties"]["principalId"], *permissions)
    return str(made["properties"]["principalId"])


def workspace(arm: ArmClient, key: str, **properties: Any) -> dict[str, Any]:
    encryption = {
        "status": "Enabled",
        "identity": {"userAssignedIdentity": USER},
        "keyVaultProperties": {"keyVaultArmId": VAULT, "keyIdentifier": key},
    }
    wanted = {"enableServiceSideCMKEncryption": True, "encryption": encryption, **properties}
    body = arm.workspace_body(**wanted)
    return body | {"identity": {"type": "UserAssigned", "userAssignedIdentities": {USER: {}}}}


async def refused(arm: ArmClient, key: str, text: str, **properties: Any) -> None:
    await arm.error(400, "PUT", WORKSPACE, workspace(arm, key, **properties), code="BadRequest", says=text)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ({"kty": "EC", "curveName": "P-256"}, "is of type EC"),
        ({"attributes": {"enabled": False}}, "not allowed on a disabled key"),
        ({"attributes": {"exp": 1_000_000_000}}, "not allowed on an expired key"),
        ({"attributes": {"nbf": 4_000_000_000}}, "not yet valid"),
    ],
)
async def test_a_workspace_needs_a_key_that_can_be_used(arm: ArmClient, key: dict[str, Any], text: str) -> None:
    await identity(arm, "get", "wrapKey", "unwrapKey")
    await refused(arm, await arm.key(**key), text)


@pytest.mark.parametrize("missing", ["get", "wrapKey", "unwrapKey"])
async def test_a_workspace_needs_an_identity_that_may_use_the_key(arm: ArmClient, missing: str) -> None:
    rights = ["get", "wrapKey", "unwrapKey"]
    rights.remove(missing)
    who = await identity(arm, *rights)
    key = await arm.key()
    await refused(arm, key, f"has no permission {missing}")
    await arm.allow(who, missing)
    await arm.done("PUT", WORKSPACE, workspace(arm, key))


async def test_a_workspaces_own_identity_is_granted_its_right(arm: ArmClient) -> None:
    body = workspace(arm, await arm.key()) | {"identity": {"type": "SystemAssigned"}}
    del body["properties"]["encryption"]["identity"]
    await arm.done("PUT", WORKSPACE, body)
    who = (await arm.ok("GET", WORKSPACE))["identity"]["principalId"]
    [policy] = (await arm.ok("GET", VAULT))["properties"]["accessPolicies"]
    assert (policy["objectId"], policy["permissions"]["keys"]) == (who, ["get", "wrapKey", "unwrapKey"])


async def test_classic_encryption_needs_cosmos_and_its_providers(arm: ArmClient) -> None:
    await identity(arm, "get", "wrapKey", "unwrapKey")
    key = await arm.key()
    classic = {"enableServiceSideCMKEncryption": False}
    await refused(arm, key, "Azure Cosmos DB application", **classic)
    await arm.allow(COSMOS_OBJECT_ID, "get", "wrapKey", "unwrapKey")
    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Search"
    assert (await arm.ok("POST", f"{provider}/unregister"))["registrationState"] == "NotRegistered"
    await refused(arm, key, "not registered to use Microsoft.Search", **classic)
    assert (await arm.ok("POST", f"{provider}/register"))["registrationState"] == "Registered"
    await arm.done("PUT", WORKSPACE, workspace(arm, key, **classic))
    name = (await arm.ok("GET", WORKSPACE))["properties"]["serviceProvisionedResourceGroup"]
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"
    assert (await arm.ok("GET", group))["managedBy"] == WORKSPACE
    for method, path, body in (
        ("DELETE", group, None),
        ("PUT", f"{group}/providers/Microsoft.Storage/storageAccounts/other", {"location": "eastus2"}),
    ):
        await arm.error(403, method, path, body, code="DenyAssignmentAuthorizationFailed")


async def test_nothing_of_an_unregistered_provider_is_written(arm: ArmClient) -> None:
    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices"
    await arm.ok("POST", f"{provider}/unregister")
    await arm.error(
        409,
        "PUT",
        WORKSPACE,
        arm.workspace_body(),
        code="MissingSubscriptionRegistration",
        says="namespace 'Microsoft.MachineLearningServices'",
    )
    await arm.ok("POST", f"{provider}/register")
    await arm.done("PUT", WORKSPACE, arm.workspace_body())


async def test_a_registry_takes_a_key_when_it_is_new_premium_and_may_use_it(arm: ArmClient) -> None:
    who, key = await identity(arm), await arm.key()
    user = await arm.ok("GET", USER)
    encryption = {
        "status": "enabled",
        "keyVaultProperties": {"keyIdentifier": key, "identity": user["properties"]["clientId"]},
    }
    body = {
        "location": "eastus2",
        "sku": {"name": "Basic"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {USER: {}}},
        "properties": {"encryption": encryption},
    }
    await arm.error(400, "PUT", REGISTRY, body, says="Premium")
    body["sku"] = {"name": "Premium"}
    await arm.error(403, "PUT", REGISTRY, body, code="KeyVaultAccessForbidden")
    await arm.allow(who, "get", "wrapKey", "unwrapKey")
    await arm.ok("PUT", REGISTRY, body)
    off = {"properties": {"encryption": {"status": "disabled"}}}
    await arm.error(400, "PATCH", REGISTRY, off, says="when the registry is created")
    other = REGISTRY.replace("registries/registry", "registries/plain")
    await arm.ok("PUT", other, {**body, "properties": {}})
    await arm.error(400, "PUT", other, body, says="created")
