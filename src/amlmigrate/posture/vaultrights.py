"""The rights on a key vault: what a role or an access policy gives, and which of it manages keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.documents import Document
from amlmigrate.core.rights import Permission, granted

_VAULT = "Microsoft.KeyVault/vaults"
# What a workspace's identity needs, and all that it should have (azure-facts §1.3).
NEEDED = tuple(f"{_VAULT}/keys/{name}" for name in ("read", "wrap/action", "unwrap/action"))
NEEDED_POLICY = ("get", "wrapkey", "unwrapkey")

_KEYS = (
    "create/action", "import/action", "update/action", "rotate/action", "recover/action", "restore/action",
    "delete", "backup/action", "purge/action", "release/action",
)  # fmt: skip
_USES = ("encrypt/action", "decrypt/action", "sign/action", "verify/action")
_SECRETS = (
    "getSecret/action", "setSecret/action", "readMetadata/action", "update/action", "delete", "recover/action",
    "backup/action", "restore/action", "purge/action",
)  # fmt: skip
_CERTIFICATES = ("read", "create/action", "import/action", "update/action", "delete", "purge/action")
_MANAGE_DATA = (*(f"{_VAULT}/keys/{name}" for name in _KEYS), f"{_VAULT}/keyrotationpolicies/write")
_MANAGE = (
    *(f"{_VAULT}/{name}" for name in ("write", "delete", "accessPolicies/write", "keys/write")),
    "Microsoft.Authorization/roleAssignments/write",
)
_OTHER_DATA = (
    *(f"{_VAULT}/keys/{name}" for name in _USES),
    *(f"{_VAULT}/secrets/{name}" for name in _SECRETS),
    *(f"{_VAULT}/certificates/{name}" for name in _CERTIFICATES),
)
_OTHER = (f"{_VAULT}/secrets/write", f"{_VAULT}/deploy/action", "Microsoft.Authorization/roleAssignments/delete")
_POLICY_MANAGES = frozenset(
    {
        "all", "create", "import", "update", "delete", "recover", "restore", "backup", "purge", "rotate",
        "release", "setrotationpolicy",
    }
)  # fmt: skip


def missing(entries: Iterable[Permission]) -> list[str]:
    """The needed operations that no entry grants."""
    found = tuple(entries)
    return [name for name in NEEDED if not granted(found, name, data=True)]


def excess(entries: Iterable[Permission]) -> list[str]:
    """The operations on a vault and all in it that go beyond what is needed; reading the vault does not."""
    found = tuple(entries)
    control = [name for name in (*_MANAGE, *_OTHER) if granted(found, name)]
    return control + [name for name in (*_MANAGE_DATA, *_OTHER_DATA) if granted(found, name, data=True)]


def manages(entries: Iterable[Permission], *, data: bool) -> list[str]:
    """The operations that manage keys: by the control plane, and with `data` by the vault's own."""
    found = tuple(entries)
    control = [name for name in _MANAGE if granted(found, name)]
    return control + [name for name in _MANAGE_DATA if data and granted(found, name, data=True)]


def policy_missing(policy: Document) -> list[str]:
    """The needed permissions that an access policy does not give."""
    given = _given(policy, "keys")
    return [] if "all" in given else [name for name in NEEDED_POLICY if name not in given]


def policy_excess(policy: Document) -> list[str]:
    """What an access policy gives beyond what is needed, as `keys sign`."""
    keys = [f"keys {name}" for name in sorted(_given(policy, "keys") - set(NEEDED_POLICY))]
    return keys + [
        f"{kind} {name}"
        for kind in ("secrets", "certificates", "storage")
        for name in sorted(_given(policy, kind))
    ]


def policy_manages(policy: Document) -> list[str]:
    """The permissions of an access policy that manage keys."""
    return [f"keys {name}" for name in sorted(_given(policy, "keys") & _POLICY_MANAGES)]


def _given(policy: Document, kind: str) -> set[str]:
    return {str(name).lower() for name in (policy.get("permissions") or {}).get(kind) or ()}
