"""The claims that are made of a workspace, by name: what each says and what it comes to while it does not hold."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.workspace import DATASTORES
from amlmigrate.posture.facts import DISKS
from amlmigrate.posture.storage import READ_CONTAINER

_WARNING, _ERROR, _INFORMATION = "warning", "error", "information"


@dataclass(frozen=True, slots=True)
class ClaimKind:
    """One kind of claim: what it comes to, in words, when it is `refuted` and when it is `unread`.

    `read` is the action that it takes to know. Before a source is removed what is `demanded` has to be known.
    """

    name: str
    says: str
    refuted: str
    read: str
    unread: str = _WARNING
    demanded: bool = False


# Whoever cannot read the workspace is told so, and no claim is made.
_ENDS = "exit code 6"
_WORKSPACE = "Microsoft.MachineLearningServices/workspaces/read"
_DATASTORES = f"Microsoft.MachineLearningServices/workspaces/{DATASTORES}/read"
_VAULT = "Microsoft.KeyVault/vaults/read"
_KEY = "Microsoft.KeyVault/vaults/keys/read (data), or without data Microsoft.KeyVault/vaults/keys/versions/read"
_NEWEST = "Microsoft.KeyVault/vaults/keys/read (data or not)"
_AUTHORIZATION = "Microsoft.Authorization"
_ROLES = f"{_AUTHORIZATION}/roleAssignments/read, {_AUTHORIZATION}/roleDefinitions/read"
_DENIALS = f"{_AUTHORIZATION}/denyAssignments/read"

CATALOGUE = (
    ClaimKind(
        "encryption.status",
        "Azure reports the workspace under a customer's key",
        _ERROR,
        _WORKSPACE,
        unread=_ENDS,
    ),
    ClaimKind(
        "encryption.flavour",
        "service-side, or classic with a managed resource group: recorded, both are fine",
        _INFORMATION,
        _WORKSPACE,
        unread=_ENDS,
    ),
    ClaimKind(
        "vault.place",
        "the vault exists, in the workspace's subscription and region",
        _ERROR,
        _VAULT,
        demanded=True,
    ),
    ClaimKind(
        "vault.softDelete", "what is deleted from the vault can be recovered", _ERROR, _VAULT, demanded=True
    ),
    ClaimKind(
        "vault.purgeProtection", "and nobody can purge it before its retention ends", _ERROR, _VAULT, demanded=True
    ),
    ClaimKind("vault.owner", "its tags `owner` and `contact` say whose it is and whom to call", _WARNING, _VAULT),
    ClaimKind("key.type", "the key is RSA or RSA-HSM", _ERROR, _KEY, demanded=True),
    ClaimKind(
        "key.size", "it has 3072 bits or more", "error below 2048 bits, otherwise warning", _KEY, demanded=True
    ),
    ClaimKind("key.enabled", "its version in use is enabled and valid now", _ERROR, _KEY, demanded=True),
    ClaimKind(
        "key.expiry",
        "the version in use expires, but not within 30 days",
        "error if it has expired, otherwise warning",
        _KEY,
        demanded=True,
    ),
    ClaimKind(
        "key.pinned",
        "the workspace names no version of the key that expires: a rotation changes only what names no version",
        "warning, with the date; error if the version expires within 168 hours",
        _KEY,
        demanded=True,
    ),
    ClaimKind(
        "key.rotation",
        "the key has a rotation policy",
        _WARNING,
        "Microsoft.KeyVault/vaults/keyrotationpolicies/read (data), or without data"
        " Microsoft.KeyVault/vaults/keys/read",
    ),
    ClaimKind(
        "key.policy",
        "its type, size, validity and rotation policy are what the profile in its tag `key-profile` asks"
        " for, or stricter",
        "warning; information without the tag",
        f"{_KEY}, Microsoft.KeyVault/vaults/keyrotationpolicies/read (data)",
    ),
    ClaimKind("key.version", "the workspace uses the key's newest version", _WARNING, _NEWEST),
    ClaimKind(
        "key.wraps",
        "the vault wraps bytes with the key, and unwraps them to the same",
        _ERROR,
        "Microsoft.KeyVault/vaults/keys/wrap/action, Microsoft.KeyVault/vaults/keys/unwrap/action (data)",
        unread=_INFORMATION,
    ),
    ClaimKind(
        "identity.rights",
        "the identity that the encryption names may get, wrap and unwrap the key; no deny assignment takes that,"
        " and no role that gives it ends",
        "error; warning for classic encryption, and for a role that ends in more than 30 days",
        f"{_ROLES}, {_DENIALS}, {_AUTHORIZATION}/roleAssignmentScheduleInstances/read",
    ),
    ClaimKind(
        "identity.least",
        "no identity of the workspace has another right on the vault: a claim for each role or policy that gives"
        " more",
        _WARNING,
        _ROLES,
    ),
    ClaimKind(
        "storage.place",
        "the target's default datastores point to every container that the plan's bytes go to",
        _ERROR,
        _DATASTORES,
        unread=_ERROR,
    ),
    ClaimKind(
        "storage.encryption",
        "Azure reports each storage account that receives bytes under a customer's key",
        _ERROR,
        "Microsoft.Storage/storageAccounts/read",
        unread=_ERROR,
    ),
    ClaimKind(
        "storage.container",
        "and what is written to each container: by its default encryption scope, or else by the account's key",
        _ERROR,
        f"{READ_CONTAINER}, Microsoft.Storage/storageAccounts/encryptionScopes/read",
        unread="error; warning if the container does not exist",
        demanded=True,
    ),
    ClaimKind(
        "storage.blobs",
        "and each blob of the plan, by the encryption scope that Azure lists it with",
        _ERROR,
        "Microsoft.Storage/storageAccounts/encryptionScopes/read",
        unread="error; information if blobs are not listed",
    ),
    ClaimKind(
        "datastores.encryption",
        "Azure reports each other account that a datastore of the target points to under a customer's key",
        "warning; error for a workspace of the highest sensitivity",
        f"{_DATASTORES}, Microsoft.Storage/storageAccounts/read",
    ),
    ClaimKind(
        "registry.encryption",
        "the container registry is Premium and under a customer's key",
        "warning; information without a registry",
        "Microsoft.ContainerRegistry/registries/read",
    ),
    ClaimKind(
        "logs.encryption",
        "Application Insights keeps its data in a Log Analytics cluster under a customer's key",
        "warning; information without Application Insights",
        "Microsoft.Insights/components/read, Microsoft.OperationalInsights/workspaces/read,"
        " Microsoft.OperationalInsights/clusters/read",
    ),
    ClaimKind(
        "computes.disks",
        "there are no computes: their OS disks are never under a customer's key",
        _WARNING,
        ", ".join(DISKS.permissions.read),
    ),
    ClaimKind(
        "identity.recovery",
        "the workspace has a system-assigned identity, without which it cannot be recovered once it is deleted",
        _WARNING,
        _WORKSPACE,
        unread=_ENDS,
    ),
    ClaimKind(
        "duties.separate",
        "nobody who may manage the key, or may activate a role to, may also write to the workspace",
        _WARNING,
        f"{_ROLES}, {_DENIALS}, {_AUTHORIZATION}/roleEligibilityScheduleInstances/read",
    ),
    ClaimKind(
        "duties.approval",
        "nobody may manage the key but by a role that has to be activated, with approval",
        _WARNING,
        f"{_ROLES}, {_DENIALS}, {_AUTHORIZATION}/roleAssignmentScheduleInstances/read,"
        f" {_AUTHORIZATION}/roleEligibilityScheduleInstances/read,"
        f" {_AUTHORIZATION}/roleManagementPolicyAssignments/read",
    ),
)
DEMANDED = frozenset(entry.name for entry in CATALOGUE if entry.demanded)
