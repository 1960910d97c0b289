"""The container registry: Premium, and under the key from its creation or never."""

from __future__ import annotations

from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import key_id
from amlmigrate.core.spelling import plain_region
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import RegistryWanted, WantedWorkspace, same


class RegistryPart(ProvisioningPart):
    """Named without the key's version, so that it follows the key's rotation."""

    what = "container registry"
    kind = "registry"
    worldwide = True
    awaits_grants = True

    def __init__(self, wanted: WantedWorkspace, registry: RegistryWanted, vault_uri: str) -> None:
        self.id, self._all, self.wanted = registry.id, wanted, registry
        self._key = f"{vault_uri}/keys/{wanted.key.name}"

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made, left, or refused: a registry cannot be put under a key later (AZ-KEY-10)."""
        if found is None:
            notes = ["Premium, under the key"]
            if not self.wanted.admin_user:
                notes.append("without an admin user the identity needs rights on it, such as AcrPull and AcrPush")
            return self.create(self._body(known), *notes)
        reasons = self._unfit(found)
        if reasons:
            return self.refuse(*reasons)
        closed = same(properties_of(found).get("publicNetworkAccess"), "Disabled")
        if self.wanted.public_access == "Disabled" and not closed:
            change = {"properties": {"publicNetworkAccess": "Disabled"}}
            return self.update(change, "public network access is switched off")
        stays = (
            ["public network access stays switched off"]
            if closed and self.wanted.public_access == "Enabled"
            else []
        )
        admin = bool(properties_of(found).get("adminUserEnabled"))
        if admin != self.wanted.admin_user:
            stays.append(f"its admin user stays switched {'on' if admin else 'off'}")
        return self.exists(*stays)

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """Its key."""
        if step.verb is not DesiredVerb.CREATE:
            return ()
        return (f"the container registry '{name_of(self.id)}': its key is chosen at its creation only",)

    def _body(self, known: KnownValues) -> Document:
        return {
            "location": self._all.location,
            "tags": dict(self._all.tags),
            "sku": {"name": "Premium"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self._all.identity.id: {}}},
            "properties": {
                "adminUserEnabled": self.wanted.admin_user,
                "publicNetworkAccess": self.wanted.public_access or "Enabled",
                "encryption": {
                    "status": "enabled",
                    "keyVaultProperties": {"identity": known.client_id, "keyIdentifier": self._key},
                },
            },
        }

    def _unfit(self, found: Document) -> list[str]:
        reasons = []
        if plain_region(str(found.get("location", ""))) != self._all.location:
            reasons.append(f"It is in {found.get('location')}, the workspace in {self._all.location}.")
        encryption = properties_of(found).get("encryption") or {}
        if not same(encryption.get("status"), "enabled"):
            return [*reasons, "It is not under a customer's key, which a registry is given at creation only."]
        named = (encryption.get("keyVaultProperties") or {}).get("keyIdentifier")
        there, wanted = key_id(named), key_id(self._key)
        if there is None or wanted is None or there.key != wanted.key:
            reasons.append(f"It is under another key, {named}.")
        return reasons
