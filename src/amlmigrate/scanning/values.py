"""What a scan knows of one workspace, as values; None always means not known, never no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from amlmigrate.core.errors import ExitCode, MigrateError
from amlmigrate.posture.tagging import ToldLevel

MICROSOFT, CLASSIC, SERVICE_SIDE, CUSTOMER = "microsoft", "classic", "service-side", "customer"


class Cause(StrEnum):
    """Why a fact is not known: Azure refused it (401, 403), there is nothing to read, the reading failed."""

    DENIED = "denied"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """A fact that could not be read: which, the ARM action that it takes, and why."""

    fact: str
    action: str
    reason: str
    cause: Cause

    @classmethod
    def of(cls, fact: str, action: str, error: MigrateError) -> NotKnown:
        """From what went wrong; an answer that names the action that it refused is believed."""
        refused = getattr(error, "action", "") or action
        cause = Cause.DENIED if error.exit_code is ExitCode.DENIED else Cause.FAILED
        return cls(fact, refused, error.summary, cause)


@dataclass(frozen=True, slots=True)
class Encryption:
    """`kind` is `microsoft`, `classic` or `service-side`; the key's age in whole days."""

    kind: str
    key_id: str | None = None
    key_created: str | None = None
    key_age_days: int | None = None

    @property
    def by_customer(self) -> bool:
        """Whether the workspace stands under a customer's key."""
        return self.kind != MICROSOFT


@dataclass(frozen=True, slots=True)
class VaultValues:
    """The vault of the key, or of a workspace without one (`holds` is `secrets`) its own."""

    id: str
    holds: str
    same_subscription: bool
    same_region: bool | None = None
    soft_delete: bool | None = None
    purge_protection: bool | None = None


@dataclass(frozen=True, slots=True)
class StorageValues:
    """The storage account; `encryption` is `microsoft` or `customer`. By the last four its price is told."""

    id: str
    encryption: str | None = None
    public_network_access: str | None = None
    default_action: str | None = None
    shared_key_access: bool | None = None
    hierarchical_namespace: bool | None = None
    private_endpoints: int | None = None
    sku: str | None = None
    kind: str | None = None
    access_tier: str | None = None
    location: str | None = None

    @property
    def open(self) -> bool | None:
        """Whether every network reaches it."""
        if self.public_network_access is None or self.default_action is None:
            return None
        return self.public_network_access.lower() == "enabled" and self.default_action.lower() == "allow"


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """Storage that a datastore leads to besides the workspace's own; `encryption` as there, None: not known."""

    name: str
    id: str | None = None
    encryption: str | None = None


@dataclass(frozen=True, slots=True)
class RegistryValues:
    """The container registry; `encryption` is `microsoft` or `customer`."""

    id: str
    encryption: str | None = None
    public_network_access: str | None = None
    sku: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """The workspace's own network: `Enabled` or `Disabled`, private endpoints, managed network's isolation."""

    public_network_access: str
    private_endpoints: int
    isolation: str


@dataclass(frozen=True, slots=True)
class Barrier:
    """Something in the way of a move; one that `stops` leaves this tool no way."""

    code: str
    text: str
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Risk:
    """0 to 100: `score` counts what is not known as its worst, `least` as nothing; `parts` add up to `score`."""

    score: int
    least: int
    level: str
    parts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Scanned:
    """One workspace as a scan found it.

    `told_by` says who tells its sensitivity and its environment, by the name of the fact.
    """

    id: str
    name: str
    group: str
    subscription: str
    location: str
    workspace_id: str
    kind: str
    identity: str
    encryption: Encryption
    exposure: Exposure
    vault: VaultValues | None = None
    storage: StorageValues | None = None
    registry: RegistryValues | None = None
    other_accounts: tuple[OtherAccount, ...] | None = None
    sensitivity: str | None = None
    environment: str | None = None
    told_by: Mapping[str, ToldLevel] = field(default_factory=dict)
    created: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int | None] = field(default_factory=dict)
    blobs: int | None = None
    bytes: int | None = None
    barriers: tuple[Barrier, ...] = ()
    not_known: tuple[NotKnown, ...] = ()
    risk: Risk | None = None

    @property
    def movable(self) -> bool:
        """Whether this tool can move it."""
        return not any(barrier.stops for barrier in self.barriers)

    def unknown(self, *missing: NotKnown) -> Scanned:
        """The same, with more that is not known."""
        return replace(self, not_known=(*self.not_known, *missing))

    def as_dict(self) -> dict[str, Any]:
        """Its line in a scan file; the names are those of docs/how-to/scan.md."""
        told_by = {fact: one.source for fact, one in self.told_by.items()}
        return {"record": "workspace", **asdict(self), "told_by": told_by, "movable": self.movable}
