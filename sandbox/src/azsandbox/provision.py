"""Makes workspaces and the Azure resources they need, by ARM bodies (AZ-KEY-20)."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from azsandbox.client import Client
from azsandbox.messages import OWNER_OBJECT_ID, TENANT_ID

LOCATION = "eastus2"
_GROUPS = "2022-09-01"
_STORAGE = "2023-05-01"
_VAULTS = "2023-07-01"
_IDENTITIES = "2023-01-31"
_ROLES = "2022-04-01"
_WORKSPACES = "2025-12-01"
_WITH_GROUP_FLAG = "2024-10-01-preview"  # knows `allowRoleAssignmentOnRG`, which later ones do not
_KEYS = "7.4"
_DAY = 86400
WORKSPACES = "providers/Microsoft.MachineLearningServices/workspaces"

# Built-in roles (learn.microsoft.com/azure/role-based-access-control/built-in-roles).
KEY_VAULT_CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
KEY_VAULT_SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
KEY_VAULT_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
STORAGE_BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
STORAGE_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR = "69566ab7-960f-475b-8e7c-b3118f30c6bd"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user-assigned identity: ARM id, principal (object) id, client id."""

    id: str
    principal_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key version in a vault: the vault's ARM id and the versioned key URL."""

    vault_id: str
    url: str


async def group(azure: Client, name: str, *, location: str = LOCATION) -> str:
    """A resource group; its ARM id."""
    path = f"{azure.subscription}/resourceGroups/{name}"
    await azure.arm("PUT", path, _GROUPS, {"location": location})
    return path


async def storage_account(
    azure: Client, group_id: str, name: str, *, key: Key | None = None, identity: Identity | None = None
) -> str:
    """A storage account, under a customer's key where one is given (needs the identity too); its ARM id."""
    path = f"{group_id}/providers/Microsoft.Storage/storageAccounts/{name}"
    body: dict[str, Any] = {
        "location": LOCATION,
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "allowBlobPublicAccess": False,
        },
    }
    if key is not None and identity is not None:
        body["identity"] = _assigned(identity)
        body["properties"]["encryption"] = _storage_encryption(key, identity)
    await azure.arm("PUT", path, _STORAGE, body)
    return path


async def encryption_scope(
    azure: Client, account_id: str, name: str, *, key: Key | None = None, state: str = "Enabled"
) -> dict[str, Any]:
    """An encryption scope of an account, or a change of it: under a customer's key, else under Microsoft's."""
    properties: dict[str, Any] = {"source": "Microsoft.KeyVault" if key else "Microsoft.Storage", "state": state}
    if key:
        properties["keyVaultProperties"] = {"keyUri": key.url}
    path = f"{account_id}/encryptionScopes/{name}"
    document: dict[str, Any] = await azure.arm("PUT", path, _STORAGE, {"properties": properties})
    return document


def _assigned(identity: Identity, *, kind: str = "UserAssigned") -> dict[str, Any]:
    return {"type": kind, "userAssignedIdentities": {identity.id: {}}}


def _storage_encryption(key: Key, identity: Identity) -> dict[str, Any]:
    address, _, version = key.url.rpartition("/")
    uri, _, name = address.rpartition("/keys/")
    service = {"enabled": True, "keyType": "Account"}
    return {
        "keySource": "Microsoft.Keyvault",
        "identity": {"userAssignedIdentity": identity.id},
        "keyvaultproperties": {"keyvaulturi": uri, "keyname": name, "keyversion": version},
        "services": {"blob": service, "file": service},
    }


async def vault(azure: Client, group_id: str, name: str, *, purge_protection: bool = True) -> str:
    """A key vault with Azure RBAC and an owner; its ARM id. Without purge protection no workspace takes it."""
    path = f"{group_id}/providers/Microsoft.KeyVault/vaults/{name}"
    properties: dict[str, Any] = {
        "tenantId": TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
    }
    if purge_protection:  # the service takes no false here
        properties["enablePurgeProtection"] = True
    tags = {"owner": "ml-platform", "contact": "ml-platform@contoso.com"}
    await azure.arm("PUT", path, _VAULTS, {"location": LOCATION, "tags": tags, "properties": properties})
    return path


async def key(
    azure: Client, vault_id: str, name: str, *, size: int = 3072, days: int | None = None, rotates: bool = False
) -> Key:
    """A new RSA key (or a new version of it) in a vault that the caller may write keys to.

    It expires in `days`, and with `rotates` it is rotated a month before its versions do, which is each year.
    """
    host = f"https://{vault_id.rpartition('/')[2].lower()}.vault.azure.net"
    url = f"{host}/keys/{name}/create?api-version={_KEYS}"
    body: dict[str, Any] = {
        "kty": "RSA",
        "key_size": size,
        "key_ops": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
    }
    if days is not None:
        body["attributes"] = {"exp": int(time.time()) + days * _DAY}
    _, _, text = await azure.send("POST", url, "https://vault.azure.net", json=body)
    if rotates:
        action = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Rotate"}}
        policy = {"lifetimeActions": [action], "attributes": {"expiryTime": "P1Y"}}
        url = f"{host}/keys/{name}/rotationpolicy?api-version={_KEYS}"
        await azure.send("PUT", url, "https://vault.azure.net", json=policy)
    return Key(vault_id, json.loads(text)["key"]["kid"])


async def identity(azure: Client, group_id: str, name: str) -> Identity:
    """A user-assigned identity."""
    path = f"{group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    made = await azure.arm("PUT", path, _IDENTITIES, {"location": LOCATION})
    return Identity(path, made["properties"]["principalId"], made["properties"]["clientId"])


async def assign(
    azure: Client, scope: str, role: str, principal_id: str, *, kind: str = "ServicePrincipal"
) -> str:
    """A role assignment on a scope; the same one again changes nothing. Its ARM id."""
    name = uuid.uuid5(uuid.UUID(role), f"{scope.lower()} {principal_id}")
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    definition = f"{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": principal_id, "principalType": kind}
    await azure.arm("PUT", path, _ROLES, {"properties": properties}, accept=(409,))
    return path


async def workspace(
    azure: Client,
    group_id: str,
    name: str,
    *,
    storage_id: str,
    vault_id: str,
    key: Key | None = None,
    identity: Identity | None = None,
    **properties: Any,
) -> dict[str, Any]:
    """A workspace; with a key, one under that key by service-side encryption. Its ARM document.

    Beside a user-assigned identity it has its own too; that gets no right on the group, where keys may lie.
    """
    path = f"{group_id}/{WORKSPACES}/{name}"
    body: dict[str, Any] = {
        "location": LOCATION,
        "kind": "Default",
        "identity": {"type": "SystemAssigned"}
        if identity is None
        else _assigned(identity, kind="SystemAssigned,UserAssigned"),
        "properties": {
            "friendlyName": name,
            "storageAccount": storage_id,
            "keyVault": vault_id,
            "allowRoleAssignmentOnRG": False,
            **properties,
        },
    }
    if identity is not None:
        body["properties"]["primaryUserAssignedIdentity"] = identity.id
    if key is not None:
        body["properties"] |= {
            "enableServiceSideCMKEncryption": True,
            "encryption": _encryption(key, identity),
        }
    await azure.arm("PUT", path, _WITH_GROUP_FLAG, body)
    document: dict[str, Any] = await azure.arm("GET", path, _WORKSPACES)
    return document


def _encryption(key: Key, identity: Identity | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "status": "Enabled",
        "keyVaultProperties": {"keyVaultArmId": key.vault_id, "keyIdentifier": key.url},
    }
    if identity is not None:
        document["identity"] = {"userAssignedIdentity": identity.id}
    return document


@dataclass(frozen=True, slots=True)
class Pair:
    """A source workspace under Microsoft's keys and a target under a customer's: their ARM documents."""

    source: dict[str, Any]
    target: dict[str, Any]


async def pair(azure: Client, group_name: str, source: str, target: str, *, suffix: str = "") -> Pair:
    """Group, accounts, vault, key, identity and both workspaces; `suffix` keeps global names apart."""
    group_id = await group(azure, group_name)
    for role in (
        STORAGE_BLOB_DATA_CONTRIBUTOR,
        STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR,
        KEY_VAULT_CRYPTO_OFFICER,
        KEY_VAULT_SECRETS_OFFICER,
    ):
        await assign(azure, group_id, role, OWNER_OBJECT_ID)
    plain = f"{source}{suffix}".replace("-", "")[:24]
    first, second = await asyncio.gather(
        plain_workspace(azure, group_id, source, plain),
        _encrypted_workspace(azure, group_id, target, f"{target}{suffix}".replace("-", "")[:24]),
    )
    return Pair(first, second)


async def plain_workspace(azure: Client, group_id: str, name: str, account: str) -> dict[str, Any]:
    """A workspace under Microsoft's key, with an account and a vault of its own. Its ARM document."""
    storage_id, vault_id = await asyncio.gather(
        storage_account(azure, group_id, account), vault(azure, group_id, f"{account[:21]}-kv")
    )
    return await workspace(azure, group_id, name, storage_id=storage_id, vault_id=vault_id)


async def _encrypted_workspace(azure: Client, group_id: str, name: str, account: str) -> dict[str, Any]:
    vault_id, user = await asyncio.gather(
        vault(azure, group_id, f"{account[:21]}-kv"), identity(azure, group_id, f"{name}-identity")
    )
    await assign(azure, vault_id, KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER, user.principal_id)
    made = await key(azure, vault_id, f"{name}-key", days=365, rotates=True)
    storage_id = await storage_account(azure, group_id, account, key=made, identity=user)
    for role in (STORAGE_BLOB_DATA_CONTRIBUTOR, STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR):
        await assign(azure, storage_id, role, user.principal_id)
    return await workspace(
        azure, group_id, name, storage_id=storage_id, vault_id=vault_id, key=made, identity=user
    )
