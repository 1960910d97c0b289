"""The secrets of vaults in the resource store: a record a secret, its versions with their values hidden in it."""

from __future__ import annotations

import secrets
from typing import Any

from azsandbox.arm.ground import Ground
from azsandbox.arm.keystore.errors import VaultError, bad_parameter
from azsandbox.arm.store import Record

SECRETS = "microsoft.keyvault/vaults/secrets"
_SHOWN_TYPE = "Microsoft.KeyVault/vaults/secrets"
_DAY = 86400
_LONGEST = 25 * 1024  # learn azure/key-vault/secrets/about-secrets
_HELP = "For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
Version = dict[str, Any]


class Secrets:
    """The secrets of one vault. `hidden` has `versions`, the newest last, and `deleted`, in seconds since 1970."""

    def __init__(self, ground: Ground, vault: Record) -> None:
        self._store, self._clock, self.vault = ground.store, ground.clock, vault

    def _key(self, name: str) -> str:
        return f"{self.vault.key}/secrets/{name.lower()}"

    def all(self) -> list[Record]:
        """Those that are not deleted, by name."""
        found = [each for each in self._store.children(self.vault.key, SECRETS) if not each.gone]
        return sorted(found, key=lambda record: record.name.lower())

    def find(self, name: str) -> Record | None:
        """The secret of that name."""
        return self._store.get(self._key(name))

    def require(self, name: str) -> Record:
        """The secret of that name. Raises VaultError 404."""
        found = self.find(name)
        if found is None:
            raise not_found(name)
        return found

    def version(self, secret: Record, version: str = "") -> Version:
        """A version, or the newest. Raises VaultError 404."""
        versions: list[Version] = secret.hidden["versions"]
        if not version:
            return versions[-1]
        found = next((each for each in versions if each["version"] == version.lower()), None)
        if found is None:
            raise not_found(f"{secret.name}/{version}")
        return found

    def set(self, name: str, value: Any, *, content_type: Any, attributes: Any, tags: Any) -> Version:
        """A new secret, or a new version of it. Raises VaultError 400 or 409."""
        if not name.replace("-", "a").isalnum() or not name.isascii() or len(name) > 127:
            raise bad_parameter(f"Invalid secret name: {name}")  # AZ-LOCAL-6
        if not isinstance(value, str) or len(value.encode()) > _LONGEST:
            raise bad_parameter(f"Property value has to be a string of at most {_LONGEST} bytes.")  # AZ-LOCAL-6
        self._check_free(name)
        now = int(self._clock.now())
        version: Version = {
            "version": secrets.token_hex(16),
            "value": value,
            "contentType": content_type,
            "attributes": {"enabled": True, **_times(attributes), "created": now, "updated": now},
            "tags": dict(tags or {}),
        }
        found = self.find(name)
        before = found.hidden["versions"] if found else []
        self._keep(found.name if found else name, [*before, version])
        return version

    def update(self, secret: Record, version: Version, body: dict[str, Any]) -> Version:
        """Changes what may change of a version; what is not sent stays."""
        changed = {**version, "attributes": {**version["attributes"], **_times(body.get("attributes"))}}
        changed["attributes"]["updated"] = int(self._clock.now())
        changed |= {name: body[name] for name in ("contentType", "tags") if body.get(name) is not None}
        versions = [changed if each is version else each for each in secret.hidden["versions"]]
        self._keep(secret.name, versions)
        return changed

    def restore(self, name: str, versions: list[Version]) -> Record:
        """A secret as it was backed up, with all its versions. Raises VaultError 409."""
        self._check_free(name)
        if self.find(name) is not None:
            # As recorded (azure-sdk-for-js, keyvault-secrets, can_restore_a_secret).
            text = (
                f"There was a conflict restoring the secret '{self.uri(name)}/{versions[-1]['version']}'. This "
                "can happen if either: a second secret with the same name was created after the first secret was "
                "deleted; thus trying to restore a secret whose name is already in use. To fix this, rename the "
                "second secret to something else so that the restore works. The second probable cause of this "
                "exception is when multiple operations are performed in parallel against the secret. To avoid "
                "this error, perform operations against a secret in a sequential manner."
            )
            raise VaultError(409, "Conflict", text)
        self._keep(name, versions)
        return self.require(name)

    def _check_free(self, name: str) -> None:
        if self.find_deleted(name) is not None:
            raise VaultError(
                409,
                "Conflict",
                f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
                "in this state, the secret can only be recovered or purged.",
                "ObjectIsDeletedButRecoverable",
            )

    def _keep(self, name: str, versions: list[Version]) -> None:
        newest = versions[-1]
        id_, uri = f"{self.vault.id}/secrets/{name}", self.uri(name)
        properties = {
            "attributes": newest["attributes"],
            "contentType": newest["contentType"],
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{newest['version']}",
        }
        document = {"id": id_, "name": name, "type": _SHOWN_TYPE, "location": self.vault.document["location"]}
        shown = {**document, "properties": properties}
        hidden = {"versions": versions}
        self._store.put(Record(self._key(name), SECRETS, self.vault.key, id_, name, shown, hidden))

    def uri(self, name: str) -> str:
        """The address of a secret without a version."""
        return f"https://{self.vault.name.lower()}.vault.azure.net/secrets/{name}"

    # What is deleted

    def delete(self, secret: Record) -> None:
        """Hides a secret with its versions."""
        secret.gone = True
        secret.hidden = {**secret.hidden, "deleted": int(self._clock.now())}
        self._store.put(secret)

    def deleted(self) -> list[Record]:
        """The deleted ones; those whose time is over go for good."""
        gone = [each for each in self._store.children(self.vault.key, SECRETS) if each.gone]
        over = [each for each in gone if self.purge_time(each) <= self._clock.now()]
        self._store.remove(*over)
        return [each for each in gone if each not in over]

    def find_deleted(self, name: str) -> Record | None:
        """The deleted secret of that name."""
        return next((each for each in self.deleted() if each.name.lower() == name.lower()), None)

    def recover(self, secret: Record) -> None:
        """Brings a deleted one back."""
        secret.gone = False
        secret.hidden = {"versions": secret.hidden["versions"]}
        self._store.put(secret)

    def purge(self, secret: Record) -> None:
        """Leaves nothing of it."""
        self._store.remove(secret)

    @property
    def retention_days(self) -> int:
        """How long what was deleted can be recovered."""
        return int(self.vault.properties.get("softDeleteRetentionInDays") or 90)

    def purge_time(self, secret: Record) -> int:
        """When a deleted one goes for good, in seconds since 1970."""
        return int(secret.hidden["deleted"]) + self.retention_days * _DAY


def not_found(name: str) -> VaultError:
    """404 for a secret, or a version of it, that is not there."""
    text = (
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you "
        f"may be able to recover it using the correct recovery command. {_HELP}"
    )
    return VaultError(404, "SecretNotFound", text)


def _times(attributes: Any) -> dict[str, Any]:
    """`enabled`, `exp` and `nbf` as sent. Raises VaultError 400."""
    if attributes is None:
        return {}
    if not isinstance(attributes, dict):
        raise bad_parameter("Property attributes has invalid value.")  # AZ-LOCAL-6
    return {name: attributes[name] for name in ("enabled", "exp", "nbf") if attributes.get(name) is not None}
