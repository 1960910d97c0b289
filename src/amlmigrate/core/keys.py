"""Keys in a vault, as values: a key, its versions, its rotation policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of a key: its identifier (`https://VAULT/keys/NAME/VERSION`), state and times (UTC)."""

    id: str
    enabled: bool
    created: datetime | None
    expires: datetime | None
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class Key:
    """A key: type as the vault names it (`RSA`, `RSA-HSM`, `EC`), size in bits, what it may be used for."""

    name: str
    kind: str
    size: int | None
    operations: tuple[str, ...]
    version: KeyVersion


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a key is rotated by itself; durations are ISO 8601, as `P90D`."""

    expires_in: str | None = None
    after_create: str | None = None
    before_expiry: str | None = None
    notify_before_expiry: str | None = None
