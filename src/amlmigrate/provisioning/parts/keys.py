"""The key and its rotation policy.

The key is made through ARM, which makes the first version of a key and never touches one that is there
(Microsoft.KeyVault/vaults/keys, "Creates the first version of a new key if it does not exist"): so no right on the
vault's data is needed for it, and a closed vault is no hindrance. A rotation policy of a key that is there is the
vault's own to change.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core import keystandard
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.durations import days
from amlmigrate.core.keys import KeyVersion, Rotation, key_of_document, one_spelling, rotation_of
from amlmigrate.core.rotations import stricter
from amlmigrate.desired import ownership
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.posture import profiles
from amlmigrate.posture.reading import tried_list
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import KeyWanted, WantedWorkspace

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The key, and whether a deleted one holds its name; `unasked` says why that is not known."""

    document: Document | None
    deleted: bool = False
    versions: tuple[Document, ...] = ()
    unasked: str = ""


class KeyPart(ProvisioningPart):
    """An RSA key in the vault."""

    what = "key"
    kind = "key"

    def __init__(self, wanted: WantedWorkspace, vault_uri: str) -> None:
        self._uri = vault_uri.lower()
        self.id, self.wanted, self._vault = wanted.key_id, wanted.key, wanted.vault.id
        self._tags = _tags(wanted.tags, wanted.key)
        self._given = wanted.vault.given

    async def read(self, port: DesiredPort, known: KnownValues) -> FoundKey:
        """The newest version, and when each ends; where there is no key, whether a deleted one holds the name."""
        document = await port.resources.get(self.id)
        if document is not None:
            return FoundKey(document, versions=await self._versions(port, document))
        if self._vault.lower() not in known.by_roles:
            return FoundKey(None)
        try:
            return FoundKey(None, await port.vaults.deleted(port.vaults.uri(self._vault), self.wanted.name))
        except (ServiceError, OutOfReachError) as error:
            # The service will say so when the key is made.
            return FoundKey(None, unasked=f"whether a deleted key holds the name: {error.summary}")

    async def _versions(self, port: DesiredPort, newest: Document) -> tuple[Document, ...]:
        """All of them; only the newest where the others may not be read."""
        others = (await tried_list(port.resources.arm, f"{self.id}/versions")).value or []
        return (newest, *others)

    def decide(self, found: FoundKey, known: KnownValues) -> DesiredStep:
        """Made, left, or refused: what is weaker cannot be made stronger without a key of another name."""
        if found.deleted:
            return self.refuse(
                "A deleted key holds the name: recover it (az keyvault key recover), or choose another name."
            )
        if found.document is None:
            unasked = (f"not checked: {found.unasked}",) if found.unasked else ()
            return self.create(_body(self.wanted, self._tags, time.time()), _told(self.wanted), *unasked)
        reasons, stays = unfit(properties_of(found.document), self.wanted, time.time())
        return self.refuse(*reasons) if reasons else self.exists(*stays)

    def learn(self, found: FoundKey, known: KnownValues) -> KnownValues:
        """The newest version's identifier, when each version expires, and which of them cannot be used."""
        versions = [key_of_document(one).version for one in found.versions]
        ends = {one_spelling(one.id): one.expires for one in versions if one.id}
        spent = {one_spelling(one.id): why for one in versions if (why := _spent(one, datetime.now(UTC)))}
        newest = properties_of(found.document).get("keyUriWithVersion") or UNKNOWN
        return replace(known, key_version=newest, expiries=ends, unusable=spent)

    def bearer(self, found: FoundKey) -> Document | None:
        """Any version with the tag, since a tag is a version's: nothing says that a rotation carries it on."""
        tagged = [one for one in found.versions if ownership.tag_of(one)]
        whose = {ownership.tag_of(one).lower() for one in tagged}
        return tagged[0] if len(whose) == 1 else found.document

    def named_in(self, text: str) -> bool:
        """By its identifier; accounts name the vault's address and the key's name apart from each other."""
        name = self.wanted.name.lower()
        whole = any(f"{self._uri}/keys/{name}{end}" in text for end in ('"', "/"))
        apart = f'"keyname": "{name}"' in text and any(f'"{self._uri}{end}' in text for end in ('"', "/"))
        return super().named_in(text) or whole or apart

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """A new key is something new in its vault."""
        return [(self._vault, ownership.KEYS)] if step.verb is DesiredVerb.CREATE else ()

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """In a vault with purge protection a key's name is taken for as long as that keeps it."""
        if step.verb is not DesiredVerb.CREATE:
            return ()
        return (f"the key '{self.wanted.name}' in '{name_of(self._vault)}': once deleted, its name stays taken",)

    def instead(self, step: DesiredStep) -> str:
        """Only whoever owns another's vault can make it."""
        if not self._given:
            return ""
        way = f"--vault-name {name_of(self._vault)} --name {self.wanted.name}"
        profile = shlex.quote(f"{keystandard.TAG}={self.wanted.asked.tag(profiles.shipped())}")
        told = f"--kty {self.wanted.kind} --size {self.wanted.size} --tags {ownership.TAG}={self.owner} {profile}"
        return (
            f"Whoever owns the vault has to make the key ({_told(self.wanted)}): "
            f"az keyvault key create {way} {told}; then run it again."
        )


def _tags(tags: Mapping[str, str], wanted: KeyWanted) -> dict[str, str]:
    """Those of the file, and what is asked of the key, unless they name a profile."""
    named = any(name.lower() == keystandard.TAG for name in tags)
    return dict(tags) if named else {**tags, keystandard.TAG: wanted.asked.tag(profiles.shipped())}


def _spent(version: KeyVersion, now: datetime) -> str:
    """Why a version cannot be used, but for its end; empty where it can."""
    if not version.enabled:
        return "is disabled"
    return "is not valid yet" if version.not_before is not None and version.not_before > now else ""


def _body(wanted: KeyWanted, tags: Mapping[str, str], now: float) -> Document:
    attributes: Document = {"enabled": True}
    if wanted.expires:
        attributes["exp"] = int(now) + days(wanted.expires) * _DAY
    body: Document = {"kty": wanted.kind, "keySize": wanted.size, "attributes": attributes}
    if wanted.rotation:
        body["rotationPolicy"] = _policy(wanted.rotation)
    return {"tags": dict(tags), "properties": body}


def _policy(rotation: Rotation) -> Document:
    actions: list[Document] = [
        {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": rotation.after_create}}
    ]
    if rotation.notify_before_expiry:
        trigger = {"timeBeforeExpiry": rotation.notify_before_expiry}
        actions.append({"action": {"type": "notify"}, "trigger": trigger})
    policy: Document = {"lifetimeActions": actions}
    if rotation.expires_in:
        policy["attributes"] = {"expiryTime": rotation.expires_in}
    return policy


def _told(wanted: KeyWanted) -> str:
    parts = [f"{wanted.kind} {wanted.size}"]
    for name, value in (("expires", wanted.expires), ("rotated", wanted.rotate)):
        parts += [f"{name} {value}"] if value else []
    parts += [f"notice {wanted.notify} before"] if wanted.notify else []
    profile = f"{wanted.profile}: " if wanted.profile else ""
    return profile + ", ".join(parts)


def unfit(found: Document, wanted: KeyWanted, now: float) -> tuple[list[str], list[str]]:
    """Why a key that is there cannot serve, and what of it stays though the file says otherwise. Pure."""
    reasons, stays = [], []
    kind, size = str(found.get("kty", "")), int(found.get("keySize") or 0)
    attributes = found.get("attributes") or {}
    if kind not in ("RSA", "RSA-HSM"):
        reasons.append(f"It is of type {kind}; Azure ML and storage take RSA keys.")
    elif wanted.kind == "RSA-HSM" and kind == "RSA":
        reasons.append("It is protected by software, and the file asks for RSA-HSM.")
    elif wanted.kind == "RSA" and kind == "RSA-HSM":
        stays.append("stays protected by hardware")
    if size < wanted.size:
        reasons.append(f"It has {size} bits, and the file asks for {wanted.size}: choose another name.")
    elif size > wanted.size:
        stays.append(f"stays at {size} bits")
    if attributes.get("enabled") is False:
        reasons.append("Its newest version is disabled.")
    expires, begins = attributes.get("exp"), attributes.get("nbf")
    if expires is not None and expires <= now:
        reasons.append("Its newest version has expired: rotate it.")
    elif expires is None and wanted.expires:
        stays.append("its newest version never expires; the next one does, by the rotation policy")
    elif expires is not None and wanted.expires and expires > now + days(wanted.expires) * _DAY:
        until = datetime.fromtimestamp(expires, UTC).date()
        stays.append(f"its newest version is valid until {until}, longer than {wanted.expires} from now")
    if begins is not None and begins > now:
        reasons.append("Its newest version is not valid yet.")
    return reasons, stays


class RotationPolicy(ProvisioningPart):
    """When the vault makes a new version by itself."""

    what = "rotation policy"

    def __init__(self, wanted: WantedWorkspace, rotation: Rotation) -> None:
        self.id, self.wanted, self._vault = wanted.key_id, rotation, wanted.vault.id
        self._name = wanted.key.name

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Given where there is none or a slower one; a stricter one stays."""
        if found is None:
            return self.exists("comes with the key")
        there = rotation_of(properties_of(found).get("rotationPolicy") or {})
        wanted = stricter(there, self.wanted)
        if wanted == there:
            return self.exists()
        why = "rotates later, or tells later, than the file asks for" if there else "there is none"
        return DesiredStep(DesiredVerb.UPDATE, self.what, self.id, (why,), ArmCall("PUT", self.id, asdict(wanted)))

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """The policy is the key's."""
        return [(self.id, ownership.ROTATION)] if step.verb.writes else ()

    async def act(self, port: DesiredPort, step: DesiredStep) -> None:
        """Through the vault itself."""
        assert step.change and step.change.body
        await port.vaults.set_rotation(port.vaults.uri(self._vault), self._name, Rotation(**step.change.body))
