"""The commands by which a person brings a key, or what lies under it, up to date. Pure.

`az rest` puts the address of ARM before a URL that has no host (learn.microsoft.com/cli/azure/reference-index).
"""

from __future__ import annotations

import json
from shlex import join

from amlmigrate.cloud.arm import api_version
from amlmigrate.core.armid import ArmId
from amlmigrate.keys.model import Dependant, DependantKind, KeyInUse, vault_of, version_of


def rotate(key: KeyInUse) -> str:
    """The command that makes a new version of a key like the newest one."""
    return join(["az", "keyvault", "key", "rotate", "--vault-name", vault_of(key), "--name", key.name.name])


def recover(key: KeyInUse) -> str:
    """The command that brings a deleted key back."""
    return join(["az", "keyvault", "key", "recover", "--vault-name", vault_of(key), "--name", key.name.name])


def enabled(version: str, *, to: bool) -> str:
    """The command that enables or disables a version of a key, by its identifier."""
    return join(["az", "keyvault", "key", "set-attributes", "--id", version, "--enabled", str(to).lower()])


def adopt(one: Dependant, version: str) -> str:
    """The command that puts a dependant under a version of its key, by the identifier of the version."""
    if one.kind is DependantKind.WORKSPACE:
        body = {"properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": version}}}}
        url = f"{one.id}?api-version={api_version(one.id)}"
        return join(["az", "rest", "--method", "patch", "--url", url, "--body", json.dumps(body)])
    if one.kind is DependantKind.REGISTRY:
        return join(["az", "acr", "encryption", "rotate-key", "--name", one.name, "--key-encryption-key", version])
    if one.kind is DependantKind.SCOPE:
        account, scope = ArmId.of(one.id).names
        command = ["az", "storage", "account", "encryption-scope", "update", "--account-name", account]
        return join([*command, "--name", scope, "--key-source", "Microsoft.KeyVault", "--key-uri", version])
    named = ["--encryption-key-vault", one.ref.vault, "--encryption-key-name", one.ref.name]
    command = ["az", "storage", "account", "update", "--ids", one.id, *named]
    source = ["--encryption-key-source", "Microsoft.Keyvault"]
    return join([*command, "--encryption-key-version", version_of(version), *source])
