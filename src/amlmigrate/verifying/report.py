"""The report of a verification: what it says, whether it is green, and what it is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from amlmigrate.bytes.binding import Bound
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import FILE, PARTS
from amlmigrate.core.settling import Settling
from amlmigrate.core.state import Outcome
from amlmigrate.core.tool import tool
from amlmigrate.core.translation import Difference
from amlmigrate.evidence import Verify
from amlmigrate.evidence import verify as evidence_of
from amlmigrate.evidence.members import CodeBytes, Digests, Left, PlanRef, SideRecord, Told
from amlmigrate.kinds import moving_kinds
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.files import Scratch
from amlmigrate.ledger.items import Item, over_foreign_bytes, tally
from amlmigrate.ledger.valid_decisions import Standing, open_findings, settled_findings
from amlmigrate.posture import let_go
from amlmigrate.verifying import source_names
from amlmigrate.verifying.blobs import ByteVerdict
from amlmigrate.verifying.sdk import Readers

# Until it is kept.
_UNBOUND = Digests(**dict.fromkeys(PARTS, ""))


class Depth(StrEnum):
    """How deep a verification goes; each includes the one before."""

    METADATA = "metadata"
    CHECKSUM = "checksum"
    SDK = "sdk"

    @property
    def hashes(self) -> bool:
        """Whether every byte is read."""
        return self is not Depth.METADATA


def content_of(
    plan: Plan,
    ended: list[Item],
    depth: Depth,
    verdict: ByteVerdict,
    differences: list[Difference],
    posture: list[Claim],
    standing: Standing,
    read: Readers,
    named: list[Finding],
    theirs: Mapping[str, str],
    by: By,
    look: Settling | None = None,
    service: datetime | None = None,
) -> Verify:
    """What a report says, but that it is bound to nothing yet (`keep`).

    `named`: findings about files that name the source. `theirs`: what the target has in place of what was let go.
    `look`: how one at the code bytes stands. `service`: the time by Azure's clock.
    """
    unsettled = [item for item in ended if not item.outcome.settled]
    found = findings(posture)
    told = let_go(found, standing.settled(found))
    grave = open_findings(plan, standing, named)
    holds = not [finding for finding in told if finding.severity == "error"]
    return Verify(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        service_time=service.isoformat(timespec="seconds") if service else "",
        tool=tool(),
        by=by,
        depth=depth.value,
        plan=PlanRef.of(plan),
        source=SideRecord.of(plan.header.source),
        target=SideRecord.of(plan.header.target),
        green=not differences and not unsettled and not grave and holds,
        items=tally(ended),
        waived=_told(ended, Outcome.WAIVED),
        by_hand=_told(ended, Outcome.BY_HAND),
        unsettled=tuple(map(_left, unsettled)),
        open_findings=tuple(grave),
        decided_findings=_decided(plan, standing, named),
        foreign_bytes=over_foreign_bytes(ended),
        differences=told_of(differences),
        posture=tuple(told),
        claims=tuple(posture),
        warnings=tuple(plan.header.findings),
        found=tuple(named),
        naming_files=source_names.lines(verdict.naming),
        rewritten_files=tuple(verdict.rewritten),
        false_md5_labels=tuple(verdict.false_labels),
        not_checked=tuple(sorted(_not_checked(depth, verdict, read, look))),
        code_bytes=CodeBytes(**look.as_dict()) if look else None,
        blobs=verdict.blobs,
        bytes=verdict.bytes,
        trees=verdict.trees,
        sdk=read.in_report if depth is Depth.SDK else None,
        let_go=dict(theirs),
        digests=_UNBOUND,
        manifests=(),
    )


def _left(one: Item) -> Left:
    return Left(address=one.address, outcome=one.outcome, detail=one.detail)


def _decided(plan: Plan, standing: Standing, named: list[Finding]) -> tuple[Told, ...]:
    found = settled_findings(plan, standing, named)
    return tuple(Told(address=address, detail=one.detail) for address, one in found.items())


def told_of(differences: Iterable[Difference]) -> tuple[evidence_of.DifferenceRecord, ...]:
    """Differences as a report has them."""
    return tuple(
        evidence_of.DifferenceRecord(
            address=one.address, field=one.field, expected=one.expected, actual=one.actual
        )
        for one in differences
    )


def _told(ended: list[Item], outcome: Outcome) -> tuple[Told, ...]:
    return tuple(Told(address=one.address, detail=one.detail) for one in ended if one.outcome is outcome)


def keep(
    evidence: Evidence, content: Verify, held: Bound, manifests: Mapping[str, Scratch]
) -> EvidenceFile[Verify]:
    """Adds the report, bound to both sides as they were read, to a plan's evidence.

    Raises NotAReportError for one that nobody could read again.
    """
    with evidence.alone():
        files = [evidence.add_file(name, lines) for name, lines in manifests.items()]
        files.append(evidence.add_file(FILE, held.data))
        made = replace(content, digests=Digests(**held.digests), manifests=tuple(files))
        return evidence.add(Verify.of_dict(made.as_dict()))


def _not_checked(depth: Depth, verdict: ByteVerdict, read: Readers, look: Settling | None) -> set[str]:
    """What was not looked at, by this verification and by any of its depth."""
    found = {
        *verdict.not_checked,
        *read.told(),
        *source_names.not_searched(verdict.unsearched),
        *([look.open] if look and look.open else ()),
        *(
            f"secrets of {kind.name}: the service never answers them, so both sides' cannot be compared"
            for kind in moving_kinds().values()
            if kind.permissions.secrets and not kind.compares_secrets(kind.example().document)
        ),
        "bytes outside the workspace's own containers",
    }
    if depth is Depth.METADATA:
        found.add(
            "the bytes themselves: lengths and MD5 labels were compared, which the service does not recompute"
        )
    if depth is not Depth.SDK:
        found.add("that MLClient can read each asset (--depth sdk)")
    return found
