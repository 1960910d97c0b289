"""Customer-managed keys: can an identity use a key, and if not, why; known until something changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.access.evaluation import Access
from azsandbox.arm.firewall import lets_services_in
from azsandbox.arm.ground import Ground
from azsandbox.arm.keystore.errors import VaultError
from azsandbox.arm.keystore.keys import KEYS, VERSIONS, Keys, check_usable, find_vault
from azsandbox.arm.keystore.rights import may_use
from azsandbox.arm.logs.rows import VaultUse, note
from azsandbox.arm.store import Record

_KEY = re.compile(r"^https://([^./]+)\.vault\.azure\.net(?::443)?/keys/([^/]+)(?:/([^/]+))?/?$", re.IGNORECASE)
_VAULTS = "microsoft.keyvault/vaults"
_IDENTITIES = "microsoft.managedidentity/userassignedidentities"
RIGHTS = (
    ("Microsoft.KeyVault/vaults/keys/read", "get"),
    ("Microsoft.KeyVault/vaults/keys/wrap/action", "wrapKey"),
    ("Microsoft.KeyVault/vaults/keys/unwrap/action", "unwrapKey"),
)
_MEMORY = 10_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a key cannot be used: a code such as `KeyDisabled`, and a sentence without its full stop."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key identifier in parts; `version` is empty where the newest counts."""

    vault: str
    name: str
    version: str


def parsed(identifier: str) -> KeyName | None:
    """The parts of `https://VAULT.vault.azure.net/keys/NAME[/VERSION]`, or None."""
    match = _KEY.match(identifier)
    return KeyName(match[1].lower(), match[2], match[3] or "") if match else None


class CustomerKeys:
    """Knows the state of keys for whoever encrypts with them."""

    def __init__(self, ground: Ground, access: Access) -> None:
        self._ground, self._access = ground, access
        self._stamp: tuple[Any, ...] = ()
        self._known: dict[tuple[str, str, str], tuple[Trouble | None, float]] = {}

    def trouble(self, identifier: str, object_id: str | None, operation: str = "wrapKey") -> Trouble | None:
        """Why an identity cannot get, wrap and unwrap with a key; None when it can.

        What is stored under a key is read with `unwrapKey`, which goes on outside of the key's time; a key that is
        taken into use has to wrap (MicrosoftDocs/azure-security-docs, key-vault/includes/key-attributes).
        """
        stamp = (self._ground.store.changes(_VAULTS, KEYS, VERSIONS), self._access.stamp)
        if stamp != self._stamp or len(self._known) > _MEMORY:
            self._known.clear()
            self._stamp = stamp
        now = self._ground.clock.now()
        question = (identifier, object_id or "", operation)
        known = self._known.get(question)
        if known is None or known[1] <= now:
            known = self._known[question] = self._look(identifier, object_id, operation, now)
        return known[0]

    def taken(self, identifier: str, object_id: str | None) -> Trouble | None:
        """The same of a key that something is put under; the vault's log has who tried it (AZ-LOG-9)."""
        trouble, name = self.trouble(identifier, object_id), parsed(identifier)
        version = self.version(name) if name else None
        vault = find_vault(self._ground, name.vault) if name else None
        if object_id and vault is not None and isinstance(version, Record):
            base = f"https://{vault.name.lower()}.vault.azure.net/keys/{version.parent.rpartition('/')[2]}"
            for operation in ("KeyWrap", "KeyUnwrap"):
                status = 403 if trouble else 200
                note(self._ground, vault, VaultUse(operation, f"{base}/{version.name}", object_id, "", status))
        return trouble

    def version(self, name: KeyName) -> Record | Trouble:
        """The key version that a name means."""
        vault = find_vault(self._ground, name.vault)
        if vault is None:
            return Trouble("KeyVaultNotFound", f"the key vault '{name.vault}' was not found")
        keys = Keys(self._ground, vault)
        try:
            return keys.version(keys.require(name.name), name.version)
        except VaultError:
            return Trouble("KeyNotFound", f"the key '{name.name}' was not found in the key vault '{name.vault}'")

    def versions(self, name: KeyName) -> list[Record]:
        """All versions of a key, oldest first; none where the vault or the key is not there."""
        vault = find_vault(self._ground, name.vault)
        key = Keys(self._ground, vault).find(name.name) if vault is not None else None
        return Keys(self._ground, vault).versions(key) if vault is not None and key is not None else []

    def _look(
        self, identifier: str, object_id: str | None, operation: str, now: float
    ) -> tuple[Trouble | None, float]:
        """The answer, and until when it holds."""
        forever = float("inf")
        name = parsed(identifier)
        if name is None:
            return Trouble("KeyNotFound", f"'{identifier}' is no key of a key vault"), forever
        if object_id is None:
            return Trouble("IdentityNotFound", "the identity that uses the key was not found"), forever
        version = self.version(name)
        if isinstance(version, Trouble):
            return version, forever
        vault = find_vault(self._ground, name.vault)
        assert vault is not None
        refused = self._refused(vault, object_id, name.name)
        if refused is not None:
            return refused, forever
        attributes = version.hidden["attributes"]
        times = [attributes[each] for each in ("exp", "nbf") if attributes.get(each) is not None]
        until = min((each for each in times if each > now), default=forever)
        try:
            check_usable(attributes, operation, now)
        except VaultError as error:
            return Trouble(error.inner, error.message.rstrip(".")), until
        return None, until

    def _refused(self, vault: Record, object_id: str, key: str) -> Trouble | None:
        if not lets_services_in(vault.properties):
            return Trouble("KeyVaultNotReachable", f"the firewall of the key vault '{vault.name}' keeps it out")
        for action, permission in RIGHTS:
            if not may_use(self._access, vault, object_id, action, permission, key=key):
                text = f"the identity '{object_id}' has no permission {permission} in the key vault '{vault.name}'"
                return Trouble("KeyVaultAccessForbidden", text)
        return None


def principal_of(ground: Ground, document: Mapping[str, Any], user: Any, client_id: Any = None) -> str | None:
    """The object id of the identity that a resource uses its key with.

    `user` is the id of a user-assigned identity, `client_id` the client id of one; without either it is the
    resource's own, else its only user-assigned one (AZ-KEY-25).
    """
    identity = document.get("identity") or {}
    users: Mapping[str, Any] = identity.get("userAssignedIdentities") or {}
    if user:
        record = ground.store.get(str(user).lower())
        return str(record.properties["principalId"]) if record is not None else None
    if client_id:
        found = [one["principalId"] for one in users.values() if one["clientId"] == client_id]
        return str(found[0]) if found else None
    if identity.get("principalId"):
        return str(identity["principalId"])
    for id_ in users:
        record = ground.store.get(id_.lower())
        return str(record.properties["principalId"]) if record is not None else None
    return None
