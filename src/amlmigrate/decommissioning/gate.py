"""The gate: every reason at once why the source must not be removed yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import NOT_MADE, Outcome
from amlmigrate.cutover import evidence_checks, switches
from amlmigrate.cutover.record import active
from amlmigrate.decommissioning import soak
from amlmigrate.evidence import Verify
from amlmigrate.inventory.lessened import lessened
from amlmigrate.kinds import kind_of
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.decision_subjects import found_by
from amlmigrate.ledger.evidence import EvidenceFile, last
from amlmigrate.ledger.items import Item, items
from amlmigrate.ledger.valid_decisions import Standing, open_findings


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What was read afresh for the gate."""

    source: Inventory
    digests: dict[str, str]
    # The same four by address, to name what differs.
    parts: dict[str, dict[str, str]]
    posture: list[Finding]
    locks: list[Document]
    soak: timedelta
    # By Azure's clock where it is known.
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    # What an earlier removal, cut off, set out to remove before the workspace, and what people take down after a
    # cutover: it may be gone.
    removed: frozenset[str] = frozenset()
    # What the target lost since the cutover of what was proven, and nobody has let go.
    lost: tuple[Finding, ...] = ()
    # What is gone in the target of the bytes that the service may collect, whatever the evidence says.
    collected: tuple[str, ...] = ()
    # What is not there any more of what was let go for it, or done by hand.
    let_go: tuple[Finding, ...] = ()


def reasons(plan: Plan, ledger: Ledger, reports: list[EvidenceFile], facts: GateFacts) -> list[str]:
    """Why the source must not be removed; empty when it may."""
    return [
        *_evidence(plan, reports, facts),
        *undecided(plan, ledger, reports, (*facts.let_go, *_lessened(plan, reports, facts.source))),
        *facts.collected,
        *(f"{finding.address}: {finding.summary}" for finding in facts.posture if finding.severity == "error"),
        *_alive(facts.source),
        *(locked(lock) for lock in facts.locks),
    ]


def _lessened(plan: Plan, reports: list[EvidenceFile], source: Inventory) -> Iterator[Finding]:
    """From a cutover on the target's people say who has what there."""
    return iter(()) if active(reports) else lessened(plan, source)


def undecided(plan: Plan, ledger: Ledger, reports: list[EvidenceFile], found: Iterable[Finding] = ()) -> list[str]:
    """What is open of the plan as it stands now: a decision runs out, is taken back, or is not borne out."""
    afresh = [*found_by(reports), *found]
    ended = active(reports) is not None
    made = () if ended else _cut_over(plan, ledger)
    left = _items(plan, ledger, ended=ended)
    return [*decisions.problems(ledger, reports), *left, *made, *_findings(plan, ledger, afresh)]


def _evidence(plan: Plan, reports: list[EvidenceFile], facts: GateFacts) -> Iterable[str]:
    yield from evidence_checks.unproven(plan, reports)
    if told := switches.unfinished(reports):
        yield f"{told} Go on with `migrate cutover`, or take it back with --back."
    if cutover := active(reports):
        yield from evidence_checks.differences(
            cutover, facts.digests, facts.parts, facts.removed, evidence_checks.SOURCE
        )
        yield from (f"{one.address}: {one.summary} {one.remedy}" for one in facts.lost)
    elif newest := last(reports, Verify):
        yield from evidence_checks.differences(newest, facts.digests, facts.parts, facts.removed)
    yield from soak.reason(plan, reports, facts.soak, facts.now)


def _items(plan: Plan, ledger: Ledger, *, ended: bool) -> Iterable[str]:
    for item in items(plan, ledger):
        if item.outcome is Outcome.TO_CUT_OVER:
            yield f"{item.address} is left for the cutover, and is not made: {_to_make(plan, item, ended=ended)}"
            continue
        # What was left by selection goes with the source: only here somebody has to say that it may.
        if item.outcome is Outcome.UNSELECTED or not item.outcome.settled:
            yield f"{item.address} is {item.outcome.value} and not waived."


def _cut_over(plan: Plan, ledger: Ledger) -> Iterable[str]:
    """What the ledger alone says to be made at a cutover."""
    for item in items(plan, ledger):
        if item.outcome is Outcome.CUT_OVER:
            yield f"{item.address} is cut over by the ledger, and no report of a cutover that stands says so."


def _to_make(plan: Plan, item: Item, *, ended: bool) -> str:
    """What has to be done for something that the cutover is to make, or a person at it. `ended`: that is over."""
    step = plan.step(Address.parse(item.address))
    by_hand = f"record what you have made with `migrate done {item.address}`"
    if step and step.cut_over:
        if item.detail.startswith(NOT_MADE):
            by_hand = f"{by_hand}, or waive it ({item.detail})"
        if ended:
            return (
                f"the cutover has ended, and starts nothing more. Make it live yourself, and {by_hand}; or take"
                " the cutover back with `migrate cutover --back`, and cut over again."
            )
        return f"run `migrate cutover`; or make it live yourself, and {by_hand}."
    return f"{item.detail} Then {by_hand}, or waive it."


def _findings(plan: Plan, ledger: Ledger, found: list[Finding]) -> Iterable[str]:
    """Of plan and verification; what is unproven about the target is read afresh, and no decision changes it."""
    for finding in open_findings(plan, Standing(plan, ledger), dict.fromkeys(found)):
        yield f"{finding.address} is an open finding: {finding.summary}"


def _alive(source: Inventory) -> Iterable[str]:
    for asset in (*source.assets.values(), *source.by_hand):
        kind = kind_of(asset.address)
        if kind and (told := kind.live(asset)):
            yield told


def locked(lock: Document) -> str:
    level = properties_of(lock).get("level", "")
    return f"A lock is in the way: {lock.get('id', lock.get('name'))} ({level})."
