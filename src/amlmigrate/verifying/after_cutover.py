"""A verification after the cutover: the source is held to what it was then, the target to what was proven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from amlmigrate.bytes.binding import Bound, bound
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.translation import Difference
from amlmigrate.cutover import evidence_checks
from amlmigrate.cutover.changes_since import Since, decided
from amlmigrate.cutover.taken_down import may_be_gone
from amlmigrate.evidence import Cutover, Verify
from amlmigrate.inventory import foreign_blobs, waived_items
from amlmigrate.kinds import settling
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.items import decided as over
from amlmigrate.ledger.items import items
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.verifying.blobs import ByteVerdict
from amlmigrate.verifying.report import Depth, content_of, keep
from amlmigrate.verifying.sdk import Readers

_SOURCE_BYTES = "the bytes of the source: ETags were compared with those of the cutover, which a write changes"


@dataclass(frozen=True, slots=True)
class Living:
    """What was read: digests of both sides' documents, both sides' blobs, and what has changed in the target.

    `looked`: when the blobs were begun to be listed.
    """

    documents: tuple[dict[str, str], dict[str, str]]
    listed: Containers
    since: Since
    looked: datetime
    # As in `Documents`.
    theirs: dict[str, str] = field(default_factory=dict)
    undone: tuple[Finding, ...] = ()


def verify_living(
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    cutover: EvidenceFile[Cutover],
    living: Living,
    *,
    depth: Depth,
    posture: list[Claim],
    read: Readers,
    by: By,
    unknown: str = "",
    service: datetime | None = None,
) -> EvidenceFile[Verify]:
    """Adds the report: green while the source is as it was and nothing proven is lost that nobody let go.

    `unknown`: why nobody can tell whether the target is being changed, where that is so. `service`: the time by
    Azure's clock.
    """
    evidence = Evidence(folder, ledger)
    now = bound(plan, living.documents, living.listed)
    gone = {one.address for one in living.since.changes if one.what == "deleted"}
    with evidence.alone():
        standing = Standing(plan, ledger)
        ended = items(plan, ledger, standing)
        differences = [*_source(cutover, now, may_be_gone(ended)), *read.without(gone).differences]
        lost = living.since.undecided(decided(standing.counting().values(), evidence.reports()))
        look = settling(plan, ledger.done_at(), living.looked, over(ended))
        waived, reports = waived_items.waived(plan, ended), evidence.reports()
        theirs = living.theirs | waived_items.of_bytes(waived, living.listed)
        named = [*waived_items.carried(reports), *living.undone]
        named += waived_items.findings(waived, standing, theirs, reports, living=True)
        named += foreign_blobs.findings(plan, ended, ledger.stayed(), living.listed, living=True)
        verdict = _verdict(living.since, unknown)
        content = content_of(
            plan, ended, depth, verdict, differences, posture, standing, read, named, theirs, by, look, service
        )
        since = living.since.told(cutover, lost)
        return keep(evidence, replace(content, green=content.green and not lost, since_cutover=since), now, {})


def _verdict(since: Since, unknown: str) -> ByteVerdict:
    """What of both sides' bytes is known by what has changed since the cutover."""
    return ByteVerdict(blobs=since.blobs, bytes=since.bytes, not_checked={_SOURCE_BYTES, unknown} - {""})


def _source(cutover: EvidenceFile[Cutover], now: Bound, gone: frozenset[str]) -> Iterator[Difference]:
    """Each part of the source that is not as it was at the cutover."""
    for name in evidence_checks.SOURCE:
        for told in evidence_checks.differences(cutover, now.digests, now.parts, gone, (name,)):
            yield Difference(name, "source", "as at the cutover", told)
