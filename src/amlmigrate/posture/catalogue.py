"""The claims that are made of a workspace, by name: what each says and what it comes to while it is not proven."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of claim; `severity` in words, `read` is the action that proving it takes."""

    name: str
    says: str
    severity: str
    read: str


_ARM_READ = {
    "vault": "Microsoft.KeyVault/vaults/read",
    "roles": "Microsoft.Authorization/roleAssignments/read, Microsoft.Authorization/roleDefinitions/read",
}
_KEY_READ = "Microsoft.KeyVault/vaults/keys/read (data)"

CATALOGUE = (
    Entry(
        "encryption.status",
        "the workspace says that it stands under a customer's key",
        "error",
        "Microsoft.MachineLearningServices/workspaces/read",
    ),
    Entry(
        "encryption.flavour",
        "service-side, or classic with a managed resource group of its own: recorded, either is good",
        "information",
        "Microsoft.MachineLearningServices/workspaces/read",
    ),
    Entry(
        "vault.place",
        "the vault is there, in the workspace's subscription and region",
        "error",
        _ARM_READ["vault"],
    ),
    Entry("vault.softDelete", "what is deleted from the vault can be recovered", "error", _ARM_READ["vault"]),
    Entry("vault.purgeProtection", "and nobody can purge it before its time", "error", _ARM_READ["vault"]),
    Entry("key.type", "the key is RSA or RSA-HSM", "error", _KEY_READ),
    Entry("key.size", "it has 3072 bits or more", "error below 2048 bits, else warning", _KEY_READ),
    Entry("key.enabled", "its version in use is enabled and valid by now", "error", _KEY_READ),
    Entry(
        "key.expiry",
        "the version in use expires, but not within 30 days",
        "error when it has expired, else warning",
        _KEY_READ,
    ),
    Entry(
        "key.rotation",
        "the key has a rotation policy",
        "warning",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/read (data)",
    ),
    Entry("key.version", "the workspace uses the key's newest version", "warning", _KEY_READ),
    Entry(
        "key.wraps",
        "bytes wrapped with the key and unwrapped again are the same",
        "error when they are not; information when the caller may not try",
        "Microsoft.KeyVault/vaults/keys/wrap/action, Microsoft.KeyVault/vaults/keys/unwrap/action (data)",
    ),
    Entry(
        "identity.rights",
        "the workspace's identity may get, wrap and unwrap the key",
        "error; warning for classic encryption",
        _ARM_READ["roles"],
    ),
    Entry(
        "identity.least",
        "and has no other right on the vault: a claim for each role or policy that gives more",
        "warning",
        _ARM_READ["roles"],
    ),
    Entry(
        "storage.encryption",
        "the storage account stands under a customer's key",
        "error",
        "Microsoft.Storage/storageAccounts/read",
    ),
    Entry(
        "registry.encryption",
        "the container registry is Premium and under a customer's key",
        "warning; information without a registry",
        "Microsoft.ContainerRegistry/registries/read",
    ),
    Entry(
        "logs.encryption",
        "Application Insights keeps its data in a Log Analytics cluster under a customer's key",
        "warning",
        "Microsoft.Insights/components/read, Microsoft.OperationalInsights/workspaces/read,"
        " Microsoft.OperationalInsights/clusters/read",
    ),
    Entry(
        "computes.disks",
        "there are no computes: their OS disks are never under a customer's key",
        "warning",
        "Microsoft.MachineLearningServices/workspaces/computes/read",
    ),
    Entry(
        "duties.separate",
        "nobody who may manage the key may also write to the workspace",
        "warning",
        _ARM_READ["roles"],
    ),
)
