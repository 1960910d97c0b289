"""The report of a verification: what it says, whether it is green, and what it is bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from amlmigrate.bytes.binding import Bound
from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import FILE, timed
from amlmigrate.core.settling import Settling
from amlmigrate.core.state import Outcome
from amlmigrate.core.tool import tool
from amlmigrate.core.translation import Difference
from amlmigrate.evidence import Verify
from amlmigrate.evidence.headline import verified
from amlmigrate.evidence.verify import SinceCutover
from amlmigrate.kinds import moving_kinds
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.files import Scratch
from amlmigrate.ledger.items import Item, over_foreign_bytes, tally
from amlmigrate.ledger.valid_decisions import Standing, open_findings, settled_findings
from amlmigrate.posture import let_go
from amlmigrate.verifying import source_names
from amlmigrate.verifying.blobs import ByteVerdict
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
    look: Settling | None = None,
    service: datetime | None = None,
) -> dict[str, Any]:
    """What a report says but for digests and files.

    `named`: findings about files that name the source. `look`: how one at the code bytes stands. `service`: the
    time by Azure's clock.
    """
    unsettled = [item for item in ended if not item.outcome.settled]
    found = findings(posture)
    told = let_go(found, standing.settled(found))
    grave = open_findings(plan, standing, named)
    holds = not [finding for finding in told if finding.severity == "error"]
    return {
        "format": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        **timed(service),
        "tool": tool(),
        "depth": depth.value,
        "plan": {"name": plan.header.name, "sha256": plan.sha256},
        "source": plan.header.source,
        "target": plan.header.target,
        "green": not differences and not unsettled and not grave and holds,
        "items": tally(ended),
        "waived": _told(ended, Outcome.WAIVED),
        "by_hand": _told(ended, Outcome.BY_HAND),
        "unsettled": [
            {"address": item.address, "outcome": item.outcome.value, "detail": item.detail} for item in unsettled
        ],
        "open_findings": [finding.as_dict() for finding in grave],
        "decided_findings": [
            {"address": address, "detail": one.detail}
            for address, one in settled_findings(plan, standing, named).items()
        ],
        "foreign_bytes": [asdict(one) for one in over_foreign_bytes(ended)],
        "differences": [difference.as_dict() for difference in differences],
        "posture": [finding.as_dict() for finding in told],
        "claims": [claim.as_dict() for claim in posture],
        "warnings": [finding.as_dict() for finding in plan.header.findings],
        "found": [finding.as_dict() for finding in named],
        **_of_bytes(depth, verdict, read, look),
    }


def _told(ended: list[Item], outcome: Outcome) -> list[dict[str, str]]:
    return [{"address": item.address, "detail": item.detail} for item in ended if item.outcome is outcome]


def _of_bytes(depth: Depth, verdict: ByteVerdict, read: Readers, look: Settling | None) -> dict[str, Any]:
    """What was read of the bytes, and what was not looked at."""
    return {
        "naming_files": source_names.lines(verdict.naming),
        "rewritten_files": verdict.rewritten,
        "false_md5_labels": verdict.false_labels,
        "not_checked": sorted(
            {
                *verdict.not_checked,
                *_not_checked(depth),
                *read.told(),
                *source_names.not_searched(verdict.unsearched),
                *([look.open] if look and look.open else ()),
            }
        ),
        "code_bytes": look.as_dict() if look else None,
        "blobs": verdict.blobs,
        "bytes": verdict.bytes,
        "trees": verdict.trees,
        **({"sdk": read.as_dict()} if depth is Depth.SDK else {}),
    }


def keep(
    evidence: Evidence,
    by: By,
    content: dict[str, Any],
    held: Bound,
    manifests: Mapping[str, Scratch],
    since: SinceCutover | None = None,
) -> EvidenceFile[Verify]:
    """Adds the report, bound to both sides as they were read, to a plan's evidence."""
    with evidence.alone():
        files = [evidence.add_file(name, lines) for name, lines in manifests.items()]
        files.append(evidence.add_file(FILE, held.data))
        told = {
            **content,
            "by": by.as_dict(),
            "digests": held.digests,
            "manifests": [asdict(one) for one in files],
        }
        made = replace(Verify.of_dict(told), since_cutover=since)
        return evidence.add(made if since else replace(made, headline=verified(made)))


def _not_checked(depth: Depth) -> set[str]:
    found = {
        *(
            f"secrets of {kind.name}: the service never answers them, so both sides' cannot be compared"
            for kind in moving_kinds().values()
            if kind.permissions.secrets
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
