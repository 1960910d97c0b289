"""What a reviewer asks of a plan by itself: one item whole, what is open, and whether it was approved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from amlmigrate.core.decision import Decision, open_digest
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan, Step
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.approving import approvals
from amlmigrate.ledger.decision_rows import Approval
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.opening import Open, opened
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.ledger.valid_decisions import Standing


@dataclass(frozen=True, slots=True)
class ReviewedItem:
    """An item, a finding or a residual: what it is, its digest, what was decided, and the findings about it.

    `step` is None of what is no item.
    """

    address: str
    sort: str
    sha256: str
    says: str
    decision: str | None
    findings: tuple[Finding, ...]
    step: Step | None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One that is open; `sha256` is what a decision about it names, '' where two have its address."""

    item: Open
    sha256: str


@dataclass(frozen=True, slots=True)
class OpenItems:
    """All that is open, of one kind where that was asked; `pending` are decisions that wait for an approval."""

    kind: str
    items: tuple[OpenItem, ...]
    pending: tuple[Decision, ...]

    @property
    def sha256(self) -> str:
        """The digest by which all pending decisions are approved."""
        return open_digest(list(self.pending)) if self.pending else ""


def item(folder: Path, plan: Plan, typed: str) -> ReviewedItem:
    """What has that address, with an escape as it is shown too. Raises BadInputError for none, and for two."""
    with for_reading(folder, plan) as ledger:
        subjects = Subjects(plan, _reports(folder, ledger), ledger)
        address = subjects.meant(typed)
        subject = subjects.find(address)
        decision = Standing(plan, ledger).of(subject)
    found = tuple(one for one in plan.header.findings if address in (one.about, one.address))
    detail = decision.detail if decision else None
    return ReviewedItem(address, subject.sort, subject.sha256, subject.says, detail, found, subject.step)


def open_items(folder: Path, plan: Plan, kind: str = "") -> OpenItems:
    """What somebody still has to do, settle or decide."""
    with for_reading(folder, plan) as ledger:
        reports = _reports(folder, ledger)
        found = opened(plan, ledger, reports)
        pending = Standing(plan, ledger).pending()
        subjects = Subjects(plan, reports, ledger)
    chosen = (one for one in found if not kind or one.address.partition("/")[0] == kind)
    return OpenItems(kind, tuple(OpenItem(one, _sha256(subjects, one.address)) for one in chosen), tuple(pending))


def given(folder: Path, plan: Plan) -> tuple[Approval, ...]:
    """The approvals of the plan that count."""
    with for_reading(folder, plan) as ledger:
        return tuple(approvals(plan, ledger)) if ledger else ()


def settle_conflicts(folder: Path) -> str:
    """What comes before the run of a plan with conflicts."""
    return f"settle each conflict that `migrate show {folder} --open` lists; then migrate run {folder}"


def _sha256(subjects: Subjects, address: str) -> str:
    try:
        return subjects.find(address).sha256
    except BadInputError:
        return ""


def _reports(folder: Path, ledger: Ledger | None) -> list[EvidenceFile]:
    return Evidence(folder, ledger).reports() if ledger else []
