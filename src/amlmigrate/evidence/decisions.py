"""The reports of decisions of people, and of approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from amlmigrate.core.authorship import By
from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.identity import Identity
from amlmigrate.evidence.base import ReportContent
from amlmigrate.evidence.members import Count, Flag, Part, Sha256, Text, Time
from amlmigrate.evidence.values import SignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine(Part):
    """One decision: `sha256` is the digest of what it was then, `says` what was shown of it.

    `until` is empty where it does not end; `seen`: the tool saw in the target that it was done. One that takes
    another back has its address and its reason alone.
    """

    address: Text
    sha256: Sha256 = ""
    reason: Text
    until: Text | None = None
    says: Text | None = None
    seen: Flag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(ReportContent):
    """Decisions that were taken together: `done`, `waive`, `want` (an option of a later command) or `reopen`."""

    record: ClassVar[str] = "decision"

    decision: DecisionVerb
    decisions: tuple[DecisionLine, ...]
    tenant_id: Text

    def told(self, number: int) -> list[Decision]:
        """The decisions that it tells of, as the ledger has them; none for one that takes some back.

        `number` is that of the report in the chain.
        """
        if self.decision is DecisionVerb.REOPEN:
            return []
        who = By(self.by.user, self.by.host, self.by.version).local
        object_id = self.by.identity.object_id if self.by.identity else ""
        return [
            Decision(
                one.address,
                self.decision,
                one.sha256,
                one.reason,
                who,
                self.time,
                object_id,
                one.until or "",
                bool(one.seen),
                number,
                self.tenant_id,
            )
            for one in self.decisions
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Part):
    """A decision that was approved, as the ledger had it, with the digest that names it whole."""

    address: Text
    verb: DecisionVerb
    sha256: Sha256
    reason: Text
    by: Text
    at: Time
    object_id: Text
    until: Text
    seen: Flag
    report: Count
    tenant_id: Text
    digest: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord(ReportContent):
    """The approval, by one identity, of exactly the plan, or of all decisions that were open together."""

    record: ClassVar[str] = "approval"

    by: SignedIn
    of: Literal["plan", "decisions"]
    sha256: Sha256
    decisions: tuple[Approved, ...]
    tenant_id: Text
    comment: Text

    @property
    def identity(self) -> Identity:
        """Who approved; nobody does without one."""
        assert self.by.identity
        return self.by.identity
