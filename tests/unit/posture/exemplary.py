"""What is read of an exemplary workspace: every claim is proven, until a test changes one thing."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.core.keys import Key, KeyVersion, Rotation
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.posture.facts import Facts, key_of
from amlmigrate.posture.identities import identity_of
from amlmigrate.posture.reading import Read
from azsandbox.arm.access.definitions import built_in

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REF = WorkspaceRef("22222222-aaaa-4bbb-8ccc-000000000002", "rg", "cmk")
GROUP = f"/subscriptions/{REF.subscription}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/acr"
INSIGHTS = f"{GROUP}/providers/microsoft.insights/components/ai"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
UAMI = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
PRINCIPAL = "aaaaaaaa-0000-4000-8000-000000000001"
OFFICER = "bbbbbbbb-0000-4000-8000-000000000002"
SCIENTIST = "cccccccc-0000-4000-8000-000000000003"
KEY_ID = "https://kv.vault.azure.net/keys/k/" + "1" * 32

DOCUMENT: dict[str, Any] = {
    "id": REF.id,
    "location": "eastus2",
    "identity": {"userAssignedIdentities": {UAMI: {"principalId": PRINCIPAL, "clientId": "c"}}},
    "properties": {
        "storageAccount": ACCOUNT,
        "containerRegistry": REGISTRY,
        "applicationInsights": INSIGHTS,
        "enableServiceSideCMKEncryption": True,
        "encryption": {
            "status": "Enabled",
            "identity": {"userAssignedIdentity": UAMI},
            "keyVaultProperties": {"keyVaultArmId": VAULT, "keyIdentifier": KEY_ID},
        },
    },
}
VAULT_DOCUMENT: dict[str, Any] = {
    "location": "East US 2",
    "properties": {"enableRbacAuthorization": True, "enableSoftDelete": True, "enablePurgeProtection": True},
}
KEY = Key("k", "RSA", 3072, (), KeyVersion(KEY_ID, True, NOW, NOW + timedelta(days=300), None))


def role(name: str) -> str:
    """The id of a built-in role."""
    [guid] = [guid for guid, one in built_in().items() if one["roleName"] == name]
    return f"/providers/microsoft.authorization/roledefinitions/{guid}"


def assignment(
    name: str, principal: str, scope: str = VAULT, *, kind: str = "ServicePrincipal", **more: Any
) -> dict[str, Any]:
    """A role assignment, as ARM answers it; `more` are other properties, as its condition."""
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{principal}-{name.replace(' ', '-')}"
    return {
        "id": id_,
        "properties": {
            "roleDefinitionId": role(name),
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            **more,
        },
    }


SERVICE = assignment("Key Vault Crypto Service Encryption User", PRINCIPAL)
DEFINITIONS = tuple(
    (f"/providers/microsoft.authorization/roledefinitions/{guid}", {"properties": one})
    for guid, one in built_in().items()
)


def exemplary() -> Facts:
    """All is as it should be."""
    workspace = Workspace(REF, copy.deepcopy(DOCUMENT))
    return Facts(
        workspace,
        key_of(workspace),
        identity_of(workspace),
        "",
        accounts={ACCOUNT: Read({"properties": {"encryption": {"keySource": "Microsoft.Keyvault"}}})},
        computes=Read([{"name": "aks", "properties": {"computeType": "Kubernetes"}}]),
        registry=Read({"sku": {"name": "Premium"}, "properties": {"encryption": {"status": "enabled"}}}),
        insights=Read({"properties": {"WorkspaceResourceId": LOGS}}),
        logs=Read({"properties": {"features": {"clusterResourceId": "cluster"}}}),
        cluster=Read({"id": "cluster", "properties": {"keyVaultProperties": {"keyName": "k"}}}),
        vault=Read(copy.deepcopy(VAULT_DOCUMENT)),
        key=Read(KEY),
        newest=Read(KEY),
        rotation=Read(Rotation(before_expiry="P30D")),
        wraps=Read(True),
        on_vault=Read([SERVICE, assignment("Key Vault Crypto Officer", OFFICER)]),
        on_workspace=Read([assignment("AzureML Data Scientist", SCIENTIST, REF.id)]),
        of_identity=Read({SERVICE["id"].lower()}),
        definitions=DEFINITIONS,
    )


def with_vault(facts: Facts, **properties: Any) -> Facts:
    """With other properties of the vault."""
    document: dict[str, Any] = copy.deepcopy(facts.vault.value or {})
    document["properties"] |= properties
    return replace(facts, vault=Read(document))


def with_workspace(facts: Facts, **properties: Any) -> Facts:
    """With other properties of the workspace."""
    document: dict[str, Any] = copy.deepcopy(facts.workspace.document)
    document["properties"] |= properties
    workspace = Workspace(REF, document)
    return replace(facts, workspace=workspace, key_ref=key_of(workspace), identity=identity_of(workspace))


def with_version(facts: Facts, **changed: Any) -> Facts:
    """With another state of the key's version in use."""
    key = replace(KEY, version=replace(KEY.version, **changed))
    return replace(facts, key=Read(key), newest=Read(key))


def with_roles(facts: Facts, *more: dict[str, Any], own: bool = True) -> Facts:
    """With more role assignments on the vault, of its identity with `own`."""
    ids = {str(one["id"]).lower() for one in more} if own else set()
    return replace(
        facts,
        on_vault=Read([*(facts.on_vault.value or ()), *more]),
        of_identity=Read((facts.of_identity.value or set()) | ids),
    )
