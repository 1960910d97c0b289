"""Keys, versions and things under them, for tests of rotations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders.levels import tagged

from amlmigrate.core.keys import KeyVersion, Rotation
from amlmigrate.keys import dependants
from amlmigrate.keys.model import Dependant, KeyInUse, KeyName, KeyProfile
from amlmigrate.posture.reading import Read
from amlmigrate.rotating.aim import TAG

NOW = datetime(2026, 6, 1, tzinfo=UTC)
VAULT = "https://kv.vault.azure.net"
KEY = f"{VAULT}/keys/cmk"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
OLD, NEW = "a" * 32, "b" * 32


def version(name: str = OLD, days: float = 10, *, enabled: bool = True, made: str = "", **more: Any) -> KeyVersion:
    """A version, so many days old; `made` by the rotation of that id."""
    tags = {TAG: made} if made else {}
    times = {"expires": None, "not_before": None, **more}
    return KeyVersion(f"{KEY}/{name}", enabled, NOW - timedelta(days=days), **{"tags": tags, **times})


def _levels(environment: str) -> dependants.LevelsOf:
    return lambda _: tagged(environment)


def workspace(used: str = OLD, environment: str = "dev", name: str = "ws", subscription: str = "") -> Dependant:
    """A workspace under the key."""
    group = GROUP.replace(SUBSCRIPTION, subscription or SUBSCRIPTION)
    identifier = f"{KEY}/{used}".rstrip("/")
    encryption = {
        "status": "Enabled",
        "keyVaultProperties": {"keyVaultArmId": VAULT_ID, "keyIdentifier": identifier},
    }
    id_ = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    return _found(
        dependants.of_workspace(
            {"id": id_, "location": "eastus2", "properties": {"workspaceId": "w", "encryption": encryption}},
            _levels(environment),
        )
    )


def account(used: str = OLD, environment: str = "dev", *, fixed: bool = False) -> Dependant:
    """A storage account under the key; with `fixed` under that version."""
    named = {
        "keyvaulturi": f"{VAULT}/",
        "keyname": "cmk",
        "keyversion": used if fixed else "",
        "currentVersionedKeyIdentifier": f"{KEY}/{used}",
        "lastKeyRotationTimestamp": "2026-01-01T00:00:00Z",
    }
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "identity": {"userAssignedIdentity": "/user"},
        "services": {"blob": {"keyType": "Account", "enabled": True, "lastEnabledTime": "2026-01-01T00:00:00Z"}},
        "keyvaultproperties": named,
    }
    id_ = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
    return _found(
        dependants.of_account({"id": id_, "properties": {"encryption": encryption}}, _levels(environment))
    )


def registry(used: str = OLD, environment: str = "dev", *, fixed: bool = False) -> Dependant:
    """A container registry under the key."""
    key = {
        "keyIdentifier": f"{KEY}/{used}" if fixed else KEY,
        "versionedKeyIdentifier": f"{KEY}/{used}",
        "keyRotationEnabled": not fixed,
        "identity": "client",
    }
    encryption = {"status": "enabled", "keyVaultProperties": key}
    id_ = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/reg"
    return _found(
        dependants.of_registry({"id": id_, "properties": {"encryption": encryption}}, _levels(environment))
    )


def _found(one: Dependant | None) -> Dependant:
    assert one is not None
    return one


def key(
    *versions: KeyVersion, under: tuple[Dependant, ...] = (), days: int = 90, policy: Rotation | None = None
) -> KeyInUse:
    """A key whose versions may be in use for so many days; the newest version first."""
    profile = KeyProfile("test", days, "a source", "a test")
    return KeyInUse(
        KeyName(VAULT, "cmk"),
        VAULT_ID,
        profile,
        under,
        versions=Read(versions or (version(),)),
        rotation=Read(policy),
    )
