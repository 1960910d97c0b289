"""What a policy with the effect deny forbids, at every scope; management groups and several subscriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient, client, principal, with_group

from azsandbox.messages import TENANT_ID

arm = with_group  # the fixture

DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"
CMK = f"{DEFINITIONS}/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
RBAC = f"{DEFINITIONS}/12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5"
PROTECTION = f"{DEFINITIONS}/0b60c0b2-2dc2-4e1c-b5c9-abbed971de53"
KEY_SIZE = f"{DEFINITIONS}/82067dbb-e53b-4e06-b631-546d197452d9"
EXPIRY = f"{DEFINITIONS}/152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0"
VAULTS = f"{GROUP}/providers/Microsoft.KeyVault/vaults"
MANAGEMENT = "/providers/Microsoft.Management/managementGroups"
OTHER = "22222222-2222-3333-4444-555555555555"


async def assign(arm: ArmClient, scope: str, policy: str, name: str = "a", **parameters: Any) -> str:
    values = {name: {"value": value} for name, value in {"effect": "Deny", **parameters}.items()}
    path = f"{scope}/providers/Microsoft.Authorization/policyAssignments/{name}"
    body = {"properties": {"policyDefinitionId": policy, "parameters": values, "displayName": "Keys first"}}
    await arm.ok("PUT", path, body)
    return path


@pytest.mark.parametrize("level", ["group", "subscription", "management group", "root group"])
async def test_a_workspace_without_a_customers_key_is_denied(arm: ArmClient, level: str) -> None:
    subscription = f"/subscriptions/{SUBSCRIPTION}"
    scope = {"group": GROUP, "subscription": subscription, "root group": f"{MANAGEMENT}/{TENANT_ID}"}.get(level)
    if scope is None:
        scope = f"{MANAGEMENT}/upper"
        await arm.ok("PUT", scope, {"properties": {"displayName": "Upper"}})
        below = {"properties": {"details": {"parent": {"id": scope}}}}
        await arm.ok("PUT", f"{MANAGEMENT}/lower", below)
        await arm.ok("PUT", f"{MANAGEMENT}/lower/subscriptions/{SUBSCRIPTION}")
    assignment = await assign(arm, scope, CMK)
    error = await arm.error(403, "PUT", WORKSPACE, arm.workspace_body())
    assert (error["code"], error["target"]) == ("RequestDisallowedByPolicy", "source")
    assert error["message"].startswith("Resource 'source' was disallowed by policy. Policy identifiers: '[{")
    [violation] = error["additionalInfo"]
    assert violation["type"] == "PolicyViolation"
    info = violation["info"]
    assert (info["policyDefinitionId"], info["policyDefinitionEffect"]) == (CMK, "deny")
    assert (info["policyAssignmentId"], info["policyAssignmentDisplayName"]) == (assignment, "Keys first")
    compared = info["evaluationDetails"]["evaluatedExpressions"]
    assert {each["path"] for each in compared} >= {"type", "kind"}
    await arm.ok("PATCH", f"{VAULTS}/kv", {"properties": {"enablePurgeProtection": True}})
    key = {"keyVaultArmId": f"{VAULTS}/kv", "keyIdentifier": await arm.key()}
    encryption = {"status": "Enabled", "keyVaultProperties": key}
    body = arm.workspace_body(encryption=encryption, enableServiceSideCMKEncryption=True)
    await arm.done("PUT", WORKSPACE, body)


async def test_an_assignment_denies_only_while_and_where_it_is_enforced(arm: ArmClient) -> None:
    path = await assign(arm, f"/subscriptions/{SUBSCRIPTION}", CMK)
    document = await arm.ok("GET", path)
    for change in ({"enforcementMode": "DoNotEnforce"}, {"notScopes": [GROUP]}):
        await arm.ok("PUT", path, {"properties": {**document["properties"], **change}})
        other = WORKSPACE.replace("/source", f"/{next(iter(change))[:5]}")
        await arm.done("PUT", other, arm.workspace_body())
    audit = {"properties": {**document["properties"], "parameters": {"effect": {"value": "Audit"}}}}
    await arm.ok("PUT", path, audit)
    await arm.done("PUT", WORKSPACE, arm.workspace_body())
    await arm.ok("PUT", path, {"properties": document["properties"]})
    # A change of what was there before is judged as a whole.
    await arm.error(403, "PATCH", WORKSPACE, {"properties": {"friendlyName": "changed"}})
    await arm.ok("DELETE", path)
    await arm.done("PATCH", WORKSPACE, {"properties": {"friendlyName": "changed"}})


async def test_vaults_are_denied_by_what_they_lack(arm: ArmClient) -> None:
    await assign(arm, GROUP, RBAC, "rbac")
    await assign(arm, GROUP, PROTECTION, "protection")
    body: dict[str, Any] = {"location": "eastus2", "properties": {"enableSoftDelete": True}}
    error = await arm.error(403, "PUT", f"{VAULTS}/new", body)
    assert len(error["additionalInfo"]) == 2
    body["properties"]["enableRbacAuthorization"] = True
    [only] = (await arm.error(403, "PUT", f"{VAULTS}/new", body))["additionalInfo"]
    assert only["info"]["policyDefinitionId"] == PROTECTION
    body["properties"]["enablePurgeProtection"] = True
    await arm.ok("PUT", f"{VAULTS}/new", body)


async def test_keys_are_denied_by_policies_for_keys(arm: ArmClient) -> None:
    path = f"{VAULTS}/kv/keys"
    await assign(arm, GROUP, KEY_SIZE, "size", minimumRSAKeySize=3072)
    small = {"properties": {"kty": "RSA", "keySize": 2048}}
    await arm.error(403, "PUT", f"{path}/small", small, says="disallowed by policy")
    await arm.ok("PUT", f"{path}/large", {"properties": {"kty": "RSA", "keySize": 3072}})
    await arm.ok("PUT", f"{path}/curve", {"properties": {"kty": "EC"}})
    await assign(arm, GROUP, EXPIRY, "expiry")
    await arm.error(403, "PUT", f"{path}/endless", {"properties": {"kty": "EC"}})
    await arm.ok("PUT", f"{path}/ending", {"properties": {"kty": "EC", "attributes": {"exp": 4_000_000_000}}})


async def test_custom_policies_and_initiatives(arm: ArmClient) -> None:
    scope = f"/subscriptions/{SUBSCRIPTION}"
    path = f"{scope}{DEFINITIONS}/regions"
    condition = {
        "allOf": [
            {"field": "location", "notIn": "[parameters('allowed')]"},
            {"not": {"field": "tags['exempt']", "exists": "true"}},
            {"value": "[concat('t', 'rue')]", "equals": True},
        ]
    }
    rule = {"if": condition, "then": {"effect": "deny"}}
    definition = {"mode": "All", "parameters": {"allowed": {"type": "Array"}}, "policyRule": rule}
    await arm.ok("PUT", path, {"properties": definition})
    initiative = f"{scope}/providers/Microsoft.Authorization/policySetDefinitions/both"
    members = [
        {"policyDefinitionId": path, "parameters": {"allowed": {"value": "[parameters('regions')]"}}},
        {
            "policyDefinitionId": CMK,
            "policyDefinitionReferenceId": "cmk",
            "parameters": {"effect": {"value": "Deny"}},
        },
    ]
    parameters = {"regions": {"type": "Array", "defaultValue": ["eastus2"]}}
    await arm.ok("PUT", initiative, {"properties": {"policyDefinitions": members, "parameters": parameters}})
    assignment = f"{scope}/providers/Microsoft.Authorization/policyAssignments/both"
    await arm.ok("PUT", assignment, {"properties": {"policyDefinitionId": initiative}})
    group = f"{scope}/resourceGroups/far"
    await arm.error(403, "PUT", group, {"location": "westus"})
    await arm.ok("PUT", group, {"location": "westus", "tags": {"exempt": "yes"}})
    error = await arm.error(403, "PUT", WORKSPACE, arm.workspace_body())
    assert error["additionalInfo"][0]["info"]["policyDefinitionReferenceId"] == "cmk"
    custom = await arm.every(f"{scope}{DEFINITIONS}?$filter=policyType eq 'Custom'")
    assert [each["name"] for each in custom] == ["regions"]
    listed = await arm.every(f"{GROUP}/providers/Microsoft.Authorization/policyAssignments?$filter=atScope()")
    assert [each["name"] for each in listed] == ["both"]
    built_in = await arm.ok("GET", CMK)
    assert built_in["properties"]["policyType"] == "BuiltIn"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ({"field": "type", "matches": "x"}, "the condition"),
        ({"value": "[utcNow()]", "equals": "x"}, "the function 'utcNow'"),
        ({"count": {"field": "a[*]"}, "equals": 1}, "the field 'a[*]'"),
    ],
)
async def test_what_cannot_be_evaluated_is_not_taken(arm: ArmClient, condition: Any, text: str) -> None:
    body = {"properties": {"policyRule": {"if": {"anyOf": [condition]}, "then": {"effect": "deny"}}}}
    await arm.error(
        400, "PUT", f"/subscriptions/{SUBSCRIPTION}{DEFINITIONS}/odd", body, code="InvalidPolicyRule", says=text
    )


@pytest.mark.parametrize(
    ("policy", "parameters", "status", "code"),
    [
        (f"{DEFINITIONS}/nothing", {}, 404, "PolicyDefinitionNotFound"),
        (CMK, {"effect": "Shout"}, 400, "PolicyParameterValueNotAllowed"),
        (CMK, {"other": 1}, 400, "UndefinedPolicyParameter"),
        (KEY_SIZE, {}, 400, "MissingPolicyParameter"),
    ],
)
async def test_assignments_are_checked(
    arm: ArmClient, policy: str, parameters: dict[str, Any], status: int, code: str
) -> None:
    values = {name: {"value": value} for name, value in parameters.items()}
    path = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/a"
    body = {"properties": {"policyDefinitionId": policy, "parameters": values}}
    await arm.error(status, "PUT", path, body, code=code)


async def test_assignments_outlive_a_restart(tmp_path: Path) -> None:
    first = client(tmp_path)
    await first.group()
    await assign(first, GROUP, CMK)
    await first.arm.close()
    second = client(tmp_path)
    await second.error(403, "PUT", WORKSPACE, second.workspace_body())
    await second.arm.close()


async def test_management_groups_hold_subscriptions_and_hand_roles_down(arm: ArmClient) -> None:
    await arm.ok("PUT", f"{MANAGEMENT}/upper", {"properties": {"displayName": "Upper"}})
    details = {"parent": {"id": f"{MANAGEMENT}/upper"}}
    await arm.ok("PUT", f"{MANAGEMENT}/lower", {"properties": {"displayName": "Lower", "details": details}})
    await arm.ok("PUT", f"{MANAGEMENT}/upper/subscriptions/{SUBSCRIPTION}")
    await arm.ok("PUT", f"{MANAGEMENT}/lower/subscriptions/{OTHER}")
    found = await arm.every(f"{MANAGEMENT}/upper/descendants")
    assert {each["name"]: each["properties"]["parent"]["id"] for each in found} == {
        "lower": f"{MANAGEMENT}/upper",
        OTHER: f"{MANAGEMENT}/lower",
        SUBSCRIPTION: f"{MANAGEMENT}/upper",
    }
    names = await arm.names(MANAGEMENT)
    assert names == [TENANT_ID, "upper", "lower"]
    listed = [each["subscriptionId"] for each in await arm.every("/subscriptions")]
    assert sorted(listed) == sorted([SUBSCRIPTION, OTHER])
    error = await arm.send(
        "PUT", f"{MANAGEMENT}/upper", {"properties": {"details": {"parent": {"id": f"{MANAGEMENT}/lower"}}}}
    )
    assert error.status == 400
    assert (await arm.send("DELETE", f"{MANAGEMENT}/upper")).status == 400
    # Moved, a subscription is where it was put last.
    await arm.ok("PUT", f"{MANAGEMENT}/lower/subscriptions/{SUBSCRIPTION}")
    found = await arm.every(f"{MANAGEMENT}/lower/descendants")
    assert {each["name"] for each in found} == {SUBSCRIPTION, OTHER}
    reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    who = principal("reader")
    access = arm.arm._context.access
    assert not access.granted(who.object_id, "Microsoft.Storage/storageAccounts/read", GROUP.lower())
    role = {"properties": {"principalId": who.object_id, "roleDefinitionId": reader}}
    await arm.ok("PUT", f"{MANAGEMENT}/upper/providers/Microsoft.Authorization/roleAssignments/r", role)
    assert access.granted(who.object_id, "Microsoft.Storage/storageAccounts/read", GROUP.lower())
    assert not access.granted(who.object_id, "Microsoft.Storage/storageAccounts/write", GROUP.lower())


async def test_cores_in_use_and_their_limits(arm: ArmClient) -> None:
    await arm.workspace()
    location = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus2"
    inner = {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}
    await arm.done("PUT", f"{WORKSPACE}/computes/one", {"location": "eastus2", "properties": inner})

    async def family(what: str) -> dict[str, Any]:
        [found] = [
            each for each in await arm.every(f"{location}/{what}") if each["name"]["value"] == "standardDSv2Family"
        ]
        return dict(found)

    used = await family("usages")
    assert (used["currentValue"], used["limit"], used["unit"]) == (4, 100, "Count")
    quota = await family("quotas")
    body = {"value": [{"id": quota["id"], "limit": 8}, {"id": "none", "limit": 1}]}
    answered = (await arm.ok("POST", f"{location}/updateQuotas", body))["value"]
    assert [each["status"] for each in answered] == ["Success", "InvalidVMFamilyName"]
    assert (await family("usages"))["limit"] == 8
    [total] = [
        each
        for each in await arm.every(f"{location}/usages")
        if each["name"]["value"].startswith("totalDedicated")
    ]
    assert total["currentValue"] == 4
    assert json.dumps(total)


async def test_logs_are_linked_to_their_cluster(arm: ArmClient) -> None:
    base = f"{GROUP}/providers/Microsoft.OperationalInsights"
    tracked = {"location": "eastus2", "properties": {}}
    await arm.ok("PUT", f"{base}/workspaces/logs", tracked)
    key = {"keyVaultUri": "https://kv.vault.azure.net", "keyName": "k", "keyVersion": ""}
    await arm.ok("PUT", f"{base}/clusters/cluster", {**tracked, "properties": {"keyVaultProperties": key}})
    link = {"properties": {"writeAccessResourceId": f"{base}/clusters/cluster"}}
    await arm.ok("PUT", f"{base}/workspaces/logs/linkedServices/cluster", link)
    features = (await arm.ok("GET", f"{base}/workspaces/logs"))["properties"]["features"]
    assert features["clusterResourceId"] == f"{base}/clusters/cluster"
    settings = (
        f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv/providers/Microsoft.Insights/diagnosticSettings/all"
    )
    await arm.ok("PUT", settings, {"properties": {"workspaceId": f"{base}/workspaces/logs", "logs": []}})
    assert await arm.names(settings.rpartition("/")[0]) == ["all"]
