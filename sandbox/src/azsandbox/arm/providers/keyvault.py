"""Microsoft.KeyVault: vaults' control plane, with soft delete and purge protection."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.keystore.keys import vault_term
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.logs import notices
from azsandbox.arm.policy.exemptions import EXEMPTIONS
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind
from azsandbox.messages import Response


@register
class Vaults(TrackedKind):
    """`Microsoft.KeyVault/vaults`; a deleted one keeps its name until it is purged."""

    type = "Microsoft.KeyVault/vaults"
    created_status = 200
    shows_system_data = True

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds soft delete (on, 90 days) and the vault's address; purge protection cannot be taken back."""
        before = old.properties if old else {}
        if old is None:
            self._check_name(call, properties)
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
            "publicNetworkAccess": "Enabled",
        }
        sent = {name: value for name, value in properties.items() if value is not None and name != "createMode"}
        address = {"vaultUri": f"https://{call.name.lower()}.vault.azure.net/", "provisioningState": "Succeeded"}
        return {**defaults, **before, **sent, **address}

    def _check_name(self, call: Call, properties: dict[str, Any]) -> None:
        """Names are the world's; `createMode: recover` takes a deleted vault of that name and place back."""
        gone = self.context.store.find_gone(vault_term(call.name))
        if gone is not None and gone.key == call.route.key and properties.get("createMode") == "recover":
            properties.update({**gone.properties, **properties})
            return
        if gone is not None:
            raise gateway(
                409,
                "ConflictError",
                "A vault with the same name already exists in deleted state. You need to either recover or purge "
                "existing key vault.",
            )
        if any(other.key != call.route.key for other in self.context.store.find(vault_term(call.name))):
            raise gateway(
                409,
                "VaultAlreadyExists",
                f"The vault name '{call.name}' is already in use. Vault names are globally unique so it is "
                "possible that the name is already taken.",
            )

    async def written(self, call: Call, record: Record, old: Record | None) -> None:
        """Found by its name; the vault's log has what is done to it."""
        record.terms = (vault_term(record.name),)
        recovered = old is None and self.context.store.get_gone(record.key) is not None
        operation = "VaultRecover" if recovered else "VaultPatch" if call.request.method == "PATCH" else "VaultPut"
        notices.changed(self.context, record, call.principal, operation)
        if old is not None and old.properties["accessPolicies"] != record.properties["accessPolicies"]:
            notices.policies_changed(self.context, record)

    async def delete(self, call: Call) -> Response:
        """200; the vault can be recovered or purged."""
        record = self.find(call)
        if record is None:
            return Response(204)
        notices.changed(self.context, record, call.principal, "VaultDelete")
        self.hide(record)
        return Response(200)

    def hide(self, record: Record) -> None:
        """Deletes a vault so that it can be recovered, with its keys."""
        record.gone = True
        record.hidden["deleted"] = self.context.clock.tick()
        self.context.store.put(record)
        # Inferred (AZ-POLICY-16): exemptions do not come back with it.
        self.context.store.remove(*self.context.store.children(record.key, EXEMPTIONS))

    async def removing(self, call: Call, record: Record) -> None:
        """A vault whose group goes is deleted as any other: its keys can be recovered."""
        if not record.gone:
            self.hide(record)


@register
class VaultLocations(Kind):
    """The level above deleted vaults; nothing is stored of it."""

    type = "Microsoft.KeyVault/locations"
    implied = True


@register
class DeletedVaults(Kind):
    """`locations/{region}/deletedVaults/{name}`."""

    type = "Microsoft.KeyVault/locations/deletedVaults"

    def missing(self, call: Call) -> ArmError:
        """404 `DeletedVaultNotFound`: code and words as users of the CLI quote them (AZ-ABSENT-9)."""
        message = f"The specified deleted vault '{call.name}' does not exist."
        return gateway(404, "DeletedVaultNotFound", message)

    def find(self, call: Call) -> Record | None:
        """The deleted vault of that name."""
        return self.context.store.find_gone(vault_term(call.name))

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """As the service lists deleted vaults."""
        region, deleted = record.document["location"], record.hidden["deleted"]
        base = f"/subscriptions/{call.subscription}/providers/{self.type.split('/')[0]}"
        properties = {
            "vaultId": record.id,
            "location": region,
            "deletionDate": tracked_time(deleted),
            "purgeProtectionEnabled": record.properties.get("enablePurgeProtection", False),
        }
        id_ = f"{base}/locations/{region}/deletedVaults/{record.name}"
        return {
            "id": id_,
            "name": record.name,
            "type": "Microsoft.KeyVault/deletedVaults",
            "properties": properties,
        }

    @action("POST", "purge")
    async def purge(self, call: Call) -> Response:
        """200; refused with purge protection."""
        record = self.require(call)
        if record.properties.get("enablePurgeProtection"):
            raise gateway(400, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed on this vault.")
        self.context.store.remove(*self.context.store.below(record.key), record)
        return Response(200)


@register
class AllDeletedVaults(DeletedVaults):
    """`deletedVaults` of a subscription."""

    type = "Microsoft.KeyVault/deletedVaults"

    async def list(self, call: Call) -> Response:
        """All of them."""
        vaults = self.context.store.gone_of_type(Vaults.type.lower(), call.route.parent)
        return answer(200, {"value": [self.view(call, record) for record in vaults]})
