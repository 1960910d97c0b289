"""The rights on a key vault: what a role or an access policy gives, and which of it manages keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.documents import Document
from amlmigrate.core.rights import Permission, granted, matches, overlaps

_VAULT = "Microsoft.KeyVault/vaults"
_AUTHORIZATION = "Microsoft.Authorization"
# What a workspace's identity needs, and all that it should have (AZ-KEY-11).
NEEDED = tuple(f"{_VAULT}/keys/{name}" for name in ("read", "wrap/action", "unwrap/action"))
NEEDED_POLICY = ("get", "wrapkey", "unwrapkey")

_KEYS = (
    "create/action", "import/action", "update/action", "rotate/action", "recover/action", "restore/action",
    "delete", "backup/action", "purge/action", "release/action",
)  # fmt: skip
_MANAGE_DATA = (*(f"{_VAULT}/keys/{name}" for name in _KEYS), f"{_VAULT}/keyrotationpolicies/write")
_MANAGE = (
    *(f"{_VAULT}/{name}" for name in ("write", "delete", "accessPolicies/write", "keys/write")),
    *(
        f"{_AUTHORIZATION}/{name}"
        for name in ("roleAssignments/write", "roleDefinitions/write", "elevateAccess/action")
    ),
)
_DECRYPT = tuple(f"{_VAULT}/keys/{name}" for name in ("unwrap/action", "decrypt/action"))
# All that changes a vault, what is in it or who may use it, as patterns: what Azure adds is among them.
_OTHER = (
    *(f"{_VAULT}/{name}" for name in ("write", "delete", "*/write", "*/delete", "*/action")),
    "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    *(f"{_AUTHORIZATION}/{name}" for name in ("*/write", "*/delete", "elevateAccess/action")),
)
# Reading keys is needed; reading certificates goes beyond it. Secrets are read by an action.
_OTHER_DATA = (
    *(f"{_VAULT}/{name}" for name in ("*/write", "*/delete", "*/action")),
    f"{_VAULT}/certificates/read",
)
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


def excess(entries: Iterable[Permission], *, data: bool) -> list[str]:
    """The patterns that grant more on a vault and all in it than is needed; reading the vault does not.

    With `data` those of the vault's own operations too. Where it cannot be told whether what an entry takes away
    takes away all that a pattern grants, the pattern counts.
    """
    found = tuple(entries)
    control = [one for entry in found for one in entry.actions if _beyond(one, _OTHER, entry.not_actions)]
    needed = {name.lower() for name in NEEDED}
    inside = [
        one
        for entry in found
        for one in entry.data_actions
        if data and one.lower() not in needed and _beyond(one, _OTHER_DATA, entry.not_data_actions)
    ]
    return list(dict.fromkeys(control + inside))


def _beyond(pattern: str, others: Iterable[str], denied: tuple[str, ...]) -> bool:
    if matches(denied, pattern):
        return False
    return any(overlaps(pattern, other) and not matches(denied, other) for other in others)


def managing(entries: Iterable[Permission], *, data: bool) -> dict[bool, list[str]]:
    """The operations that manage keys: False has the control plane's, and True, with `data`, the vault's own."""
    found = tuple(entries)
    return {
        False: [name for name in _MANAGE if granted(found, name)],
        True: [name for name in _MANAGE_DATA if data and granted(found, name, data=True)],
    }


def decrypting(entries: Iterable[Permission]) -> list[str]:
    """The vault's operations that give back what a key encrypted."""
    found = tuple(entries)
    return [name for name in _DECRYPT if granted(found, name, data=True)]


def policy_decrypts(policy: Document) -> bool:
    """Whether an access policy gives back what a key encrypted."""
    return bool(_given(policy, "keys") & {"all", "unwrapkey", "decrypt"})


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
