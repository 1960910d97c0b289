"""One verification: both sides compared, and the report that is kept as evidence."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from amlmigrate.bytes.areas import Containers, encryption_counts, list_both, listing_digests, prefix_digests
from amlmigrate.bytes.drift import drifted
from amlmigrate.bytes.prefixes import Cover
from amlmigrate.cloud.session import Session
from amlmigrate.core import headline
from amlmigrate.core.by import By
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.events import Emit
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import FILE, PARTS, seal
from amlmigrate.core.state import Outcome
from amlmigrate.core.tool import tool
from amlmigrate.core.translation import Difference
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import settling
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence, Report
from amlmigrate.ledger.items import Item, decided, items, over_foreign_bytes, tally
from amlmigrate.ledger.standing import Standing, open_findings, settled_findings
from amlmigrate.ledger.subjects import found_by
from amlmigrate.posture import Places, let_go, prove
from amlmigrate.verifying import naming
from amlmigrate.verifying.blobs import BlobVerifier, Verdict
from amlmigrate.verifying.documents import Documents
from amlmigrate.verifying.sdk import Readers


class Depth(StrEnum):
    """How deep a verification goes; each includes the one before."""

    METADATA = "metadata"
    CHECKSUM = "checksum"
    SDK = "sdk"

    @property
    def hashes(self) -> bool:
        """Whether every byte is read."""
        return self is not Depth.METADATA


async def verify(
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    session: Session,
    documents: Documents,
    *,
    depth: Depth,
    sensitive: bool,
    read: Readers,
    by: By,
    unchanged: Callable[[], Awaitable[str]],
    emit: Emit,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Compares both sides' bytes, and adds the report to the plan's evidence.

    `unchanged` is asked once all was read: it raises while somebody changes the target, or says why that is open.
    `documents` is what comparing the documents came to; `read` is what MLClient reads. `sensitive`: a
    workspace of the pair has the highest sensitivity.
    """
    mapping = documents.mapping
    containers = await list_both(mapping, session.source.blobs, session.target.blobs)
    verifier = BlobVerifier(
        session.source.blobs,
        session.target.blobs,
        containers,
        mapping=mapping,
        places=mapping.places,
        hashing=depth.hashes,
        emit=emit,
    )
    standing = Standing(plan, ledger)
    ended = items(plan, ledger, standing)
    settled = decided(ended)
    verdict = await verifier.verify(plan, settled)
    differences = [
        *documents.differences,
        *verdict.differences,
        *_drifted(plan, containers, settled),
        *read.without(settled).differences,
    ]
    target = mapping.target
    evidence = Evidence(folder, ledger)
    # Without reading them anew nothing else is known of the files than what was.
    named = naming.findings(plan, target, verdict.naming) if depth.hashes else found_by(evidence.reports())
    held = encryption_counts(containers.target, plan.places(source=False))
    places = await Places.of_plan(session.target, target, plan, sensitive=sensitive, held=held)
    claims = await prove(session.target, target, places)
    if unknown := await unchanged():
        verdict.not_checked.add(unknown)
    look = settling(plan, ledger.done_at(), now(), settled)
    verdict.not_checked |= {look.open} - {""} if look else set()
    content = {
        "by": by.as_dict(),
        **content_of(plan, ended, depth, verdict, differences, claims, standing, read, named),
        "code_bytes": look.as_dict() if look else None,
    }
    told = {difference.address for difference in differences}
    content["same"] = {"blobs": verdict.same, "documents": len(documents.same - told)}
    content |= headline.apart(
        ((item.address, item.outcome) for item in ended), {*documents.target, *filled(plan, containers, mapping)}
    )
    content["headline"] = headline.verified(content)
    digests = seal(
        documents.source,
        documents.target,
        listing_digests(containers.source),
        listing_digests(containers.target),
    )
    parts = {
        PARTS[0]: documents.source,
        PARTS[1]: documents.target,
        PARTS[2]: prefix_digests(containers.source, plan.places(source=True)),
        PARTS[3]: prefix_digests(containers.target, plan.places(source=False)),
    }
    found = {f"manifest-{side}.jsonl": lines for side, lines in verdict.manifests.items()}
    found[FILE] = bytearray(json.dumps(parts, sort_keys=True).encode() + b"\n")
    with evidence.alone():
        manifests = [evidence.add_file(name, lines) for name, lines in found.items()]
        return evidence.add("verify", {**content, "digests": digests, "manifests": manifests})


def filled(plan: Plan, containers: Containers, mapping: Mapping) -> Iterator[str]:
    """The addresses of blobs under which the target has some, whosever they are, or may have."""
    for place, address in plan.places(source=False).items():
        listing = containers.target.get((place.account, place.container))
        if listing and any(True for _ in listing.below(place.path)):
            yield address
    cover = Cover(plan.places(source=False))
    for step in plan.steps:
        # Those of a container that no step copies: people may have.
        if step.is_bytes and not step.bytes and _beside(containers, mapping, cover, step.address.name):
            yield str(step.address)


def _beside(containers: Containers, mapping: Mapping, cover: Cover, container: str) -> bool:
    """Whether the target has blobs that are not the plan's where a container's would be, or that is not known."""
    for account, name in containers.source:
        goal = mapping.place(Location(account, name)) if name == container else None
        if goal is not None:
            there = containers.target.get((goal.account, goal.container))
            return there is None or any(
                cover.prefix(Location(goal.account, goal.container, path)) is None for path in there.blobs
            )
    return True


def _drifted(plan: Plan, containers: Containers, settled: frozenset[str]) -> list[Difference]:
    """What stays behind, by selection, in conflict or waived, and is not what it was when that was decided.

    Of all other prefixes that is found where they are compared.
    """
    found = drifted(
        plan, containers.source, lambda step: not step.action.carried_out or str(step.address) in settled
    )
    return [Difference(address, "source", then, now) for address, (then, now) in found.items()]


def content_of(
    plan: Plan,
    ended: list[Item],
    depth: Depth,
    verdict: Verdict,
    differences: list[Difference],
    posture: list[Claim],
    standing: Standing,
    read: Readers,
    named: list[Finding],
) -> dict[str, Any]:
    """What a report says but for digests and files. `named`: findings about files that name the source."""
    unsettled = [item for item in ended if not item.outcome.settled]
    found = findings(posture)
    told = let_go(found, standing.settled(found))
    grave = open_findings(plan, standing, named)
    holds = not [finding for finding in told if finding.severity == "error"]
    return {
        "format": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "tool": tool(),
        "depth": depth.value,
        "plan": {"name": plan.header.name, "sha256": plan.sha256},
        "source": plan.header.source,
        "target": plan.header.target,
        "green": not differences and not unsettled and not grave and holds,
        "items": tally(ended),
        "waived": [
            {"address": item.address, "detail": item.detail} for item in ended if item.outcome is Outcome.WAIVED
        ],
        "by_hand": [
            {"address": item.address, "detail": item.detail} for item in ended if item.outcome is Outcome.BY_HAND
        ],
        "unsettled": [
            {"address": item.address, "outcome": item.outcome.value, "detail": item.detail} for item in unsettled
        ],
        "open_findings": [finding.as_dict() for finding in grave],
        "decided_findings": [
            {"address": address, "detail": one.detail}
            for address, one in settled_findings(plan, standing, named).items()
        ],
        "foreign_bytes": over_foreign_bytes(ended),
        "differences": [difference.as_dict() for difference in differences],
        "posture": [finding.as_dict() for finding in told],
        "claims": [claim.as_dict() for claim in posture],
        "warnings": [finding.as_dict() for finding in plan.header.findings],
        "found": [finding.as_dict() for finding in named],
        "naming_files": naming.lines(verdict.naming),
        "rewritten_files": verdict.rewritten,
        "false_md5_labels": verdict.false_labels,
        "not_checked": sorted(
            {*verdict.not_checked, *_not_checked(depth), *read.told(), *naming.not_searched(verdict.unsearched)}
        ),
        "blobs": verdict.blobs,
        "bytes": verdict.bytes,
        "trees": verdict.trees,
        **({"sdk": read.as_dict()} if depth is Depth.SDK else {}),
    }


def _not_checked(depth: Depth) -> set[str]:
    found = {
        "secrets of datastores: the service never answers them, so both sides' cannot be compared",
        "bytes outside the workspace's own containers",
    }
    if depth is Depth.METADATA:
        found.add(
            "the bytes themselves: lengths and MD5 labels were compared, which the service does not recompute"
        )
    if depth is not Depth.SDK:
        found.add("that MLClient can read each asset (--depth sdk)")
    return found
