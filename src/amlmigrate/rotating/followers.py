"""What lies under a key, and goes over to its new version: by a PATCH, or by itself within a time. Never back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.few import many
from amlmigrate.desired import refusals
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPart, DesiredPort
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.keys import dependants
from amlmigrate.keys.model import Dependant, DependantKind, KeyName, version_of
from amlmigrate.posture.levels import Levels
from amlmigrate.rotating.known import RotationKnown

# The order in which they are changed: the workspace first, whose refusal stops the rest.
ORDER = (DependantKind.WORKSPACE, DependantKind.ACCOUNT, DependantKind.SCOPE, DependantKind.REGISTRY)
# What Azure adds to what it was given, and does not take.
_READ_ONLY = (
    "currentVersionedKeyIdentifier",
    "currentVersionedKeyExpirationTimestamp",
    "lastKeyRotationTimestamp",
    "lastEnabledTime",
    "versionedKeyIdentifier",
    "keyRotationEnabled",
)


def _no_levels(_: Document) -> Levels:
    return Levels()


_READ: dict[DependantKind, Callable[[Document], Dependant | None]] = {
    DependantKind.WORKSPACE: lambda one: dependants.of_workspace(one, _no_levels),
    DependantKind.ACCOUNT: lambda one: dependants.of_account(one, _no_levels),
    DependantKind.SCOPE: lambda one: dependants.of_scope({}, one, _no_levels),
    DependantKind.REGISTRY: lambda one: dependants.of_registry(one, _no_levels),
}


class DependantPart(DesiredPart[RotationKnown]):
    """One thing under the key. `now` tells the time by Azure's clock."""

    def __init__(self, dependant: Dependant, now: Callable[[], datetime]) -> None:
        self.what, self.id = dependant.kind.value, dependant.id
        self.dependant, self._now, self._name = dependant, now, KeyName.of(dependant.ref)

    def decide(self, found: Any, known: RotationKnown) -> DesiredStep:
        """Changed where it names another version; waited for where it goes over by itself."""
        seen = _READ[self.dependant.kind](found) if found is not None else None
        if seen is None or KeyName.of(seen.ref) != self._name:
            return self.refuse(
                f"It is not under the key {self._name.id} any more: look at it, then run this again."
            )
        if seen.in_use and seen.in_use.lower() == version_of(known.version).lower():
            return self.exists(f"uses version {seen.in_use}")
        if seen.in_use.lower() in known.newer:
            return self.refuse(
                f"It uses version {seen.in_use}, which is newer than {version_of(known.version)}: nothing goes"
                " back to an older one. Look whether it is disabled, and enable it again; then run this again."
            )
        if seen.in_use and known.older is not None and seen.in_use.lower() not in known.older:
            return self.refuse(
                f"It uses version {seen.in_use}, which was not among the key's versions when they were read: it"
                f" may be newer than {version_of(known.version)}, and nothing goes back to an older one. Run the"
                " same command again; if it says so again, look whether that version was deleted with its key."
            )
        return self._going_over(seen, known) if seen.follows else self._pointed(seen, found, known)

    def _pointed(self, seen: Dependant, found: Document, known: RotationKnown) -> DesiredStep:
        if known.unfit:
            return self.refuse(f"Version {version_of(known.version)} {known.unfit}: nothing is pointed to it.")
        before = f"names version {seen.in_use}" if seen.in_use else "names its key without a version"
        goes = "the new version" if known.version == UNKNOWN else f"version {version_of(known.version)}"
        return self.update(_BODIES[seen.kind](seen, found, known.version), f"{before}, and is pointed to {goes}")

    def _going_over(self, seen: Dependant, known: RotationKnown) -> DesiredStep:
        assert seen.follows
        within = many(int(seen.follows.total_seconds() // 3600), "hour")
        if known.begins is None:
            return self._wait(f"goes over by itself, within {within} after the version is made")
        until = known.begins + seen.follows
        if self._now() < until:
            return self._wait(f"goes over by itself: waiting until {until:%Y-%m-%d %H:%M} UTC")
        return self._wait(
            f"late: it should have gone over by itself by {until:%Y-%m-%d %H:%M} UTC, and uses version"
            f" {seen.in_use or 'unknown'} still; check that its identity may read and unwrap with the new version"
        )

    def _wait(self, note: str) -> DesiredStep:
        return DesiredStep(DesiredVerb.WAIT, self.what, self.id, (note,))

    async def act(self, port: DesiredPort, step: DesiredStep) -> None:
        """One PATCH. Raises RefusedError where the key or a policy is why it is refused."""
        try:
            await super().act(port, step)
        except ServiceError as error:
            if told := explained(error, self.dependant):
                raise told from error
            raise

    def in_use(self, found: Any) -> str:
        """The version that it was seen on; empty where Azure does not say."""
        seen = _READ[self.dependant.kind](found) if found is not None else None
        return seen.in_use if seen else ""

    def until(self, known: RotationKnown) -> datetime | None:
        """When it has gone over by itself at the latest; None where it does not, or that is not known."""
        follows = self.dependant.follows
        return known.begins + follows if follows and known.begins else None


def explained(error: ServiceError, one: Dependant) -> RefusedError | None:
    """What helps where the right of its identity, or a policy, is why a change is refused; None for all else."""
    text = error.message.strip()
    if refusals.is_late(error):
        return RefusedError(
            f"Pointed to the new version, {one.called} could not use it, and stays as it was: {text}",
            address=one.id,
            remedy="Its identity needs to get the key, and to wrap and unwrap with it. Then run the same command"
            " again.",
        )
    if refusals.is_denied(error):
        return RefusedError(
            f"A policy denies the change of {one.called}: {text}",
            address=one.id,
            remedy="Ask whoever owns the policy for an exemption, then run the same command again.",
        )
    return None


def _workspace(seen: Dependant, found: Document, version: str) -> Document:
    """Only the identifier can change, within its vault (AZ-KEY-13).

    Inferred (AZ-POLICY-69): a guardrail that denies judges it with what is there, and lets it through.
    """
    return {"properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": version}}}}


def _account(seen: Dependant, found: Document, version: str) -> Document:
    """Its `encryption` as it is, with the version: what a PATCH of a part of it leaves out may be lost."""
    encryption = _writable(properties_of(found).get("encryption") or {})
    key = encryption.pop("keyvaultproperties", None) or encryption.pop("keyVaultProperties", None) or {}
    last = version if version == UNKNOWN else version_of(version)
    return {"properties": {"encryption": {**encryption, "keyvaultproperties": {**key, "keyversion": last}}}}


def _scope(seen: Dependant, found: Document, version: str) -> Document:
    return {"properties": {"source": "Microsoft.KeyVault", "keyVaultProperties": {"keyUri": version}}}


def _registry(seen: Dependant, found: Document, version: str) -> Document:
    encryption = _writable(properties_of(found).get("encryption") or {})
    key = encryption.get("keyVaultProperties") or {}
    return {"properties": {"encryption": {**encryption, "keyVaultProperties": {**key, "keyIdentifier": version}}}}


_BODIES = {
    DependantKind.WORKSPACE: _workspace,
    DependantKind.ACCOUNT: _account,
    DependantKind.SCOPE: _scope,
    DependantKind.REGISTRY: _registry,
}


def _writable(value: Any) -> Any:
    """Without what only Azure writes, at any depth."""
    if isinstance(value, dict):
        return {name: _writable(one) for name, one in value.items() if name not in _READ_ONLY}
    return value
