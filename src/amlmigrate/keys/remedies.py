"""The commands by which a key, or what lies under it, is brought up to date. Pure."""

from __future__ import annotations

from shlex import join

from amlmigrate.keys.model import KeyInUse, vault_of


def rotate(key: KeyInUse) -> str:
    """The command that makes a new version of a key, and has all that is under the key use it."""
    return join(["migrate", "key", "rotate", "--key", key.name.id])


def adopt(key: KeyInUse) -> str:
    """The command that has all that is under a key use its newest version."""
    return join(["migrate", "key", "rotate", "--key", key.name.id, "--adopt"])


def recover(key: KeyInUse) -> str:
    """The command that brings a deleted key back."""
    return join(["az", "keyvault", "key", "recover", "--vault-name", vault_of(key), "--name", key.name.name])


def enabled(version: str, *, to: bool) -> str:
    """The command that enables or disables a version of a key, by its identifier."""
    return join(["az", "keyvault", "key", "set-attributes", "--id", version, "--enabled", str(to).lower()])
