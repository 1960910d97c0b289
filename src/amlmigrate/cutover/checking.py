"""What a cutover reads afresh, and why a plan must not be cut over yet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amlmigrate.bytes.binding import bound
from amlmigrate.bytes.storage_containers import Containers, list_both
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.seal import changes
from amlmigrate.core.switched import SOURCE, TARGET
from amlmigrate.core.workspace import Workspace
from amlmigrate.cutover import refusals, switches
from amlmigrate.evidence import Verify
from amlmigrate.freezing.source_writers import writers
from amlmigrate.inventory.sides import read_both
from amlmigrate.kinds import document_digests, own_places
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import EvidenceFile, last
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.posture import before_removal, let_go
from amlmigrate.posture.target_claims import target_claims

Digests = dict[str, str]


@dataclass(frozen=True, slots=True)
class PassedCutover:
    """What was read of two sides that may be cut over. `written`: who may still write the source.

    `documents`: the digests of both, as they were before this cutover changed anything.
    """

    source: Inventory
    verified: EvidenceFile[Verify]
    documents: tuple[Digests, Digests]
    listed: Containers
    written: tuple[str, ...]
    warnings: tuple[str, ...]


async def check(
    clouds: Session, plan: Plan, ledger: Ledger, reports: list[EvidenceFile], *, unfrozen: bool
) -> PassedCutover:
    """Raises RefusedError with every reason why the plan must not be cut over yet.

    What an earlier attempt of this cutover has changed is seen as it was before.
    """
    source, target = await read_both(clouds, plan)
    mapping = mapping_of(plan, source.workspace, target.workspace)
    listed = await list_both(mapping, clouds.source, clouds.target, own_places)
    documents = _before(reports, source, target)
    now = bound(plan, documents, listed)
    written, warnings = await _writers(clouds, source.workspace, plan, reports)
    unproven = before_removal(
        await target_claims(clouds.target, plan, (source.workspace, target.workspace), listed)
    )
    facts = refusals.CutoverFacts(
        source=source,
        digests=now.digests,
        parts=now.parts,
        posture=let_go(unproven, Standing(plan, ledger).settled(unproven)),
        writers=written,
    )
    why = refusals.reasons(plan, ledger, reports, facts, unfrozen=unfrozen)
    if not why:
        # Listing may take its time, in which the documents were not looked at.
        again = _before(reports, *await read_both(clouds, plan))
        for then, after in zip(documents, again, strict=True):
            why += [f"While the blobs were listed, {what}." for what in changes(then, after)]
    if why:
        raise RefusedError(
            "The plan must not be cut over yet.",
            reasons=tuple(dict.fromkeys(why)),
            address=source.workspace.id,
            remedy=_remedy(reports),
        )
    verified = last(reports, Verify)
    assert verified
    return PassedCutover(source, verified, documents, listed, written, warnings)


async def since(clouds: Session, plan: Plan, reports: list[EvidenceFile], passed: PassedCutover) -> PassedCutover:
    """The same with the documents as they are now. Raises RefusedError where anything else changed one."""
    source, target = await read_both(clouds, plan)
    why = [
        f"While it was cut over, {what}."
        for then, now in zip(passed.documents, _before(reports, source, target), strict=True)
        for what in changes(then, now)
    ]
    if why:
        raise RefusedError(
            "The cutover is not finished: something else has changed.",
            reasons=tuple(dict.fromkeys(why)),
            address=plan.header.source_ref.id,
            remedy="Run the same command again: it tells what stands in the way. Or take it back with --back.",
        )
    return replace(passed, source=source, documents=(document_digests(source), document_digests(target)))


def _remedy(reports: list[EvidenceFile]) -> str:
    """What to do, also of what a new plan alone settles: what came into the source since it was verified."""
    sides = {side for side, _ in switches.newest(reports)}
    back = "take this cutover back with --back, then " if TARGET in sides else ""
    rests = " The source stays stopped until then." if sides == {SOURCE} else ""
    often = " Where that comes too often, stop the source before, with --stop." if not sides else ""
    return (
        "Settle every reason, then run the same command again. What came into the source since it was verified, as"
        f" from a schedule that fired, is not in this plan: {back}plan, run and verify the difference, and cut"
        f" over the new plan.{rests}{often}"
    )


def _before(reports: list[EvidenceFile], source: Inventory, target: Inventory) -> tuple[Digests, Digests]:
    """The digests of both sides' documents as they were before this cutover changed anything."""
    return (
        switches.digests_before(source, SOURCE, reports),
        switches.digests_before(target, TARGET, reports),
    )


async def _writers(
    clouds: Session, source: Workspace, plan: Plan, reports: list[EvidenceFile]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who may still write the source, a sentence each; and what else a person has to know of it."""
    try:
        found = await writers(clouds.source, source, plan, reports)
    except ServiceError as error:
        if error.status != 403:
            raise
        return (f"who has rights on it cannot be read ({error.code}).",), ()
    may = [f"{one}." for one in found.removable]
    may += [finding.summary for finding in found.writing]
    rest = [_warning(finding) for finding in found.findings if finding not in found.writing]
    return tuple(dict.fromkeys(may)), tuple(rest)


def _warning(finding: Finding) -> str:
    return f"warning: {finding.address}: {finding.summary}"
