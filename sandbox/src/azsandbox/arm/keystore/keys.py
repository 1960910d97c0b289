"""The keys of vaults in the resource store: a record a key, a record a version, the newest one counting."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.ground import Ground
from azsandbox.arm.keystore.errors import key_not_found, not_allowed
from azsandbox.arm.store import Record

KEYS = "microsoft.keyvault/vaults/keys"
VERSIONS = "microsoft.keyvault/vaults/keys/versions"
_SHOWN_TYPE = "Microsoft.KeyVault/vaults/keys"
_DAY = 86400
# These go on working outside of the key's time (learn.microsoft.com, "About keys", date-time controlled).
_ALWAYS = ("decrypt", "unwrapKey", "verify")


def vault_term(name: str) -> str:
    """The term by which a vault is found; its name is the world's."""
    return f"vault-name {name.lower()}"


def find_vault(ground: Ground, name: str) -> Record | None:
    """The vault of a name, unless it is deleted."""
    return next(iter(ground.store.find(vault_term(name))), None)


class Keys:
    """The keys of one vault. `hidden` of a version holds all that is known of it, the private key too."""

    def __init__(self, ground: Ground, vault: Record) -> None:
        self._store, self._clock, self.vault = ground.store, ground.clock, vault

    def _key(self, name: str) -> str:
        return f"{self.vault.key}/keys/{name.lower()}"

    def all(self) -> list[Record]:
        """The keys that are not deleted."""
        return [each for each in self._store.children(self.vault.key, KEYS) if not each.gone]

    def find(self, name: str) -> Record | None:
        """The key of that name."""
        return self._store.get(self._key(name))

    def require(self, name: str) -> Record:
        """The key of that name. Raises VaultError 404."""
        key = self.find(name)
        if key is None:
            raise key_not_found(name)
        return key

    def versions(self, key: Record) -> list[Record]:
        """The versions of a key, the newest last."""
        return list(self._store.children(key.key, VERSIONS))

    def version(self, key: Record, version: str = "") -> Record:
        """A version, or the newest. Raises VaultError 404."""
        found = self._store.get(f"{key.key}/versions/{version.lower()}") if version else self.versions(key)[-1]
        if found is None:
            raise key_not_found(f"{key.name}/{version}")
        return found

    def deleted(self) -> list[Record]:
        """The deleted keys; those whose time is over go for good."""
        gone = [each for each in self._store.children(self.vault.key, KEYS) if each.gone]
        over = [each for each in gone if self.purge_time(each) <= self._clock.now()]
        for each in over:
            self.purge(each)
        return [each for each in gone if each not in over]

    def find_deleted(self, name: str) -> Record | None:
        """The deleted key of that name."""
        return next((each for each in self.deleted() if each.name.lower() == name.lower()), None)

    @property
    def retention_days(self) -> int:
        """How long what was deleted can be recovered."""
        return int(self.vault.properties.get("softDeleteRetentionInDays") or 90)

    def purge_time(self, key: Record) -> int:
        """When a deleted key goes for good, in seconds since 1970."""
        return int(key.hidden["deleted"]) + self.retention_days * _DAY

    def purge(self, key: Record) -> None:
        """Leaves nothing of a key."""
        self._store.remove(*self._store.below(key.key), key)


def check_usable(attributes: dict[str, Any], operation: str, now: float) -> None:
    """Raises VaultError 403 for a version that is disabled, expired or not valid yet."""
    if not attributes.get("enabled", True):
        raise not_allowed(operation, "a disabled key", "KeyDisabled")
    if operation in _ALWAYS:  # AZ-KEY-34
        return
    if attributes.get("exp") is not None and attributes["exp"] <= now:
        raise not_allowed(operation, "an expired key", "KeyExpired")  # AZ-KEY-2
    if attributes.get("nbf") is not None and attributes["nbf"] > now:
        raise not_allowed(operation, "a key that is not yet valid", "KeyNotYetValid")
