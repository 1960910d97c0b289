"""Keys in use and what depends on them, as values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.documents import Document
from amlmigrate.core.few import many
from amlmigrate.core.keys import KeyVersion, Rotation, is_hsm, key_id, one_spelling, vault_address, vault_host_name
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.holders import Holders
from amlmigrate.posture.levels import Levels
from amlmigrate.posture.reading import NOTHING, Read

# A tag of a version: when a drill of it ended (UTC, ISO 8601), and the object ids of those who drilled it.
DRILLED = "aml-cmk-migrate-drilled"


class DependantKind(StrEnum):
    """What a key can be under; the value is how people are told of it."""

    WORKSPACE = "workspace"
    ACCOUNT = "storage account"
    SCOPE = "encryption scope"
    REGISTRY = "container registry"


# What is looked for under a key. Disks, databases, Log Analytics clusters and more can lie under one too. What
# lies in a subscription in which the caller has no role is in no list (AZ-ARM-24).
LOOKED_AT = tuple(one.value for one in DependantKind)
LIMITS = (
    "only workspaces, storage accounts, encryption scopes and container registries are looked at, and only in"
    " subscriptions that you are shown: whether something else, as a disk, a database or a Log Analytics cluster,"
    " or anything in another subscription is under the key is not known"
)


class Adoption(StrEnum):
    """Where a dependant stands against the version of its key that counts."""

    NEWEST = "newest"
    WAITING = "waiting"
    LEFT_BEHIND = "left behind"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, order=True)
class KeyName:
    """A key without a version: its vault's URI (`https://NAME.vault.azure.net`) and its name, both in lower case.

    The names of vaults and keys have no letter case (learn.microsoft.com, about-keys-secrets-certificates).
    """

    vault: str
    name: str

    @classmethod
    def of(cls, ref: KeyRef) -> KeyName:
        """The key that a resource names."""
        return cls(vault_address(ref.vault), ref.name.lower())

    @property
    def id(self) -> str:
        """The key's identifier without a version."""
        return f"{self.vault}/keys/{self.name}"

    @property
    def vault_name(self) -> str:
        """The vault's own name."""
        return vault_host_name(self.vault)

    @property
    def of_hsm(self) -> bool:
        """Whether it lies in a managed HSM and not in a vault."""
        return is_hsm(self.vault)


def version_of(identifier: object) -> str:
    """The version in a key's identifier; empty for an identifier without one, and for what is none."""
    found = key_id(identifier)
    return found.version if found else ""


@dataclass(frozen=True, slots=True)
class Dependant:
    """Something whose data lies under a key.

    `id` is its ARM id. `configured` is the version that its settings name, empty for a key without a version;
    `in_use` is the one that Azure reports in use, empty where Azure does not say; `since` is when it went over to
    that, where Azure says so. `follows` is how long it takes to go over to a new version by itself, None where it
    does not. `levels` are its own: by the tagging standard, and of a workspace by what its owner decided.
    `identity` is the ARM id or the client id of the identity that uses the key, empty for its own; `principal` is
    that identity's object id in lower case, empty where the document does not show it.
    """

    kind: DependantKind
    id: str
    ref: KeyRef
    configured: str
    in_use: str
    follows: timedelta | None = None
    since: datetime | None = None
    levels: Levels = field(default_factory=Levels)
    identity: str = ""
    principal: str = ""
    document: Document = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Its own name; of an encryption scope `ACCOUNT/SCOPE`."""
        id_ = ArmId.of(self.id)
        return "/".join(id_.names) if self.kind is DependantKind.SCOPE else id_.name

    @property
    def tags(self) -> dict[str, str]:
        """Its own tags; an encryption scope has none."""
        return {str(name): str(value) for name, value in (self.document.get("tags") or {}).items()}

    @property
    def called(self) -> str:
        """As a sentence names it."""
        return f"the {self.kind.value} '{self.name}'"


@dataclass(frozen=True, slots=True)
class KeyProfile:
    """What a key is held to: the name of its profile, how many days a version may be in use, and who says so.

    `told_by` says how the profile is known: a tag, an option, or that none is and the default counts.
    """

    name: str
    days: int
    source: str
    told_by: str

    @property
    def period(self) -> str:
        """The cryptoperiod in words."""
        return many(self.days, "day")


@dataclass(frozen=True, slots=True)
class LoggedUse:
    """What one caller did with one key, summed up: operation as the vault's log names it (`KeyBackup`).

    `key` is the identifier as it was logged, with a version or without; `refused` are the calls that were
    answered with an error. `caller` is an object id in lower case, `application` a client id.
    """

    operation: str
    key: str
    caller: str
    application: str
    calls: int
    refused: int
    first: datetime
    last: datetime

    def about(self, name: KeyName) -> bool:
        """Whether it is about a key, in whichever version, or deleted as it is (AZ-LOG-7)."""
        found = key_id(self.key.replace("/deletedkeys/", "/keys/", 1))
        return found is not None and found.key == name.id


@dataclass(frozen=True, slots=True)
class AuditLog:
    """What a vault's audit log shows; of one without a row nothing is known. `since` is the first call in it.

    `places` are the Log Analytics workspaces that were asked, by ARM id; `asked_from` is how far back.
    """

    uses: tuple[LoggedUse, ...]
    since: datetime
    places: tuple[str, ...]
    asked_from: datetime


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """A key, all its versions (newest first) and what lies under it.

    `vault_id` is empty where the vault was not found. `log` is the whole vault's. `managers` are those who may
    change the key, or the vault it lies in.
    """

    name: KeyName
    vault_id: str
    profile: KeyProfile
    dependants: tuple[Dependant, ...]
    vault: Read[Document] = NOTHING
    versions: Read[tuple[KeyVersion, ...]] = NOTHING
    rotation: Read[Rotation] = NOTHING
    managers: Read[Holders] = NOTHING
    log: Read[AuditLog] = NOTHING

    def goal(self, now: datetime) -> KeyVersion | None:
        """The version that every dependant should be on: the newest one that is enabled and valid by now.

        None where there is none, or that is not known. With a version that is not valid yet nothing new could be
        written (`KeyVersion.early`).
        """
        return next((one for one in self.versions.value or () if one.enabled and not one.early(now)), None)

    def staged(self, now: datetime) -> KeyVersion | None:
        """A version that is newer than the goal, enabled, and not valid yet; None where there is none."""
        newest = next((one for one in self.versions.value or () if one.enabled), None)
        return newest if newest and newest.early(now) else None

    def is_newer(self, name: str, than: KeyVersion) -> bool:
        """Whether a version, by its name, was made after another one: as one that was disabled since."""
        names = [one.version.lower() for one in self.versions.value or ()]
        after = names[: names.index(than.version.lower())] if than.version.lower() in names else []
        return name.lower() in after

    def version(self, name: str) -> KeyVersion | None:
        """A version by its name; None where the key has no such version, or none are known."""
        return next((one for one in self.versions.value or () if one.version.lower() == name.lower()), None)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the vault, and over them those of the key's versions, where the newest that has one counts.

        A tag is a version's; nothing says that a rotation carries it on.
        """
        found: dict[str, str] = {str(k): str(v) for k, v in ((self.vault.value or {}).get("tags") or {}).items()}
        for version in reversed(self.versions.value or ()):
            found |= version.tags
        return found

    @property
    def principals(self) -> frozenset[str]:
        """The object ids of the identities by which the dependants use the key, as far as they are shown."""
        return frozenset(one.principal for one in self.dependants if one.principal)

    def level(self, fact: str, levels: Sequence[str]) -> str | None:
        """The gravest level of a fact among the dependants; `levels` are from the least to the most.

        None where one of them tells none: what it is is not known then, and counts as the gravest.
        """
        told = [one.levels.level(fact) for one in self.dependants]
        known = [one for one in told if one is not None]
        if len(known) < len(told) or not known:
            return levels[-1] if levels[-1] in known else None
        return max(known, key=levels.index)

    def logged(self, operations: Collection[str]) -> list[LoggedUse]:
        """What the vault's log shows of these operations on the key that succeeded, the last one first.

        A restore whose row names no key, as its path names none, may be of any (AZ-LOG-7).
        """
        uses = self.log.value.uses if self.log.value else ()
        unnamed = ("", f"{self.name.vault}/keys/restore")
        found = [
            one
            for one in uses
            if one.operation in operations
            and one.calls > one.refused
            and (one.about(self.name) or (one.operation == "KeyRestore" and one_spelling(one.key) in unnamed))
        ]
        return sorted(found, key=lambda one: one.last, reverse=True)

    @property
    def used(self) -> Iterator[str]:
        """The versions that something uses, newest first, as far as Azure says."""
        named = {one.in_use.lower() for one in self.dependants if one.in_use}
        return (one.version for one in self.versions.value or () if one.version.lower() in named)


@dataclass(frozen=True, slots=True)
class UnreadPlace:
    """Where nobody could look: ARM id, the action that it takes, why, and the HTTP status (0: no answer)."""

    id: str
    action: str
    reason: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class KeySurvey:
    """All keys that were asked for. `looked` are the subscriptions in which dependants were looked for.

    `names` are display names by object id, of those that the directory tells. `notes` say what keeps owners'
    decisions about levels from counting.
    """

    keys: tuple[KeyInUse, ...]
    looked: tuple[str, ...]
    unread: tuple[UnreadPlace, ...]
    read_at: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the dependants are all that lie in the subscriptions that were looked in."""
        return not self.unread


def vault_of(key: KeyInUse) -> str:
    """The name of the vault of a key, as people spell it."""
    return name_of(key.vault_id) or key.name.vault_name
