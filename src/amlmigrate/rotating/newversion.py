"""The version of a key that a rotation makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.drilltag import UNDER_WAY
from amlmigrate.core.durations import days
from amlmigrate.core.few import many
from amlmigrate.core.keys import Key, KeyVersion, newest_first
from amlmigrate.desired.parts import DesiredPart, DesiredPort
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.keys.model import DRILLED, KeyInUse
from amlmigrate.posture.reading import Read
from amlmigrate.rotating.aim import TAG, Aim, aim, disabled
from amlmigrate.rotating.known import RotationKnown

_RSA = ("RSA", "RSA-HSM")
# What is true of one version alone: a drill of another one is none of it.
_OWN = (TAG, DRILLED, UNDER_WAY)


@dataclass(frozen=True, slots=True)
class FoundVersions:
    """All versions of the key, newest first, and the newest one as a key; None where there is none."""

    versions: tuple[KeyVersion, ...]
    newest: Key | None


class NewVersionPart(DesiredPart[RotationKnown]):
    """The version with the rotation's tag: made by the vault, where no version has it yet."""

    what = "new version"
    settles = False

    def __init__(self, key: KeyInUse, asked: Aim, now: datetime) -> None:
        self.id, self._key, self._asked, self._now = key.name.id, key, asked, now

    async def read(self, port: DesiredPort, known: RotationKnown) -> FoundVersions:
        """Its versions as the vault itself shows them: a list of ARM's may be behind."""
        name = self._key.name
        newest = await port.vaults.key(name.vault, name.name)
        versions = await port.vaults.versions(name.vault, name.name) if newest else []
        return FoundVersions(newest_first(versions, newest.version.id if newest else ""), newest)

    def decide(self, found: FoundVersions, known: RotationKnown) -> DesiredStep:
        """Made where the rotation has made none; a key that Azure ML cannot use is refused."""
        if found.newest is None:
            return self.refuse("There is no such key in the vault.")
        if found.newest.kind.upper() not in _RSA:
            return self.refuse(
                f"It is of type {found.newest.kind}; Azure ML, storage and registries take RSA keys."
            )
        now = self._aim(found.versions)
        if now.version is not None and not now.version.enabled:
            return self.refuse(disabled(now))
        if now.version is not None:
            return self.exists(now.told, *_twice(found.versions, now.rotation))
        body = self._body(found.newest, now)
        return DesiredStep(
            DesiredVerb.CREATE,
            self.what,
            self.id,
            tuple(self._told(found.newest, body, now)),
            _call(self.id, body),
        )

    def learn(self, found: FoundVersions, known: RotationKnown) -> RotationKnown:
        """The version that everything is to be on."""
        now = self.version(found)
        return RotationKnown.of(now, found.versions, self._now) if now else known

    def version(self, found: FoundVersions) -> KeyVersion | None:
        """The version that everything is to be on, by what was read; None where it is still to be made."""
        return self._aim(found.versions).version

    async def act(self, port: DesiredPort, step: DesiredStep) -> None:
        """One call that makes a version; after one whose answer was lost the tag tells whether it did."""
        assert step.change and step.change.body
        body, name = step.change.body, self._key.name
        await port.vaults.create(
            name.vault,
            name.name,
            kind=body["kty"],
            size=body["key_size"],
            operations=body["key_ops"],
            expires=datetime.fromisoformat(body["expires"]) if body.get("expires") else None,
            tags=body["tags"],
            known_by=TAG,
        )

    def instead(self, step: DesiredStep) -> str:
        """Who may make a version of a key."""
        return (
            "Whoever keeps the key makes the version, with keys/read and keys/create/action on it (Key Vault"
            f" Crypto Officer at the key has both): migrate key rotate --key {self.id} --make"
        )

    def _aim(self, versions: tuple[KeyVersion, ...]) -> Aim:
        """What is due by now: of the rotation that was asked for, whatever was made meanwhile.

        One that was decided to make no version makes none.
        """
        if not self._asked.to_make and self._asked.version is not None:
            return self._asked
        key = replace(self._key, versions=Read(versions))
        named = aim(key, self._asked.rotation, self._now)
        return replace(named, told=self._asked.told) if named.version is None else named

    def _body(self, newest: Key, now: Aim) -> Document:
        expires = expiry(self._key, newest.version, self._now)
        kept = {name: value for name, value in newest.version.tags.items() if name not in _OWN}
        return {
            "kty": newest.kind,
            "key_size": newest.size,
            "key_ops": list(newest.operations),
            "tags": {**kept, TAG: now.rotation},
            "expires": expires.isoformat() if expires else None,
        }

    def _told(self, newest: Key, body: Document, now: Aim) -> list[str]:
        until = body["expires"]
        return [
            now.told,
            f"{newest.kind} {newest.size}, as the newest version is, tagged {TAG}={now.rotation}",
            f"expires {until[:10]}" if until else "has no expiry, as the newest version has none",
            f"version {newest.version.version} stays enabled: what was written under it needs it",
        ]


def expiry(key: KeyInUse, newest: KeyVersion, now: datetime) -> datetime | None:
    """When a new version ends: as the key's rotation policy says, else after as long as the newest one lasts."""
    policy = key.rotation.value
    if policy and policy.expires_in:
        return now + timedelta(days=days(policy.expires_in))
    if newest.expires is None or newest.created is None:
        return None
    lasts = newest.expires - newest.created
    return now + lasts if lasts > timedelta(0) else None


def _call(id_: str, body: Document) -> ArmCall:
    return ArmCall("POST", f"{id_}/create", body)


def _twice(versions: Sequence[KeyVersion], rotation: str) -> list[Any]:
    """Where two runs at once have made one each: a vault has no condition by which one could be refused."""
    made = [one.version for one in versions if one.tags.get(TAG) == rotation]
    if len(made) < 2:
        return []
    told = f"{many(len(made), 'version')} bear the tag of this rotation ({', '.join(made)})"
    return [f"warning: {told}: the newest counts"]
