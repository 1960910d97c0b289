"""Why a plan must not be cut over yet: every reason at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.few import few
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import CUTOVER, Plan
from amlmigrate.core.seal import Digests
from amlmigrate.core.switched import Switched
from amlmigrate.cutover import evidence_checks
from amlmigrate.evidence import Verify
from amlmigrate.inventory.lessened import lessened
from amlmigrate.kinds import Listed, kind_of
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.decision_subjects import found_by
from amlmigrate.ledger.evidence import EvidenceFile, last
from amlmigrate.ledger.items import items
from amlmigrate.ledger.valid_decisions import Standing, open_findings

UNFROZEN = "Take their rights with `migrate freeze`, or say with --unfrozen why it may be written all the same."
PLAN_ANEW = "Make a new plan, with the right to read the target's blobs; run, verify and cut that over."


@dataclass(frozen=True, slots=True)
class CutoverFacts:
    """What was read afresh for a cutover. `writers`: a sentence for each way to write the source."""

    source: Inventory
    digests: Digests
    # The same four by address, to name what differs.
    parts: evidence_checks.Parts
    posture: list[Finding]
    writers: tuple[str, ...]


def reasons(
    plan: Plan, ledger: Ledger, reports: list[EvidenceFile], facts: CutoverFacts, *, unfrozen: bool
) -> list[str]:
    """Why not; empty when it may be. `unfrozen`: somebody has said why it does not matter who may write."""
    newest = last(reports, Verify)
    return [
        *evidence_checks.unproven(plan, reports),
        *(evidence_checks.differences(newest, facts.digests, facts.parts) if newest else ()),
        *decisions.problems(ledger, reports),
        *_open(plan, ledger, reports),
        *(f"{finding.address}: {finding.summary}" for finding in facts.posture if finding.severity == "error"),
        *_at_work(facts.source),
        *_lessened(plan, ledger, facts.source),
        *([] if unfrozen else _written(facts.writers)),
    ]


def _open(plan: Plan, ledger: Ledger, reports: list[EvidenceFile]) -> Iterator[str]:
    """What was settled when it was verified, and has been taken up again since."""
    for item in items(plan, ledger):
        if not item.outcome.settled:
            yield f"{item.address} is {item.outcome.value} and not waived."
    for finding in open_findings(plan, Standing(plan, ledger), found_by(reports)):
        yield f"{finding.address} is an open finding: {finding.summary}"


def _lessened(plan: Plan, ledger: Ledger, source: Inventory) -> Iterator[str]:
    """What the target has, and would not get today: nobody looks for that once people use the target."""
    found = list(lessened(plan, source))
    settled = Standing(plan, ledger).settled(found)
    for one in found:
        if one.address not in settled:
            yield f"{one.address}: {one.summary} {one.remedy} To waive it, run `migrate verify` first."


def running(source: Inventory) -> tuple[str, ...]:
    """What goes on writing into the source, whoever may: it ends by itself, or somebody ends it."""
    return tuple(told for kind, asset in _kinds(source) if kind.writes and (told := kind.live(asset)))


def refuse_unstoppable(source: Inventory) -> None:
    """Raises RefusedError for what only a person can stop: before anything else is."""
    if why := _unstoppable(source):
        raise RefusedError(
            "The source cannot be stopped: something in it only a person can stop.",
            reasons=why,
            address=source.workspace.id,
            remedy="Stop it where it was made, then run the same command again.",
        )


def refuse_unplanned(plan: Plan, stopped: Iterable[Switched], folder: Path) -> None:
    """Raises RefusedError for what `unplanned` tells of."""
    if told := unplanned(plan, stopped):
        raise RefusedError(told, address=str(folder), remedy=PLAN_ANEW)


def unplanned(plan: Plan, stopped: Iterable[Switched]) -> str:
    """What was stopped for a cutover and the plan takes for stopped by its people, as a sentence; '' for nothing.

    So it is where whoever planned could not read the lease's blob, or planned while it was stopped: nothing would
    ever start it in the target.
    """
    known = {one.address for one in plan.header.switched}
    # One that is to be live, whoever makes it so, or has.
    known |= {step.address.item for step in plan.steps if step.stage == CUTOVER}
    moved = {step.address for step in plan.steps if step.action.carried_out}
    held = [str(one.address) for one in stopped if one.address in moved - known]
    if not held:
        return ""
    return f"This plan does not know that it was stopped for a cutover, and would leave it so: {few(held)}."


def _at_work(source: Inventory) -> tuple[str, ...]:
    return (*running(source), *_unstoppable(source))


def _unstoppable(source: Inventory) -> tuple[str, ...]:
    return tuple(told for kind, asset in _kinds(source) if (told := kind.unstopped(asset)))


def _kinds(source: Inventory) -> Iterator[tuple[Listed, Asset]]:
    every = (*source.assets.values(), *source.by_hand)
    return ((kind, asset) for asset in every if (kind := kind_of(asset.address)))


def _written(writers: Iterable[str]) -> Iterator[str]:
    for writer in writers:
        yield f"The source may still be written: {writer} {UNFROZEN}"
