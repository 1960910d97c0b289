"""What the claims on rights share: the actions that prove them, and words for what is not known. Pure."""

from __future__ import annotations

from amlmigrate.core.armid import name_of
from amlmigrate.core.claim import Claim
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.identities import WorkspaceIdentity

_AUTHORIZATION = "Microsoft.Authorization"
READ_VAULT = "Microsoft.KeyVault/vaults/read"
READ_ROLES = f"{_AUTHORIZATION}/roleAssignments/read"
READ_DEFINITIONS = f"{_AUTHORIZATION}/roleDefinitions/read"
READ_DENIALS = f"{_AUTHORIZATION}/denyAssignments/read"
READ_SCHEDULES = f"{_AUTHORIZATION}/roleAssignmentScheduleInstances/read"
READ_ELIGIBLE = f"{_AUTHORIZATION}/roleEligibilityScheduleInstances/read"
# AZ-PIM-5.
READ_RULES = f"{_AUTHORIZATION}/roleManagementPolicyAssignments/read"
READ_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
THE_ROLES = "the role assignments on the vault"
THE_DENIALS = "the deny assignments on the vault"
THE_SCHEDULES = "whether a role on the vault ends (Privileged Identity Management)"
THE_ELIGIBLE = "who may activate a role (Privileged Identity Management)"
SERVICE_ROLE = "Key Vault Crypto Service Encryption User"


def unknown(name: str, ref: KeyRef, why: str) -> Claim:
    """A claim that what was read does not settle."""
    return Claim(
        name,
        None,
        "warning",
        ref.vault_id,
        f"Not shown: {why}.",
        f"Check who may use the key: az role assignment list --scope {ref.vault_id} --include-inherited, az"
        f" keyvault show --name {vault_name(ref)}",
    )


def policy_command(ref: KeyRef, identity: WorkspaceIdentity, more: str = "") -> str:
    """The command that gives an identity the access policy it needs; `more` are other permissions to set."""
    return (
        f"az keyvault set-policy --name {vault_name(ref)} --object-id {identity.principal_id}"
        f" --key-permissions get wrapKey unwrapKey{more}"
    )


def vault_name(ref: KeyRef) -> str:
    """The vault's own name."""
    return name_of(ref.vault_id)
