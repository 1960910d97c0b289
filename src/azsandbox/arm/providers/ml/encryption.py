"""Customer-managed keys of a workspace: what is refused when it is created, and what may change later."""

from __future__ import annotations

import re
import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, provider
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

_KEY = re.compile(r"^https://([^./]+)\.vault\.azure\.net(?::443)?/keys/([^/]+)(?:/([^/]+))?/?$", re.IGNORECASE)


def refused(call: Call, location: str, message: str, status: int = 400) -> ArmError:
    """`(BadRequest) <message>`, in the workspace provider's shape; only the text is recorded [I]."""
    return provider(status, "BadRequest", message, region=location, ticks=call.tick())


def checked_encryption(call: Call, properties: dict[str, Any], location: str) -> dict[str, Any] | None:
    """`encryption` of a new workspace as it is kept, or None.

    Raises ArmError 400 unless the vault is there, in the same subscription and region, with soft delete and
    purge protection (azure-facts §1.3).
    """
    encryption = object_of(properties, "encryption")
    if not encryption or encryption.get("status", "Enabled") != "Enabled":
        return None
    key = object_of(encryption, "keyVaultProperties")
    vault_id, identifier = str(key.get("keyVaultArmId") or ""), str(key.get("keyIdentifier") or "")
    if not vault_id or not identifier:
        raise refused(call, location, "keyVaultArmId and keyIdentifier are required to encrypt a workspace.")
    _check_vault(call, vault_id, identifier, location)
    kept = dict(encryption) | {"status": "Enabled"}
    kept["keyVaultProperties"] = {
        "keyVaultArmId": vault_id,
        "keyIdentifier": identifier,
        "identityClientId": key.get("identityClientId"),
    }
    return kept


def _check_vault(call: Call, vault_id: str, identifier: str, location: str) -> None:
    # Only the text on purge protection is the service's own; the others are ours [I].
    if vault_id.split("/")[2:3] != [call.subscription] and (
        vault_id.lower().split("/")[2:3] != [call.subscription.lower()]
    ):
        raise refused(call, location, "The CMK keyvault must be in the same subscription as the workspace.")
    vault = call.context.store.get(vault_id.lower())
    if vault is None:
        raise refused(call, location, f"The CMK keyvault '{vault_id}' was not found.")
    if vault.document["location"] != location:
        raise refused(call, location, "The CMK keyvault must be in the same region as the workspace.")
    if vault.properties.get("enableSoftDelete") is False:
        raise refused(call, location, "CMK workspaces should have soft delete enabled on their CMK keyvault.")
    if vault.properties.get("enablePurgeProtection") is not True:
        raise refused(call, location, "CMK workspaces should have purge protection enabled on their CMK keyvault.")
    match = _KEY.match(identifier)
    if match is None or match[1].lower() != vault.name.lower():
        raise refused(
            call, location, f"The key identifier '{identifier}' is not a key of the vault '{vault.name}'."
        )


def changed_encryption(call: Call, sent: dict[str, Any], old: Record) -> dict[str, Any] | None:
    """`encryption` after a PATCH or a second PUT: only the key identifier may change, within its vault.

    Raises ArmError 400 for a workspace without customer-managed keys, another vault, or switching off [I].
    """
    kept: dict[str, Any] | None = old.properties.get("encryption")
    encryption = object_of(sent, "encryption")
    location = str(old.document["location"])
    if not encryption:
        return kept
    if kept is None:
        if encryption.get("status") == "Disabled":
            return None
        raise refused(call, location, "Encryption settings cannot be updated for an existing workspace.")
    if encryption.get("status", "Enabled") != "Enabled":
        raise refused(call, location, "Encryption settings cannot be updated for an existing workspace.")
    key = object_of(encryption, "keyVaultProperties")
    now = kept["keyVaultProperties"]
    if str(key.get("keyVaultArmId") or now["keyVaultArmId"]).lower() != now["keyVaultArmId"].lower():
        raise refused(call, location, "The CMK keyvault cannot be changed for an existing workspace.")
    identifier = str(key.get("keyIdentifier") or now["keyIdentifier"])
    if identifier != now["keyIdentifier"]:
        _check_vault(call, now["keyVaultArmId"], identifier, location)
    return {**kept, "keyVaultProperties": {**now, "keyIdentifier": identifier}}


def managed_group(name: str) -> str:
    """The name of the resource group that a workspace with classic encryption gets (azure-facts §1.4)."""
    return f"azureml-rg-{name}_{uuid.uuid4()}"
