"""The keys of vaults in the resource store: a record a key, a record a version, the newest one counting."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy.denial import check_key
from azsandbox.arm.store import Record
from azsandbox.arm.vault import material
from azsandbox.arm.vault.errors import already_there, bad_parameter, in_deleted_state, key_not_found

KEYS = "microsoft.keyvault/vaults/keys"
VERSIONS = "microsoft.keyvault/vaults/keys/versions"
_SHOWN_TYPE = "Microsoft.KeyVault/vaults/keys"
_DAY = 86400


def vault_term(name: str) -> str:
    """The term by which a vault is found; its name is the world's."""
    return f"vault-name {name.lower()}"


def find_vault(context: Context, name: str) -> Record | None:
    """The vault of a name, unless it is deleted."""
    return next(iter(context.store.find(vault_term(name))), None)


class Keys:
    """The keys of one vault. `hidden` of a version holds all that is known of it, the private key too."""

    def __init__(self, context: Context, vault: Record) -> None:
        self.context, self._store, self._clock, self.vault = context, context.store, context.clock, vault

    # Finding

    def _key(self, name: str) -> str:
        return f"{self.vault.key}/keys/{name.lower()}"

    def all(self) -> list[Record]:
        """The keys that are not deleted."""
        return [each for each in self._store.children(self.vault.key, KEYS) if not each.gone]

    def find(self, name: str) -> Record | None:
        """The key of that name."""
        return self._store.get(self._key(name))

    def require(self, name: str) -> Record:
        """The key of that name. Raises VaultError 404."""
        key = self.find(name)
        if key is None:
            raise key_not_found(name)
        return key

    def versions(self, key: Record) -> list[Record]:
        """The versions of a key, the newest last."""
        return list(self._store.children(key.key, VERSIONS))

    def version(self, key: Record, version: str = "") -> Record:
        """A version, or the newest. Raises VaultError 404."""
        found = self._store.get(f"{key.key}/versions/{version.lower()}") if version else self.versions(key)[-1]
        if found is None:
            raise key_not_found(f"{key.name}/{version}")
        return found

    def deleted(self) -> list[Record]:
        """The deleted keys; those whose time is over go for good."""
        gone = [each for each in self._store.children(self.vault.key, KEYS) if each.gone]
        over = [each for each in gone if self.purge_time(each) <= self._clock.now()]
        for each in over:
            self.purge(each)
        return [each for each in gone if each not in over]

    def find_deleted(self, name: str) -> Record | None:
        """The deleted key of that name."""
        return next((each for each in self.deleted() if each.name.lower() == name.lower()), None)

    @property
    def retention_days(self) -> int:
        """How long what was deleted can be recovered."""
        return int(self.vault.properties.get("softDeleteRetentionInDays") or 90)

    def purge_time(self, key: Record) -> int:
        """When a deleted key goes for good, in seconds since 1970."""
        return int(key.hidden["deleted"]) + self.retention_days * _DAY

    # Changing

    async def create(
        self, name: str, spec: dict[str, Any], *, ops: Any = None, attributes: Any = None, tags: Any = None
    ) -> Record:
        """A new key, or a new version of it. Raises VaultError 400 or 409."""
        checked = material.checked_spec(spec)
        return await self.keep(name, checked, None, ops=ops, attributes=attributes, tags=tags)

    async def keep(
        self,
        name: str,
        checked: dict[str, Any],
        private: material.Private | None,
        *,
        ops: Any,
        attributes: Any,
        tags: Any,
    ) -> Record:
        """A version of a checked spec, of a `private` key that is given or made. Raises VaultError 400 or 409."""
        if self.find_deleted(name) is not None:
            raise in_deleted_state(name)
        known = material.OPERATIONS[checked["kty"].removesuffix("-HSM")]
        wanted = list(ops) if isinstance(ops, list) and ops else list(known)
        if any(one not in known for one in wanted):
            raise bad_parameter("Property key_ops has invalid value.")  # AZ-LOCAL-6
        times = _times(attributes)
        self._check_policy(name, checked, times)
        if private is None:
            private = await asyncio.to_thread(material.made, checked)
        now = int(self._clock.now())
        hidden = {
            "pem": await asyncio.to_thread(material.to_pem, private),
            "jwk": material.public_part(private, checked),
            "spec": checked,
            "ops": wanted,
            "tags": dict(tags or {}),
            "attributes": {"enabled": True, **times, "created": now, "updated": now},
        }
        return self._add(name, secrets.token_hex(16), hidden)

    def restore(self, name: str, policy: Any, versions: list[tuple[str, dict[str, Any]]]) -> Record:
        """A key as it was backed up, with the versions that it had, oldest first. Raises VaultError 409."""
        if self.find_deleted(name) is not None:
            raise in_deleted_state(name)
        if self.find(name) is not None:
            raise already_there(name)
        for version, hidden in versions:
            self._add(name, version, hidden)
        key = self.require(name)
        if policy:
            self.set_policy(key, policy)
        return key

    def _check_policy(self, name: str, spec: dict[str, Any], times: dict[str, Any]) -> None:
        """Raises VaultError 403 for what a policy for keys denies; fields by the names of their aliases."""
        shown = {"enabled": times.get("enabled", True)}
        shown |= {
            alias: datetime.fromtimestamp(times[each], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for each, alias in (("exp", "expiresOn"), ("nbf", "notBefore"))
            if times.get(each) is not None
        }
        now = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = {"name": name, "keyType": spec["kty"], "attributes": {**shown, "createdOn": now}}
        key |= {
            alias: spec[each] for each, alias in (("key_size", "keySize"), ("crv", "keyCurveName")) if each in spec
        }
        check_key(self.context, self.vault, key)

    def _add(self, name: str, version: str, hidden: dict[str, Any]) -> Record:
        key = self.find(name)
        if key is None:
            id_ = f"{self.vault.id}/keys/{name}"
            document = {"id": id_, "name": name, "type": _SHOWN_TYPE, "properties": {}}
            key = Record(self._key(name), KEYS, self.vault.key, id_, name, document)
            self._store.put(key)
        id_ = f"{key.id}/versions/{version}"
        document = {"id": id_, "name": version, "type": f"{_SHOWN_TYPE}/versions", "properties": {}}
        record = Record(f"{key.key}/versions/{version}", VERSIONS, key.key, id_, version, document, hidden)
        self._store.put(record)
        return record

    async def rotate(self, key: Record) -> Record:
        """A new version like the newest; it expires as the rotation policy says. Raises VaultError."""
        newest = self.version(key).hidden
        attributes: dict[str, Any] = {}
        expiry = (key.hidden.get("policy") or {}).get("attributes", {}).get("expiryTime")
        if expiry:
            attributes["exp"] = int(self._clock.now()) + seconds_of(expiry)
        return await self.create(
            key.name, newest["spec"], ops=newest["ops"], attributes=attributes, tags=newest["tags"]
        )

    def update(self, version: Record, *, ops: Any, attributes: Any, tags: Any) -> None:
        """Changes what may change of a version; what is not given stays."""
        hidden = version.hidden
        now = int(self._clock.now())
        hidden["attributes"] = {**hidden["attributes"], **_times(attributes), "updated": now}
        if isinstance(ops, list):
            hidden["ops"] = list(ops)
        if isinstance(tags, dict):
            hidden["tags"] = dict(tags)
        self._store.put(version)

    def set_policy(self, key: Record, policy: dict[str, Any]) -> None:
        """Keeps a rotation policy."""
        key.hidden["policy"] = policy
        self._store.put(key)

    def delete(self, key: Record) -> None:
        """Hides a key with its versions."""
        key.gone = True
        key.hidden["deleted"] = int(self._clock.now())
        self._store.put(key)

    def recover(self, key: Record) -> None:
        """Brings a deleted key back."""
        key.gone = False
        key.hidden.pop("deleted")
        self._store.put(key)

    def purge(self, key: Record) -> None:
        """Leaves nothing of a key."""
        self._store.remove(*self._store.below(key.key), key)


def _times(attributes: Any) -> dict[str, Any]:
    """`enabled`, `exp` and `nbf` as sent; null takes a time away. Raises VaultError 400."""
    if attributes is None:
        return {}
    if not isinstance(attributes, dict):
        raise bad_parameter("Property attributes has invalid value.")  # AZ-LOCAL-6
    found = {name: attributes[name] for name in ("enabled", "exp", "nbf") if name in attributes}
    if found.get("enabled", True) is None:
        del found["enabled"]
    return found


def seconds_of(duration: str) -> int:
    """An ISO 8601 duration of years, months and days (`P2Y`, `P90D`) in seconds. Raises VaultError 400."""
    days, number = 0, ""
    if not duration.startswith("P") or len(duration) < 3:
        raise bad_parameter(f"The duration {duration!r} is not valid.")  # AZ-LOCAL-6
    for letter in duration[1:]:
        if letter.isdigit():
            number += letter
            continue
        if not number or letter not in "YMWD":
            raise bad_parameter(f"The duration {duration!r} is not valid.")  # AZ-LOCAL-6
        days += int(number) * {"Y": 365, "M": 30, "W": 7, "D": 1}[letter]
        number = ""
    return days * _DAY
