"""Rows of a vault's audit log that no call of its data plane makes: changes of the vault itself, and its notices.

Inferred (AZ-LOG-16): notices are there whether somebody subscribes to them or not. Their time is that at which the
local Azure is asked for rows or alerts next. What rows look like: AZ-LOG-15.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azsandbox.arm.ground import Ground
from azsandbox.arm.keystore.keys import Keys
from azsandbox.arm.logs.rows import SETTINGS, VaultUse, note
from azsandbox.arm.store import Record
from azsandbox.messages import Principal

_VAULTS = "microsoft.keyvault/vaults"
_NEAR_SECONDS = 30 * 86_400
NEAR, EXPIRED = "KeyNearExpiryEventGridNotification", "KeyExpiredEventGridNotification"
_POLICIES = "VaultAccessPolicyChangedEventGridNotification"


def changed(ground: Ground, vault: Record, who: Principal, operation: str) -> None:
    """Writes that a vault itself was made, changed, deleted or recovered by somebody."""
    address = str(vault.properties["vaultUri"])
    note(ground, vault, VaultUse(operation, address, who.object_id, who.app_id, 200, address))


def policies_changed(ground: Ground, vault: Record) -> None:
    """Writes that the access policies of a vault are others."""
    address = str(vault.properties["vaultUri"])
    note(ground, vault, VaultUse(_POLICIES, address, "", "", 200, address))


def catch_up(ground: Ground) -> None:
    """Writes of each key whose newest version ends within thirty days, or has ended, that this is so; once."""
    for vault in ground.store.of_type(_VAULTS):
        if not ground.store.children(vault.key, SETTINGS):
            continue
        for key, version, notice in _due(Keys(ground, vault), ground.clock.now()):
            version.hidden = {**version.hidden, "told": notice}
            ground.store.put(version)
            id_ = f"{vault.properties['vaultUri']}keys/{key.name}/{version.name}"
            note(ground, vault, VaultUse(notice, id_, "", "", 200, id_))


def _due(keys: Keys, now: float) -> Iterator[tuple[Record, Record, str]]:
    for key in keys.all():
        version = keys.version(key)
        attributes: dict[str, Any] = version.hidden["attributes"]
        left = float(attributes["exp"]) - now if attributes.get("exp") is not None else _NEAR_SECONDS + 1
        notice = "" if left > _NEAR_SECONDS else NEAR if left > 0 else EXPIRED
        if notice and version.hidden.get("told") != notice:
            yield key, version, notice
