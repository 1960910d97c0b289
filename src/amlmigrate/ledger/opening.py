"""What of a plan is open: items, findings and residuals that somebody still has to do, settle or decide."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.decision import DecisionSubject
from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome
from amlmigrate.evidence import Decommission, GiveBackRecord, frozen
from amlmigrate.ledger.decision_subjects import failures, found_by, of_claims, of_frozen, of_lost, of_residuals
from amlmigrate.ledger.evidence import EvidenceFile, last
from amlmigrate.ledger.items import items
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.valid_decisions import Standing, open_findings

# What `run` is still to try is nobody's to decide yet. Of what waits for the cutover only that is open which a
# person makes, or which a cutover has tried in vain.
_OPEN = (
    Outcome.MANUAL,
    Outcome.CONFLICT,
    Outcome.UNSELECTED,
    Outcome.FAILED,
    Outcome.BLOCKED,
)


@dataclass(frozen=True, slots=True)
class Open:
    """One thing that is open: its address, how it stands (outcome, severity, `residual`, `frozen`), what it is."""

    address: str
    stands: str
    says: str


def opened(plan: Plan, ledger: Ledger | None, reports: list[EvidenceFile]) -> list[Open]:
    """All that is open and can be decided; without a ledger nothing was decided."""
    standing = Standing(plan, ledger)
    tried = failures(ledger)
    theirs = {str(step.address) for step in plan.steps if not step.cut_over or str(step.address) in tried}
    left = (
        item
        for item in items(plan, ledger, standing)
        if item.outcome in _OPEN or (item.outcome is Outcome.TO_CUT_OVER and item.address in theirs)
    )
    found = [Open(item.address, item.outcome.value, item.detail) for item in left]
    for finding in open_findings(plan, standing, found_by(reports)):
        if finding.code:
            found.append(Open(finding.address, finding.severity, finding.summary))
    found += [Open(one.address, "blocks", one.says) for one in of_lost(reports).values() if not standing.of(one)]
    unproven = (one for one in of_claims(reports).values() if one.severity == "error" and not standing.of(one))
    found += [Open(one.address, "error", one.says) for one in unproven]
    found += [Open(one.address, "residual", one.says) for one in open_residuals(standing, reports)]
    found += [Open(one.address, "frozen", one.says) for one in open_frozen(standing, reports)]
    # Findings of one code about one item are decided together.
    return list({one.address: one for one in reversed(found)}.values())[::-1]


def open_frozen(standing: Standing, reports: list[EvidenceFile]) -> list[DecisionSubject]:
    """What the last giving back could not give, or nobody knows who took: it has to be decided or set right."""
    known, failed = frozen.of_reports(one.content for one in reports), _not_given(last(reports, GiveBackRecord))
    owed = still_owed(known, reports) if known else []
    waiting = {one.address for one in owed if one.state is FreezeState.UNKNOWN or one.address in failed}
    return [one for one in of_frozen(reports).values() if one.address in waiting and not standing.of(one)]


def still_owed(known: frozen.FreezeRecord, reports: list[EvidenceFile]) -> list[Assignment]:
    """What is owed and has a place.

    What was at the workspace went with it; what could not be given back after that had its place: it is recovered.
    """
    tombstone, told = last(reports, Decommission), last(reports, GiveBackRecord)
    if not tombstone or not tombstone.content.deleted:
        return list(known.owed)
    since = _not_given(told) if told and told.number > tombstone.number else set()
    gone = known.source.id
    return [one for one in known.owed if one.address in since or not one.within(gone)]


def _not_given(told: EvidenceFile[GiveBackRecord] | None) -> set[str]:
    return {one.address for one in told.content.failed} if told else set()


def open_residuals(standing: Standing, reports: list[EvidenceFile]) -> list[DecisionSubject]:
    """What the newest tombstone left under Microsoft's key, and nobody accepted, or not any longer."""
    return [one for one in of_residuals(reports).values() if not standing.of(one)]
