"""Customer-managed keys of a workspace: what is refused when it is created, and what may change later."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm import following
from azsandbox.arm.calls import Call
from azsandbox.arm.customerkeys import KeyName, Trouble, parsed, principal_of
from azsandbox.arm.errors import ArmError, provider
from azsandbox.arm.providers.ml import key_grants
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of

_CLASSIC_NEEDS = ("Microsoft.DocumentDB", "Microsoft.Search")


def refused(call: Call, location: str, message: str, status: int = 400) -> ArmError:
    """`(BadRequest) <message>`, in the workspace provider's shape; only the text is recorded (AZ-LOCAL-1)."""
    return provider(status, "BadRequest", message, region=location, ticks=call.tick())


def checked_encryption(
    call: Call, properties: dict[str, Any], location: str, identity: dict[str, Any] | None
) -> dict[str, Any] | None:
    """`encryption` of a new workspace as it is kept, or None.

    Raises ArmError 400 unless the vault is there, in the same subscription and region, with soft delete and
    purge protection, and the key is one that the workspace's identity can use (AZ-KEY-11, AZ-KEY-12).
    """
    encryption = object_of(properties, "encryption")
    if not encryption or encryption.get("status", "Enabled") != "Enabled":
        return None
    key = object_of(encryption, "keyVaultProperties")
    vault_id, identifier = str(key.get("keyVaultArmId") or ""), str(key.get("keyIdentifier") or "")
    if not vault_id or not identifier:
        raise refused(call, location, "keyVaultArmId and keyIdentifier are required to encrypt a workspace.")
    vault = _checked_vault(call, vault_id, location)
    name = _checked_key(call, vault, identifier, location)
    kept = dict(encryption) | {"status": "Enabled"}
    kept["keyVaultProperties"] = {
        "keyVaultArmId": vault_id,
        "keyIdentifier": identifier,
        "identityClientId": key.get("identityClientId"),
    }
    who = _principal(call, kept, identity)
    if who is not None and who == (identity or {}).get("principalId"):
        key_grants.grant(call.context, vault, who)  # it did not exist before (AZ-KEY-23)
    _check_use(call, identifier, who, location)
    if not properties.get("enableServiceSideCMKEncryption"):
        _check_classic(call, vault, name, location)
    return kept


def _principal(call: Call, encryption: dict[str, Any], identity: dict[str, Any] | None) -> str | None:
    # Whose rights count: AZ-KEY-9.
    user = object_of(encryption, "identity").get("userAssignedIdentity")
    client_id = encryption["keyVaultProperties"].get("identityClientId")
    return principal_of(call.context, {"identity": identity}, user, client_id)


def _checked_vault(call: Call, vault_id: str, location: str) -> Record:
    # Only the text on purge protection is the service's own; the others are ours (AZ-LOCAL-1).
    if vault_id.lower().split("/")[2:3] != [call.subscription.lower()]:
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
    return vault


def _checked_key(call: Call, vault: Record, identifier: str, location: str) -> KeyName:
    name = parsed(identifier)
    if name is None or name.vault != vault.name.lower():
        raise refused(
            call, location, f"The key identifier '{identifier}' is not a key of the vault '{vault.name}'."
        )
    version = call.context.keys.version(name)
    if isinstance(version, Trouble):
        raise refused(call, location, f"The key '{identifier}' cannot be used: {version.text}.")
    spec = version.hidden["spec"]
    if not str(spec["kty"]).startswith("RSA") or spec["key_size"] < 2048:
        raise refused(
            call, location, f"The key '{identifier}' is of type {spec['kty']}; RSA of 2048 bits is needed."
        )
    return name


def _check_use(call: Call, identifier: str, who: str | None, location: str) -> None:
    trouble = call.context.keys.taken(identifier, who)
    if trouble is not None:
        raise refused(call, location, f"The key '{identifier}' cannot be used: {trouble.text}.")


def _check_classic(call: Call, vault: Record, name: KeyName, location: str) -> None:
    """What encryption by resources of the subscription's own needs besides (AZ-KEY-16, AZ-ARM-9)."""
    missing = [each for each in _CLASSIC_NEEDS if not key_grants.is_registered(call, each)]
    if missing:
        raise refused(call, location, f"The subscription is not registered to use {' and '.join(missing)}.")
    if not key_grants.cosmos_may_use(call.context, vault, name.name):
        raise refused(
            call,
            location,
            f"The Azure Cosmos DB application '{key_grants.COSMOS_APP_ID}' needs the permissions get, wrapKey and "
            f"unwrapKey in the key vault '{vault.name}'.",
        )


def keys_used(call: Call, encryption: dict[str, Any] | None, before: list[str] | None) -> list[str]:
    """The versions of its key that a workspace has data under, the newest last.

    What was written before stays under its version (AZ-KEY-13). Inferred (AZ-KEY-14): an identifier without a
    version means the one that is newest when it is written.
    """
    if not encryption:
        return []
    used = following.versioned(call.context, str(encryption["keyVaultProperties"]["keyIdentifier"]))
    return [*(one for one in before or [] if one != used), used]


def changed_encryption(call: Call, sent: dict[str, Any], old: Record) -> dict[str, Any] | None:
    """`encryption` after a PATCH or a second PUT: only the key identifier may change, within its vault.

    Raises ArmError 400 for a workspace without customer-managed keys, another vault, or switching off (AZ-KEY-13;
    the texts are ours: AZ-LOCAL-1).
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
        vault = _checked_vault(call, now["keyVaultArmId"], location)
        _checked_key(call, vault, identifier, location)
        _check_use(call, identifier, _principal(call, kept, old.document["identity"]), location)
    return {**kept, "keyVaultProperties": {**now, "keyIdentifier": identifier}}


def managed_group(name: str) -> str:
    """The name of the resource group that a workspace with classic encryption gets (AZ-KEY-24)."""
    return f"azureml-rg-{name}_{uuid.uuid4()}"
