"""Keys, versions and what lies under them, as tests of keys take them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.core.keys import KeyVersion, Rotation
from amlmigrate.keys import dependants, profiles
from amlmigrate.keys.model import AuditLog, Dependant, KeyInUse, KeyName, LoggedUse
from amlmigrate.posture import tagging
from amlmigrate.posture.holders import Holders
from amlmigrate.posture.reading import Read

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SUB = "11111111-1111-4111-8111-111111111111"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg"
VAULT = "https://kv.vault.azure.net"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
OLD, NEW = "a" * 32, "b" * 32
LEVELS = dependants.by(tagging.read())


def version(
    name: str, days: float, *, enabled: bool = True, expires: float | None = None, **tags: str
) -> KeyVersion:
    """A version made so many days ago, that expires in so many."""
    end = None if expires is None else NOW + timedelta(days=expires)
    made = NOW - timedelta(days=days)
    return KeyVersion(f"{VAULT}/keys/cmk/{name}", enabled, made, end, None, tags)


def workspace(name: str = "ws", version: str = OLD, **more: Any) -> dict[str, Any]:
    """As ARM shows a workspace under a key."""
    identifier = "/".join(part for part in (f"{VAULT}/keys/cmk", version) if part)
    key = {"keyVaultArmId": VAULT_ID, "keyIdentifier": identifier}
    encryption = {"status": "Enabled", "keyVaultProperties": key}
    id_ = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    return {"id": id_, "name": name, "properties": {"encryption": encryption}, **more}


def account(version: str = "", current: str = OLD, name: str = "acct", **more: Any) -> dict[str, Any]:
    """As ARM shows a storage account under a key; without a version it follows by itself."""
    key = {
        "keyvaulturi": VAULT,
        "keyname": "cmk",
        "keyversion": version or None,
        "currentVersionedKeyIdentifier": f"{VAULT}/keys/cmk/{current}",
        "lastKeyRotationTimestamp": "2026-11-01T00:00:00.1234567Z",
    }
    encryption = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": key}
    id_ = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"
    return {"id": id_, "name": name, "properties": {"encryption": encryption}, **more}


def registry(version: str = "", current: str = OLD, **more: Any) -> dict[str, Any]:
    """As ARM shows a container registry under a key."""
    identifier = "/".join(part for part in (f"{VAULT}/keys/cmk", version) if part)
    key = {
        "keyIdentifier": identifier,
        "versionedKeyIdentifier": f"{VAULT}/keys/cmk/{current}",
        "keyRotationEnabled": not version,
        "lastKeyRotationTimestamp": "2026-11-02T00:00:00Z",
        "identity": "client-1",
    }
    id_ = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/reg"
    encryption = {"status": "enabled", "keyVaultProperties": key}
    return {"id": id_, "name": "reg", "properties": {"encryption": encryption}, **more}


def of_workspace(name: str = "ws", version: str = OLD, **more: Any) -> Dependant:
    """The same as it is read."""
    found = dependants.of_workspace(workspace(name, version, **more), LEVELS)
    assert found
    return found


def of_account(version: str = "", current: str = OLD, **more: Any) -> Dependant:
    """The same as it is read."""
    found = dependants.of_account(account(version, current, **more), LEVELS)
    assert found
    return found


def of_registry(version: str = "", current: str = OLD, **more: Any) -> Dependant:
    """The same as it is read."""
    found = dependants.of_registry(registry(version, current, **more), LEVELS)
    assert found
    return found


def use(operation: str, **more: Any) -> LoggedUse:
    """One caller's calls, made last an hour ago."""
    made = LoggedUse(
        operation, f"{VAULT}/keys/cmk", "oid", "app", 1, 0, NOW - timedelta(days=9), NOW - timedelta(hours=1)
    )
    return replace(made, **more)


def log(*uses: LoggedUse, since: datetime = NOW - timedelta(days=60)) -> Read[AuditLog]:
    """A log that was read."""
    return Read(AuditLog(uses, since, ("/logs",), NOW - timedelta(days=90)))


def key(*under: Dependant, versions: tuple[KeyVersion, ...] | None = None, **more: Any) -> KeyInUse:
    """A key that is all right: one version of ten days, rotated by policy, with a log."""
    made = KeyInUse(
        KeyName(VAULT, "cmk"),
        VAULT_ID,
        profiles.default(),
        under,
        vault=Read({"id": VAULT_ID, "tags": {}}),
        versions=Read(versions or (version(OLD, 10, expires=300),)),
        rotation=Read(Rotation(expires_in="P1Y", after_create="P11M")),
        managers=Read(Holders()),
        log=log(),
    )
    return replace(made, **more)
