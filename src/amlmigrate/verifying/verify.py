"""One verification: both sides compared, and the report that is kept as evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

from amlmigrate.bytes.binding import bound
from amlmigrate.bytes.drift import drifted
from amlmigrate.bytes.executing import LocalExecutor
from amlmigrate.bytes.listings import not_sorted
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.bytes.storage_containers import Begun, Containers, list_both
from amlmigrate.cloud.session import Session
from amlmigrate.cloud.store import StorePair
from amlmigrate.core.address import Address
from amlmigrate.core.authorship import By
from amlmigrate.core.events import Emit
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import address_of
from amlmigrate.evidence import Verify, headline
from amlmigrate.evidence.verify import Of, Same
from amlmigrate.inventory import foreign_blobs, waived_items
from amlmigrate.kinds import own_places, settling
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.items import Item, decided, items
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.posture import dataprotection
from amlmigrate.posture.target_claims import target_claims
from amlmigrate.verifying import source_names
from amlmigrate.verifying.blobs import BlobVerifier, ByteVerdict
from amlmigrate.verifying.document_comparison import DocumentComparison
from amlmigrate.verifying.report import Depth, content_of, keep, told_of
from amlmigrate.verifying.sdk import Readers


async def verify(
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    session: Session,
    documents: DocumentComparison,
    *,
    depth: Depth,
    read: Readers,
    by: By,
    unchanged: Callable[[], Awaitable[str]],
    emit: Emit,
    begun: Begun,
) -> EvidenceFile[Verify]:
    """Compares both sides' bytes, and adds the report to the plan's evidence.

    `unchanged` is asked once all was read: it raises while somebody changes the target, or says why that is open.
    `documents` is what comparing the documents came to; `read` is what MLClient reads; `begun` the lists that were
    begun meanwhile: a look at the code bytes counts from then.
    """
    mapping = documents.mapping
    containers = await list_both(mapping, session.source, session.target, own_places, begun=begun)
    standing = Standing(plan, ledger)
    ended = items(plan, ledger, standing)
    settled = decided(ended)
    verifier = _verifier(session, containers, mapping, depth, emit)
    verdict = await verifier.verify(plan, settled, ledger.left_alone())
    evidence = Evidence(folder, ledger)
    reports = evidence.reports()
    named = _naming(plan, mapping, depth, verdict, reports)
    waived = waived_items.waived(plan, ended)
    theirs = documents.theirs | waived_items.of_bytes(waived, containers)
    named += [*documents.undone, *documents.since, *waived_items.findings(waived, standing, theirs, reports)]
    named += not_sorted([*containers.source.values(), *containers.target.values()])
    named += foreign_blobs.findings(plan, ended, ledger.stayed(), containers)
    weaker, not_compared = await dataprotection.afresh(session, mapping, plan.places(source=True))
    named += weaker
    verdict.not_checked |= {*not_compared, *documents.not_compared}
    verdict.not_checked |= set(waived_items.not_comparable(waived, standing, reports))
    claims = await target_claims(session.target, plan, (mapping.source, mapping.target), containers)
    if unknown := await unchanged():
        verdict.not_checked.add(unknown)
    differences = [
        *documents.differences,
        *verdict.differences,
        *_drifted(plan, containers, settled),
        *read.without(settled).differences,
    ]
    look = settling(plan, ledger.done_at(), begun.at, settled)
    service = session.target.arm.service_clock.now()
    content = content_of(
        plan, ended, depth, verdict, differences, claims, standing, read, named, theirs, by, look, service
    )
    content = _compared(content, plan, ended, documents, verdict, containers)
    held = bound(plan, (documents.source, documents.target), containers)
    manifests = {f"manifest-{side}.jsonl": lines for side, lines in verdict.manifests.items()}
    return keep(evidence, replace(content, headline=headline.verified(content)), held, manifests)


def _naming(
    plan: Plan, mapping: Mapping, depth: Depth, verdict: ByteVerdict, reports: list[EvidenceFile]
) -> list[Finding]:
    """Findings about files that name the source; without reading them anew nothing else is known than what was."""
    if depth.hashes:
        return source_names.findings(plan, mapping.target, verdict.naming)
    return source_names.known(reports)


def _verifier(session: Session, listed: Containers, mapping: Mapping, depth: Depth, emit: Emit) -> BlobVerifier:
    stores = StorePair(session.source, session.target)
    return BlobVerifier(
        stores,
        LocalExecutor(stores),
        listed,
        mapping=mapping,
        places=mapping.places,
        hashing=depth.hashes,
        emit=emit,
    )


def _compared(
    content: Verify,
    plan: Plan,
    ended: list[Item],
    documents: DocumentComparison,
    verdict: ByteVerdict,
    listed: Containers,
) -> Verify:
    """With how many are the same on both sides, and how many were not compared, by whether the target has them."""
    told = {difference.address for difference in content.differences}
    there = {*documents.target, *documents.archived, *filled(plan, listed, documents.mapping)}
    renamed = (step for step in plan.steps if step.target and not step.address.phase)
    there |= {str(step.address) for step in renamed if str(step.called) in documents.target}
    counted = headline.apart(((item.address, item.outcome) for item in ended), there, _others(plan))
    return replace(
        content,
        tolerated=told_of(documents.tolerated),
        same=Same(blobs=verdict.same, documents=len(documents.same - told)),
        of=Of(blobs=verdict.blobs + verdict.let_go),
        not_in_target=counted["not_in_target"],
        not_compared=counted["not_compared"],
        not_the_same=counted.get("not_the_same"),
    )


def _others(plan: Plan) -> frozenset[str]:
    """The addresses of blobs that are other ones in the target, or too many there."""
    return frozenset(str(step.address) for step in plan.steps if step.apart)


def filled(plan: Plan, containers: Containers, mapping: Mapping) -> Iterator[str]:
    """The addresses of blobs under which the target has some, whosever they are, or may have."""
    for place, address in plan.places(source=False).items():
        listing = containers.target.get(place.key)
        if listing and any(True for _ in listing.below(place.path)):
            yield address
    cover = PrefixSet(plan.places(source=False))
    for step in plan.steps:
        # Those of a container that no step copies: people may have.
        if step.is_bytes and not step.bytes and _beside(containers, mapping, cover, step.address):
            yield str(step.address)


def _beside(containers: Containers, mapping: Mapping, cover: PrefixSet, address: Address) -> bool:
    """Whether the target has blobs that are not the plan's where a container's would be, or that is not known."""
    for listing in containers.source.values():
        goal = mapping.place(listing.place) if address_of(listing.place) == address else None
        if goal is not None:
            there = containers.target.get(goal.key)
            return there is None or any(cover.prefix(goal.at(path)) is None for path in there.blobs)
    return True


def _drifted(plan: Plan, containers: Containers, settled: frozenset[str]) -> list[Difference]:
    """What stays behind, by selection, in conflict or waived, and is not what it was when that was decided.

    Of all other prefixes that is found where they are compared.
    """
    found = drifted(
        plan, containers.source, lambda step: not step.action.carried_out or str(step.address) in settled
    )
    return [Difference(address, "source", then, now) for address, (then, now) in found.items()]
