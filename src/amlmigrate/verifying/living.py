"""A verification after the cutover: the source is held to what it was then, the target to what was proven."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from amlmigrate.bytes.areas import Containers, listing_digests, prefix_digests
from amlmigrate.core.by import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import FILE, PARTS, seal
from amlmigrate.core.translation import Difference
from amlmigrate.cutover import held
from amlmigrate.cutover.record import SINCE
from amlmigrate.cutover.since import Since, decided
from amlmigrate.kinds import settling
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, Report
from amlmigrate.ledger.items import decided as over
from amlmigrate.ledger.items import items
from amlmigrate.ledger.standing import Standing
from amlmigrate.ledger.subjects import found_by
from amlmigrate.verifying.blobs import Verdict
from amlmigrate.verifying.sdk import Readers
from amlmigrate.verifying.verify import Depth, content_of

_SOURCE_BYTES = "the bytes of the source: ETags were compared with those of the cutover, which a write changes"


@dataclass(frozen=True, slots=True)
class Living:
    """What was read: digests of both sides' documents, both sides' blobs, and what has changed in the target."""

    documents: tuple[dict[str, str], dict[str, str]]
    listed: Containers
    since: Since


def verify_living(
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    cutover: Report,
    living: Living,
    *,
    depth: Depth,
    posture: list[Claim],
    read: Readers,
    by: By,
    unknown: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Adds the report: green while the source is as it was and nothing proven is lost that nobody let go.

    `unknown`: why nobody can tell whether the target is being changed, where that is so.
    """
    evidence = Evidence(folder, ledger)
    listed, documents = living.listed, living.documents
    digests = seal(*documents, listing_digests(listed.source), listing_digests(listed.target))
    prefixes = (
        prefix_digests(listed.source, plan.places(source=True)),
        prefix_digests(listed.target, plan.places(source=False)),
    )
    parts = dict(zip(PARTS, (*documents, *prefixes), strict=True))
    gone = {one.address for one in living.since.changes if one.what == "deleted"}
    differences = [
        *(
            Difference(name, "source", "as at the cutover", told)
            for name, told in _source(cutover, digests, parts)
        ),
        *read.without(gone).differences,
    ]
    standing = Standing(plan, ledger)
    look = settling(plan, ledger.done_at(), now(), over(items(plan, ledger, standing)))
    verdict = Verdict(
        blobs=living.since.blobs,
        bytes=living.since.bytes,
        not_checked={_SOURCE_BYTES, unknown, look.open if look else ""} - {""},
    )
    with evidence.alone():
        standing = Standing(plan, ledger)
        lost = living.since.undecided(decided(standing.counting().values(), evidence.reports()))
        content = content_of(
            plan,
            items(plan, ledger, standing),
            depth,
            verdict,
            differences,
            posture,
            standing,
            read,
            found_by(evidence.reports()),
        )
        content["green"] = content["green"] and not lost
        content["code_bytes"] = look.as_dict() if look else None
        content[SINCE] = {
            "cutover": cutover.content["number"],
            "open": [finding.as_dict() for finding in lost],
            **living.since.as_dict(),
        }
        file = evidence.add_file(FILE, json.dumps(parts, sort_keys=True).encode() + b"\n")
        return evidence.add("verify", {"by": by.as_dict(), **content, "digests": digests, "manifests": [file]})


def _source(cutover: Report, digests: dict[str, str], parts: held.Parts) -> list[tuple[str, str]]:
    return [
        (name, told) for name in held.SOURCE for told in held.differences(cutover, digests, parts, names=(name,))
    ]
