"""Policies as tests write them: definitions, initiatives, assignments and exemptions in one process."""

from __future__ import annotations

from typing import Any

from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient

SUBSCRIBED = f"/subscriptions/{SUBSCRIPTION}"
PROVIDER = "/providers/Microsoft.Authorization"
CMK = f"{PROVIDER}/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
CMK_AUDIT = f"{PROVIDER}/policyDefinitions/7f40cee6-e933-4d0f-a782-b96615e0f4a6"
KEY_EXPIRY = f"{PROVIDER}/policyDefinitions/152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0"
STORAGE = f"{PROVIDER}/policyDefinitions/6fac406b-40ca-413b-bf8e-0bf964659c25"
REGISTRY = f"{PROVIDER}/policyDefinitions/5b9159ae-1701-4a6f-9a7a-aa9c8ddd0580"
FIREWALL = f"{PROVIDER}/policyDefinitions/55615ac9-af46-4a59-874e-391cc3dfb490"
RECOVERABLE = f"{PROVIDER}/policyDefinitions/0b60c0b2-2dc2-4e1c-b5c9-abbed971de53"
SOVEREIGN = f"{PROVIDER}/policySetDefinitions/f15f4d95-c59c-4395-9317-be6978d0743f"
MANAGEMENT = "/providers/Microsoft.Management/managementGroups"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
# By classification: untagged and unknown are caught, the harmless values are not.
CLASSIFIED = {
    "mode": "Indexed",
    "parameters": {
        "effect": {"type": "String", "allowedValues": ["Audit", "Deny", "Disabled"], "defaultValue": "Audit"},
        "tagName": {"type": "String", "defaultValue": "data-classification"},
        "harmless": {"type": "Array", "defaultValue": ["public", "internal"]},
    },
    "policyRule": {
        "if": {
            "allOf": [
                {"field": "type", "equals": "Microsoft.MachineLearningServices/workspaces"},
                {"field": "kind", "notIn": ["project", "Project"]},
                {"field": "[concat('tags[', parameters('tagName'), ']')]", "notIn": "[parameters('harmless')]"},
                {
                    "field": "Microsoft.MachineLearningServices/workspaces/encryption.status",
                    "notEquals": "Enabled",
                },
            ]
        },
        "then": {"effect": "[parameters('effect')]"},
    },
}


def path(kind: str, name: str, scope: str = SUBSCRIBED) -> str:
    """The address of a policy object."""
    return f"{scope}{PROVIDER}/{kind}/{name}"


async def define(arm: ArmClient, scope: str = SUBSCRIBED, name: str = "classified", **changed: Any) -> str:
    """The definition by classification; its id."""
    made = path("policyDefinitions", name, scope)
    await arm.ok("PUT", made, {"properties": {**CLASSIFIED, **changed}})
    return made


async def initiative(arm: ArmClient, *members: dict[str, Any], scope: str = SUBSCRIBED, **more: Any) -> str:
    """An initiative of these members; its id."""
    made = path("policySetDefinitions", "guard", scope)
    await arm.ok("PUT", made, {"properties": {"policyDefinitions": list(members), **more}})
    return made


def member(policy: str, reference: str, **parameters: Any) -> dict[str, Any]:
    """A member of an initiative."""
    values = {name: {"value": value} for name, value in parameters.items()}
    return {"policyDefinitionId": policy, "policyDefinitionReferenceId": reference, "parameters": values}


def assignment(policy: str, **properties: Any) -> dict[str, Any]:
    """The body of an assignment; `parameters` are plain values."""
    given = properties.pop("parameters", {})
    values = {name: {"value": value} for name, value in given.items()}
    return {"properties": {"policyDefinitionId": policy, "parameters": values, **properties}}


async def assign(arm: ArmClient, policy: str, name: str = "a", scope: str = SUBSCRIBED, **properties: Any) -> str:
    """An assignment; its id."""
    made = path("policyAssignments", name, scope)
    await arm.ok("PUT", made, assignment(policy, **properties))
    return made


async def exempt(arm: ArmClient, assigned: str, scope: str = WORKSPACE, name: str = "e", **properties: Any) -> str:
    """An exemption; its id."""
    made = path("policyExemptions", name, scope)
    body = {"policyAssignmentId": assigned, "exemptionCategory": "Waiver", **properties}
    await arm.ok("PUT", made, {"properties": body})
    return made


async def managed(arm: ArmClient, name: str = "corp") -> str:
    """A management group with the subscription; its id."""
    scope = f"{MANAGEMENT}/{name}"
    await arm.ok("PUT", scope, {"properties": {"displayName": name}})
    await arm.ok("PUT", f"{scope}/subscriptions/{SUBSCRIPTION}")
    return scope
