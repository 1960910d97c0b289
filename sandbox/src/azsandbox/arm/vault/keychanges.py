"""Changes to the keys of a vault: made, taken in, rotated, deleted, brought back."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.keystore.errors import already_there, bad_parameter, in_deleted_state
from azsandbox.arm.keystore.keys import KEYS, VERSIONS, Keys
from azsandbox.arm.policy.violations import check_key
from azsandbox.arm.store import Record
from azsandbox.arm.vault import material

_SHOWN_TYPE = "Microsoft.KeyVault/vaults/keys"
_DAY = 86400


class ChangingKeys(Keys):
    """The keys of one vault, for whoever writes."""

    def __init__(self, context: Context, vault: Record) -> None:
        super().__init__(context, vault)
        self.context = context

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
