"""Microsoft.ContainerRegistry: registries, stored; a customer's key is a thing of their creation."""

from __future__ import annotations

from typing import Any

from azsandbox.arm import following
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.customerkeys import parsed, principal_of
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind


def _is_on(properties: dict[str, Any]) -> bool:
    return str((properties.get("encryption") or {}).get("status")).lower() == "enabled"


@register
class Registries(TrackedKind):
    """`Microsoft.ContainerRegistry/registries`."""

    type = "Microsoft.ContainerRegistry/registries"
    shows_system_data = True

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Adds the login server and what a new registry has switched off."""
        before = old.properties if old else {}
        return {
            "adminUserEnabled": False,
            "publicNetworkAccess": "Enabled",
            **properties,
            "encryption": self._encryption(call, properties, old),
            "loginServer": f"{call.name.lower()}.azurecr.io",
            "creationDate": before.get("creationDate") or tracked_time(call.tick()),
            "provisioningState": "Succeeded",
        }

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With the version of its key that is in use by now."""
        return {**record.document, "properties": {**record.properties, "encryption": self._now(record)}}

    def _now(self, record: Record) -> dict[str, Any]:
        encryption: dict[str, Any] = record.properties["encryption"]
        key = encryption.get("keyVaultProperties") or {}
        if not key.get("keyIdentifier"):
            return encryption
        told = following.shown(
            self.context, key["keyIdentifier"], key, following.REGISTRY_SHOWN, following.REGISTRY_SECONDS
        )
        return {**encryption, "keyVaultProperties": told}

    def _encryption(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As sent, or as it was; the service adds the version in use, since when, and whether it follows."""
        before: dict[str, Any] = self._now(old) if old else {"status": "disabled"}
        sent: dict[str, Any] = properties.get("encryption") or before
        key = sent.get("keyVaultProperties") or {}
        identifier = str(key.get("keyIdentifier") or "")
        if not identifier:
            return sent
        known = before.get("keyVaultProperties") or {}
        was, now = str(known.get("keyIdentifier") or ""), tracked_time(call.tick())
        told = following.written(self.context, identifier, key, was, known, following.REGISTRY_SHOWN, now)
        name = parsed(identifier)
        told["keyRotationEnabled"] = name is not None and not name.version
        return {**sent, "keyVaultProperties": told}

    async def written(self, call: Call, record: Record, old: Record | None) -> None:
        """A customer's key needs Premium, an identity with rights, and a new registry (AZ-KEY-10).

        Raises ArmError 400 or 403; the texts are ours (AZ-LOCAL-2).
        """
        if old is not None and _is_on(record.properties) != _is_on(old.properties):
            raise _refused("Encryption can only be set when the registry is created.")
        if not _is_on(record.properties):
            return
        if str((record.document.get("sku") or {}).get("name")).lower() != "premium":
            raise _refused("Encryption with a customer-managed key needs the Premium SKU.")
        key = record.properties["encryption"].get("keyVaultProperties") or {}
        users = (record.document.get("identity") or {}).get("userAssignedIdentities") or {}
        if not key.get("keyIdentifier") or (not key.get("identity") and not users):
            raise _refused("Encryption needs keyIdentifier and a user-assigned identity.")
        who = principal_of(self.context, record.document, None, key.get("identity"))
        trouble = self.context.keys.taken(str(key["keyIdentifier"]), who)
        if trouble is not None:
            message = f"The key '{key['keyIdentifier']}' cannot be used: {trouble.text}."
            raise gateway(403, "KeyVaultAccessForbidden", message)


def _refused(message: str) -> ArmError:
    return gateway(400, "CmkNotSupported", message)
