"""Keys in a vault, as values: how one is named, a key, its versions, its rotation policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from amlmigrate.core.documents import Document, properties_of

# `https://HOST/keys/NAME[/VERSION]`: of a vault or a managed HSM in any cloud, with the port of https or without.
_KEY_ID = re.compile(r"(https://[a-z0-9.-]+(?::443)?)/keys/([^/?#]+)(?:/([^/?#]+))?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class KeyId:
    """A key, or a version of one, as its identifier names it: `vault` as `vault_address` writes it.

    `name` and `version` are as they were written; the version is empty for an identifier without one.
    """

    vault: str
    name: str
    version: str = ""

    @property
    def key(self) -> str:
        """The one spelling of the key without a version: names have no letter case."""
        return f"{self.vault}/keys/{self.name}".lower()

    @property
    def id(self) -> str:
        """The one spelling of all of it."""
        return f"{self.key}/{self.version}".lower().rstrip("/")


def key_id(text: object) -> KeyId | None:
    """A key's identifier, read; None for what is none."""
    found = _KEY_ID.fullmatch(str(text or "").strip())
    return KeyId(vault_address(found[1]), found[2], found[3] or "") if found else None


def one_spelling(text: object) -> str:
    """The one spelling of a key's identifier; what is none stays as it is, in lower case."""
    found = key_id(text)
    return found.id if found else str(text or "").lower().rstrip("/")


def vault_address(text: object) -> str:
    """The one spelling of a vault's address, `https://NAME.vault.azure.net`.

    Azure and its tools write it with letters of either case, a slash at its end and the port of https, or without.
    """
    return str(text or "").strip().lower().rstrip("/").removesuffix(":443")


def vault_host_name(address: str) -> str:
    """The vault's own name: the first label of its host."""
    return vault_address(address).removeprefix("https://").partition(".")[0]


def is_hsm(address: str) -> bool:
    """Whether an address is that of a managed HSM, in whichever cloud."""
    return vault_address(address).removeprefix("https://").split(".")[1:2] == ["managedhsm"]


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of a key: its identifier (`https://VAULT/keys/NAME/VERSION`), state, times (UTC) and tags."""

    id: str
    enabled: bool
    created: datetime | None
    expires: datetime | None
    not_before: datetime | None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    # When its state or its tags were changed last, to the second; None where that is not told.
    updated: datetime | None = None

    @property
    def version(self) -> str:
        """The version alone."""
        return self.id.rstrip("/").rpartition("/")[2]

    @property
    def begins(self) -> datetime | None:
        """Since when it can be used, or will be: when it was made or, if that is later, becomes valid."""
        return max((one for one in (self.created, self.not_before) if one), default=None)

    def early(self, now: datetime) -> bool:
        """Whether it is not valid yet: a vault unwraps with it, and refuses to wrap.

        AZ-KEY-36.
        """
        return self.not_before is not None and self.not_before > now


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


def newest_first(versions: Iterable[KeyVersion], newest: str = "") -> tuple[KeyVersion, ...]:
    """By when they were made, which is told to the second; `newest` is the identifier of the one that counts."""
    by_time = sorted(versions, key=lambda one: str(one.created or ""), reverse=True)
    latest = by_time[0].created if by_time else None

    def is_behind(one: KeyVersion) -> bool:
        return one.created != latest or (bool(newest) and one.id.lower() != newest.lower())

    return tuple(sorted(by_time, key=is_behind))


def rotation_of(policy: Document) -> Rotation | None:
    """A policy as ARM shows it; None where it rotates nothing."""
    triggers = {
        str((each.get("action") or {}).get("type", "")).lower(): each.get("trigger") or {}
        for each in policy.get("lifetimeActions") or ()
    }
    if "rotate" not in triggers:
        return None
    return Rotation(
        expires_in=(policy.get("attributes") or {}).get("expiryTime"),
        after_create=triggers["rotate"].get("timeAfterCreate"),
        before_expiry=triggers["rotate"].get("timeBeforeExpiry"),
        notify_before_expiry=triggers.get("notify", {}).get("timeBeforeExpiry"),
    )


def key_of_document(document: Document) -> Key:
    """A key as ARM shows it (`Microsoft.KeyVault/vaults/keys`), whose times are seconds since 1970."""
    properties = properties_of(document)
    attributes: Document = properties.get("attributes") or {}
    created, expires, not_before = (_time(attributes.get(name)) for name in ("created", "exp", "nbf"))
    return Key(
        name=str(properties.get("keyUri") or "").rstrip("/").rsplit("/", 1)[-1],
        kind=str(properties.get("kty") or ""),
        size=properties.get("keySize"),
        operations=tuple(sorted(properties.get("keyOps") or ())),
        version=KeyVersion(
            id=str(properties.get("keyUriWithVersion") or ""),
            enabled=bool(attributes.get("enabled", True)),
            created=created,
            expires=expires,
            not_before=not_before,
            tags=_tags(document.get("tags")),
            updated=_time(attributes.get("updated")),
        ),
    )


def _tags(found: Mapping[str, str | None] | None) -> dict[str, str]:
    return {str(name): str(value) for name, value in (found or {}).items()}


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
