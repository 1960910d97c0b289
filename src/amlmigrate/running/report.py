"""The report of a run in the evidence: who ran what when, how each item stands after it, and what is left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.core.authorship import By
from amlmigrate.core.plan import Plan
from amlmigrate.core.tool import tool
from amlmigrate.evidence import Run
from amlmigrate.evidence.headline import ran
from amlmigrate.evidence.members import Left, PlanRef, SideRecord
from amlmigrate.evidence.run import Ended, IdMap
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.corroboration import made
from amlmigrate.ledger.decisions import of_file
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.items import items, over_foreign_bytes, tally
from amlmigrate.ledger.missing import IDMAP
from amlmigrate.running.walker import WalkResult


def tell(plan: Plan, folder: Path, ledger: Ledger, walked: WalkResult | None, by: By) -> EvidenceFile[Run]:
    """Adds the report of the run that has just ended; without `walked`, of one that ended before it could tell.

    Raises RefusedError for a chain that is broken, FileError.
    """
    started = ledger.untold_runs
    content = Run(
        time=_now(),
        tool=tool(),
        by=by,
        plan=PlanRef.of(plan),
        source=SideRecord.of(plan.header.source),
        target=SideRecord.of(plan.header.target),
        started=started[-1] if started else None,
        # Each was killed, or lost its machine: what it did is in the ledger and in this report's counts.
        cut_off=tuple(started[:-1]),
        ended=_ended(walked),
        **_standing(plan, ledger),
        idmap=IdMap(file=IDMAP, sha256=of_file(folder / IDMAP)),
        made=made(ledger),
    )
    report = Evidence(folder, ledger).add(content)
    ledger.runs_told()
    return report


def _ended(walked: WalkResult | None) -> Ended:
    if walked is None:
        return "cut off before its report"
    if walked.lost:
        return "stopped: the target can no longer be used"
    return "stopped" if walked.stopped else "ended"


def _standing(plan: Plan, ledger: Ledger) -> dict[str, Any]:
    found = items(plan, ledger)
    counts = tally(found)
    left = any(not item.outcome.settled for item in found)
    return {
        "headline": ran(counts, "Not everything is done" if left else "Everything is done"),
        "items": counts,
        "left": tuple(
            Left(address=item.address, outcome=item.outcome, detail=item.detail)
            for item in found
            if not item.outcome.settled
        ),
        "foreign_bytes": over_foreign_bytes(found),
        # How many blobs of the target each step deleted.
        "deleted": ledger.deletions(),
        "warnings": tuple(plan.header.findings),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
