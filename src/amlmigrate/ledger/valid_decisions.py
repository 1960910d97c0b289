"""Which decisions count: of just this content, not past their date, and approved where the plan asks for that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from amlmigrate.core.claim import WAIVABLE
from amlmigrate.core.decision import Decision, DecisionSubject, DecisionVerb
from amlmigrate.core.finding import Finding
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from amlmigrate.ledger.decision_subjects import failures, of_findings, of_step
from amlmigrate.ledger.ledger import Ledger


class Standing:
    """The decisions about one plan as they stand at a moment, the ledger's by default; without it none."""

    def __init__(self, plan: Plan, ledger: Ledger | None, now: datetime | None = None) -> None:
        self._plan = plan
        self._now = now or (ledger.moment() if ledger else datetime.now(UTC))
        self._rows = ledger.decisions() if ledger else {}
        self._failures = failures(ledger) if self._rows else {}
        self._approved = _approved(plan, ledger) if ledger and plan.header.require_approval else {}

    def of(self, subject: DecisionSubject) -> Decision | None:
        """The decision that counts for it, or None while it is open."""
        row = self._rows.get(subject.address)
        if row and self._names(row, subject) and self._counts(row):
            return row
        return None

    def _names(self, row: Decision, subject: DecisionSubject) -> bool:
        """Whether a decision is about just this; of what a run left undone, about just how it failed."""
        if subject.step:
            subject = of_step(subject.step, self._failures.get(subject.address, ""))
        return row.sha256 == subject.sha256

    def settled(self, findings: Iterable[Finding]) -> dict[str, Decision]:
        """Of these findings, by address, the decisions that count for just what they say."""
        found = ((address, self.of(subject)) for address, subject in of_findings(findings).items())
        return {address: decision for address, decision in found if decision}

    def counting(self) -> dict[str, Decision]:
        """By address, what was decided and counts by its date and its approval; of which content is not asked."""
        return {
            address: row
            for address, row in self._rows.items()
            if row.verb is not DecisionVerb.WANT and self._counts(row)
        }

    def has(self, address: str) -> bool:
        """Whether anything was decided about an address, whether or not it counts."""
        return address in self._rows

    def wanted(self, address: str, sha256: str) -> Decision | None:
        """An option as it was recorded for exactly this value, approved or not."""
        row = self._rows.get(address)
        return row if row and row.verb is DecisionVerb.WANT and row.sha256 == sha256 else None

    def pending(self) -> list[Decision]:
        """The open decisions: taken, and not yet approved. Without `--require-approval` there are none."""
        if not self._plan.header.require_approval:
            return []
        return [row for _, row in sorted(self._rows.items()) if not row.over(self._now) and not self.approved(row)]

    def approved(self, row: Decision) -> bool:
        """Whether an identity other than who took a decision has approved exactly it."""
        if not self._plan.header.require_approval:
            return True
        given = self._approved.get(row.digest, [])
        return bool(row.object_id) and any(not one.same(row.object_id, row.tenant_id) for one in given)

    def _counts(self, row: Decision) -> bool:
        return not row.over(self._now) and self.approved(row)


def _approved(plan: Plan, ledger: Ledger) -> dict[str, list[Identity]]:
    """By the digest of a decision, those of the target's tenant who approved it."""
    found: dict[str, list[Identity]] = {}
    for approval in ledger.approvals():
        for one in approval.decisions:
            if plan.header.takes_tenant(approval.tenant_id):
                found.setdefault(one, []).append(Identity(approval.object_id, tenant_id=approval.tenant_id))
    return found


def open_findings(plan: Plan, standing: Standing, found: Iterable[Finding] = ()) -> list[Finding]:
    """The findings that stop `run` or keep a verification from being green, and that nobody has let go.

    `found` are those that a verification made (`subjects.found_by`): those of one address are decided together.
    """
    every = [*plan.header.findings, *found]
    grave = [one for one in every if one.severity != "warning"]
    settled = set(standing.settled(every))
    # What a claim says is read afresh wherever it counts, and held to the decision there: see `settled`.
    settled |= {one.address for one in grave if one.code in WAIVABLE} & standing.counting().keys()
    return [one for one in grave if one.address not in settled]


def settled_findings(plan: Plan, standing: Standing, found: Iterable[Finding] = ()) -> dict[str, Decision]:
    """The findings that somebody has let go or set right by hand, by address."""
    return standing.settled([*plan.header.findings, *found])
