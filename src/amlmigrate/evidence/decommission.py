"""The report of a removal: the tombstone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from amlmigrate.evidence.base import OfPair
from amlmigrate.evidence.members import (
    CodeBytes,
    Count,
    Flag,
    Free,
    Part,
    Sha256,
    Text,
    Time,
)
from amlmigrate.evidence.values import Assigned, Found, Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRecord(Part):
    """What is documented of getting the workspace back: the sentence, its source, and for how many days.

    `cannot`: why it could not be by that page; `unknown`: what could not be read of it; `accepted`: somebody took
    that it cannot. `refused`: what Azure predicted that policies refuse of it.
    """

    documented: Text
    source: Text
    days: Count | None
    cannot: tuple[Text, ...]
    unknown: tuple[Text, ...]
    accepted: Flag
    refused: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LossesRecord(Part):
    """What is lost for good even by a soft delete; `jobs`: how many had not ended, null where not known."""

    computes: tuple[Free, ...]
    endpoints: tuple[Text, ...]
    jobs: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretNames(Part):
    """Those in the workspace's vault, which stay: never their values. `unread`: why they could not be listed."""

    vault: Text
    count: Count | None
    names: tuple[Text, ...] | None
    unread: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRight(Part):
    """What an identity of the workspace may still do elsewhere, and the command that takes it."""

    id: Text
    what: Text
    role: Text
    scope: Text
    identity: Text
    principal: Text
    also_used_by: tuple[Text, ...]
    command: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenRecord(Part):
    """What could not be looked at: a subscription's id or a workspace's ARM id in lower case, and why."""

    scope: Text
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRightsRecord(Part):
    """Those that were found, what could not be read, and what nobody looked at."""

    held: tuple[HeldRight, ...]
    unread: tuple[UnseenRecord, ...]
    not_looked_at: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment(Part):
    """One at the workspace or below, which went with it, as Azure tells it."""

    id: Text
    principal: Annotated[Text | None, Field(alias="principalId")]
    principal_type: Annotated[Text | None, Field(alias="principalType")]
    role: Annotated[Text | None, Field(alias="roleDefinitionId")]
    scope: Text | None


# What lies in a storage account, holds users' bytes and has a name below the account's.
IN_ACCOUNT = frozenset({"container", "share", "deleted"})


@dataclass(frozen=True, slots=True)
class RemainingRecord(Part):
    """One thing that stays: `id` is its ARM id, or `ACCOUNT/CONTAINER`.

    `key` is the customer's key that Azure reports for it; null for Microsoft's, or where that is not known, which
    `why` tells. `there` is null where it could not be read. `scope` is a container's own encryption scope.
    """

    kind: Text
    what: Text
    id: Text
    there: Flag | None
    key: Text | None
    why: Text
    encryption: Free | None
    scope: Text | None
    blobs: Count | None
    bytes: Count | None

    @property
    def residual(self) -> bool:
        """Whether it lies under Microsoft's key, or is not known to lie under a customer's."""
        return self.key is None and self.there is not False and self.kind != "vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual(Part):
    """What lies under Microsoft's key, or is not known not to.

    `address` is `residual/ACCOUNT/CONTAINER`, or `residual/NAME` of a whole resource.
    """

    address: Text
    id: Text
    what: Text
    key: Text | None
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Part):
    """A container that was not deleted, and why."""

    id: Text
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRecord(Part):
    """For how long an account keeps what was deleted.

    Days are null where that is off, 0 where it is on for a time that is not told.
    """

    account: Text
    container_days: Count | None
    blob_days: Count | None
    versions: Flag | None
    unread: Text
    documented: Text
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook(CodeBytes):
    """The last look at the code bytes, with what is told of one that came too early."""

    told: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RestsOn(Part):
    """The verification that a removal rests on: the file of its report, its SHA-256, and what it says."""

    report: Text
    sha256: Sha256
    says: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptionRecord(Part):
    """An exemption of the workspace from a policy, and what became of it.

    `assignment` is that of the policy, `ends` as Azure told it, null for none; `made` is when, where Azure tells.
    `guardrail` is the scope of the guardrail that made it, null for somebody else's. `outcome`: `removed` by us,
    `gone`: Azure no longer shows it, `left`: it was still there, `unknown`; of the last two `why`, and the
    `command` that removes it.
    """

    id: Text
    assignment: Text
    ends: Text | None
    guardrail: Text | None
    made: Text
    outcome: Literal["removed", "gone", "left", "unknown"]
    why: Text
    command: Text


# Without slots: two types with slots have no heir in common.
@dataclass(frozen=True, kw_only=True)
class RemovalFacts(Part):
    """What is known of a removal from its beginning on, whether it has ended or not."""

    purged: Flag
    begun: Time
    deleted: Time | None
    gone: Time | None
    by_us: Flag
    warnings: tuple[Found, ...]
    removed_first: tuple[Text, ...]
    recovery: RecoveryRecord
    dying: LossesRecord
    secrets: SecretNames
    rights: HeldRightsRecord
    role_assignments: tuple[RoleAssignment, ...] | None
    frozen: tuple[Assigned, ...]
    not_known: tuple[Text, ...]
    begun_by: Signed | None
    verified: RestsOn | None
    code_bytes: LastLook | None
    exemptions: tuple[ExemptionRecord, ...] = ()

    def facts(self) -> dict[str, Any]:
        """These members, for another record that has them too."""
        return {one.name: getattr(self, one.name) for one in fields(RemovalFacts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decommission(RemovalFacts, OfPair):
    """What was removed, what died with it, what remains, under whose key, and until when.

    `begun`, `deleted`, `gone`: when it began, when the workspace's deletion was asked for (null: it was not), and
    when it was shown to be gone; `by_us`: by this plan's own deletion. `begun_by` passed the gate, `by` ended it.
    """

    record: ClassVar[str] = "decommission"

    recoverable_until: Time | None
    remains: tuple[RemainingRecord, ...]
    residuals: tuple[Residual, ...]
    containers_deleted: tuple[Text, ...]
    containers_kept: tuple[Kept, ...]
    accepted_unseen: tuple[UnseenRecord, ...]
    protection: ProtectionRecord | None
