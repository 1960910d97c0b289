"""Keys as the vault's answers show them."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.keystore.keys import Keys
from azsandbox.arm.store import Record


def base_url(vault: Record) -> str:
    """`https://NAME.vault.azure.net`."""
    return f"https://{vault.name.lower()}.vault.azure.net"


def recovery_level(vault: Record) -> str:
    """How well what is deleted is kept; with a retention below 90 days it is a customized one."""
    level = "Recoverable"
    if not vault.properties.get("enablePurgeProtection"):
        level += "+Purgeable"
    days = int(vault.properties.get("softDeleteRetentionInDays") or 90)
    return level if days == 90 else f"Customized{level}"


def attributes(keys: Keys, version: Record) -> dict[str, Any]:
    """`enabled`, times in seconds, and how a deletion could be undone."""
    kept = {name: value for name, value in version.hidden["attributes"].items() if value is not None}
    return {**kept, "recoveryLevel": recovery_level(keys.vault), "recoverableDays": keys.retention_days}


def key_id(keys: Keys, key: Record, version: Record | None = None) -> str:
    """The identifier of a key, or of a version of it."""
    last = f"/{version.name}" if version is not None else ""
    return f"{base_url(keys.vault)}/keys/{key.name}{last}"


def bundle(keys: Keys, key: Record, version: Record) -> dict[str, Any]:
    """One version, whole."""
    hidden = version.hidden
    web_key = {"kid": key_id(keys, key, version), "key_ops": hidden["ops"], **hidden["jwk"]}
    document = {"key": web_key, "attributes": {**attributes(keys, version), "exportable": False}}
    return {**document, "tags": hidden["tags"]} if hidden["tags"] else document


def item(keys: Keys, key: Record, version: Record | None = None) -> dict[str, Any]:
    """An entry of a list: of keys without `version`, of a key's versions with it."""
    shown = version or keys.version(key)
    found = {"kid": key_id(keys, key, version), "attributes": attributes(keys, shown)}
    return {**found, "tags": shown.hidden["tags"]} if shown.hidden["tags"] else found


def of_deleted(keys: Keys, key: Record) -> dict[str, Any]:
    """What a deleted key has besides."""
    return {
        "recoveryId": f"{base_url(keys.vault)}/deletedkeys/{key.name}",
        "deletedDate": key.hidden["deleted"],
        "scheduledPurgeDate": keys.purge_time(key),
    }


def rotation_policy(keys: Keys, key: Record) -> dict[str, Any]:
    """The policy, or what stands for none: a notice 30 days before the end."""
    notice = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
    policy = key.hidden.get("policy") or {"lifetimeActions": [notice], "attributes": {}}
    return {"id": f"{key_id(keys, key)}/rotationpolicy", **policy}
