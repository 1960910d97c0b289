"""Microsoft.KeyVault: vaults' control plane, with the rules of soft delete and purge protection."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.kinds import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind


@register
class Vaults(TrackedKind):
    """`Microsoft.KeyVault/vaults`."""

    type = "Microsoft.KeyVault/vaults"
    created_status = 200
    shows_system_data = True

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds soft delete (on, 90 days) and the vault's address; purge protection cannot be taken back."""
        before = old.properties if old else {}
        protection = properties.get("enablePurgeProtection", before.get("enablePurgeProtection"))
        if protection is False:
            raise gateway(
                400,
                "BadRequest",
                'The property "enablePurgeProtection" cannot be set to false. '
                "Enabling the purge protection for a vault is an irreversible action.",
            )
        defaults = {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": call.principal.tenant_id,
            "accessPolicies": [],
            "enabledForDeployment": False,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enableRbacAuthorization": False,
        }
        return {
            **defaults,
            **{name: before[name] for name in before if name not in properties},
            **{name: value for name, value in properties.items() if value is not None},
            "vaultUri": f"https://{call.name.lower()}.vault.azure.net/",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": properties.get("publicNetworkAccess")
            or before.get("publicNetworkAccess")
            or "Enabled",
        }
