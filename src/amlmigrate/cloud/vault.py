"""Key vaults' data plane: keys, their versions and rotation policies, wrapping. One call a method, retried."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from azure.core.rest import HttpRequest
from azure.keyvault.keys import (
    KeyProperties,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
    KeyVaultKey,
)
from azure.keyvault.keys.aio import KeyClient

from amlmigrate.cloud import absence
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.lists import Pages, check_host, whole
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.retrying import ready
from amlmigrate.cloud.transport import PLAIN, Transport
from amlmigrate.cloud.twice import HARMLESS, Twice, found_by
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document
from amlmigrate.core.keys import Key, KeyVersion, Rotation

_WRAPPED = b"0123456789abcdef0123456789abcdef"
_ALGORITHM = "RSA-OAEP-256"
_AT_ONCE = 16
# So often a version is looked at while another attempt to change it is waited for.
_LOOK_SECONDS = 5.0


class Vaults:
    """One principal's way to the keys of every vault; a vault is named by its URI, `https://NAME.vault.azure.net`."""

    def __init__(self, login: Login, credential: Credential, fence: Fence | None = None) -> None:
        self.suffix = login.endpoints.vault_suffix
        self._credential = credential
        self._fence = fence
        self._call = Caller(Crowd(_AT_ONCE)).call
        self._clients: dict[str, KeyClient] = {}

    async def close(self) -> None:
        """Ends the connections."""
        for client in self._clients.values():
            await client.close()

    def uri(self, vault_id: str) -> str:
        """The URI of the vault of that ARM id."""
        return f"https://{name_of(vault_id).lower()}.{self.suffix}"

    async def key(self, vault: str, name: str, version: str | None = None) -> Key | None:
        """A key in its newest or the named version; None where the vault says that it has none."""
        client = self._client(vault)
        try:
            found = await self._call("GET", f"{vault}/keys/{name}", lambda: client.get_key(name, version))
        except ServiceError as error:
            if absence.of_key(error, name):
                return None
            raise
        return _key(found)

    async def deleted(self, vault: str, name: str) -> bool:
        """Whether a deleted key of that name can still be recovered."""
        client = self._client(vault)
        try:
            await self._call("GET", f"{vault}/deletedkeys/{name}", lambda: client.get_deleted_key(name))
        except ServiceError as error:
            if absence.of_key(error, name):
                return False
            raise
        return True

    async def versions(self, vault: str, name: str) -> list[KeyVersion]:
        """All versions of a key, newest first."""
        client = self._client(vault)

        async def call() -> list[KeyVersion]:
            paged = client.list_properties_of_key_versions(name)
            return [_version(item) for item in await whole(paged, vault, storage=False)]

        found = await self._call("GET", f"{vault}/keys/{name}/versions", call)
        return sorted(found, key=lambda version: str(version.created), reverse=True)

    async def create(
        self,
        vault: str,
        name: str,
        *,
        kind: str,
        size: int,
        expires: datetime | None,
        tags: dict[str, str],
        operations: Sequence[str] = (),
        known_by: str = "",
    ) -> Key:
        """Creates an RSA key, or a new version of it; `kind` is `RSA` or `RSA-HSM`, `size` in bits.

        Each such call makes a version: after one whose answer was lost it is looked for first, among all versions
        by the tag that `known_by` names, else as the newest.
        """
        client, before = self._client(vault), None if known_by else await self.key(vault, name)

        async def call() -> Key:
            hardware = kind == "RSA-HSM"
            return _key(
                await client.create_rsa_key(
                    name,
                    size=size,
                    hardware_protected=hardware,
                    expires_on=expires,
                    key_operations=list(operations) or None,
                    tags=tags or None,
                )
            )

        async def look() -> Key | None:
            if known_by:
                made = await self._tagged(vault, name, known_by, tags[known_by])
                return await self.key(vault, name, made) if made else None
            now = await self.key(vault, name)
            return now if now is not None and (before is None or now.version.id != before.version.id) else None

        return await self._call("POST", f"{vault}/keys/{name}/create", call, twice=found_by(look))

    async def _tagged(self, vault: str, name: str, tag: str, value: str) -> str:
        """The newest version that has a tag with that value; empty where none has."""
        found = (one.version for one in await self.versions(vault, name) if one.tags.get(tag) == value)
        return next(found, "")

    async def rotation(self, vault: str, name: str) -> Rotation | None:
        """The rotation policy of a key; None where it has none that does anything."""
        client = self._client(vault)
        try:
            found = await self._call(
                "GET", f"{vault}/keys/{name}/rotationpolicy", lambda: client.get_key_rotation_policy(name)
            )
        except ServiceError as error:
            if absence.of_key(error, name):
                return None
            raise
        return _rotation(found)

    async def set_rotation(self, vault: str, name: str, rotation: Rotation) -> Rotation | None:
        """Gives a key a rotation policy, and returns what the vault made of it."""
        client = self._client(vault)
        actions = [
            KeyRotationLifetimeAction(
                KeyRotationPolicyAction.rotate,
                time_after_create=rotation.after_create,
                time_before_expiry=rotation.before_expiry,
            )
        ]
        if rotation.notify_before_expiry:
            actions.append(
                KeyRotationLifetimeAction(
                    KeyRotationPolicyAction.notify, time_before_expiry=rotation.notify_before_expiry
                )
            )
        policy = KeyRotationPolicy(lifetime_actions=actions, expires_in=rotation.expires_in)
        found = await self._call(
            "PUT",
            f"{vault}/keys/{name}/rotationpolicy",
            lambda: client.update_key_rotation_policy(name, policy),
        )
        return _rotation(found)

    async def change(
        self,
        version_id: str,
        tags: Callable[[], Mapping[str, str]],
        *,
        enabled: bool | None = None,
        first: Callable[[], Awaitable[object]] = ready,
    ) -> KeyVersion:
        """Gives a version other tags in place of all that it has, and with `enabled` that state, in one call.

        `tags` is asked for each attempt; `first` is awaited right before it, and every few seconds while another
        one is waited for, and what it raises ends the call.
        Made twice, the call comes to the same (AZ-KEY-37).
        """
        vault, _, path = version_id.partition("/keys/")
        name, _, version = path.partition("/")
        client = self._client(vault)

        async def call() -> KeyVersion:
            made = await client.update_key_properties(name, version, tags=dict(tags()), enabled=enabled)
            return _version(made.properties)

        return await self._call("PATCH", version_id, call, twice=HARMLESS, first=first, every=_LOOK_SECONDS)

    async def wraps(self, key_id: str) -> bool:
        """Has the vault wrap and unwrap a few bytes, and says whether they came back. Raises ServiceError 403.

        Both are raw requests: the library's own client for this wraps by itself with the public key, so that
        neither the right to wrap nor the state of the key would be tried.
        """
        vault, _, path = key_id.partition("/keys/")
        name, _, version = path.partition("/")
        if not version:
            found = await self.key(vault, name)
            key_id = found.version.id if found else key_id
        wrapped = await self._used(f"{key_id}/wrapkey", _encoded(_WRAPPED))
        back = await self._used(f"{wrapped.get('kid') or key_id}/unwrapkey", str(wrapped.get("value")))
        return bool(back.get("value") == _encoded(_WRAPPED))

    async def _used(self, url: str, value: str) -> Document:
        """What an operation of a key makes of a value; values are base64url without padding."""
        return await self.asked("POST", url, {"alg": _ALGORITHM, "value": value}, twice=HARMLESS)

    async def asked(
        self,
        method: str,
        url: str,
        body: Document | None = None,
        *,
        twice: Twice[Document] | Twice[object] | None = None,
    ) -> Document:
        """A request that the library has no method for: `url` begins with the vault's URI. As `Caller.call`."""
        client = self._client("/".join(url.split("/")[:3]))

        async def call() -> Document:
            answer = await client.send_request(HttpRequest(method, url, json=body))
            answer.raise_for_status()
            found = answer.json()
            if not isinstance(found, dict):
                raise ServiceError(
                    answer.status_code, "NotADocument", "the answer is not a document", method=method, url=url
                )
            return found

        return await self._call(method, url, call, twice=twice)

    async def listed(self, url: str) -> list[Document]:
        """Every item of a list, as the vault gives it. Raises ListError where an answer is none, or not whole."""
        pages, found = Pages(url), list[Document]()
        link: str | None = url
        while link:
            body = await self.asked("GET", link)
            found += pages.items(200, body)
            link = pages.following(200, body)
            check_host(link or url, url)
        return found

    def _client(self, vault: str) -> KeyClient:
        if vault not in self._clients:
            self._clients[vault] = KeyClient(
                vault,
                self._credential,
                transport=Transport(self._credential, self._fence),
                **PLAIN,
            )
        return self._clients[vault]


def _key(found: KeyVaultKey) -> Key:
    modulus: bytes | None = getattr(found.key, "n", None)
    size = len(modulus.lstrip(b"\0")) * 8 if modulus else None
    return Key(
        name=found.name or "",
        kind=str(getattr(found.key_type, "value", found.key_type)),
        size=size,
        operations=tuple(sorted(str(getattr(one, "value", one)) for one in found.key_operations or ())),
        version=_version(found.properties),
    )


def _version(found: KeyProperties) -> KeyVersion:
    return KeyVersion(
        id=found.id or "",
        enabled=bool(found.enabled),
        created=found.created_on,
        expires=found.expires_on,
        not_before=found.not_before,
        tags={str(name): str(value) for name, value in (found.tags or {}).items()},
        updated=found.updated_on,
    )


def _rotation(found: KeyRotationPolicy) -> Rotation | None:
    rotate = next((a for a in found.lifetime_actions if str(a.action).lower().endswith("rotate")), None)
    notify = next((a for a in found.lifetime_actions if str(a.action).lower().endswith("notify")), None)
    if rotate is None:
        return None
    return Rotation(
        expires_in=found.expires_in,
        after_create=rotate.time_after_create,
        before_expiry=rotate.time_before_expiry,
        notify_before_expiry=notify.time_before_expiry if notify else None,
    )


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
