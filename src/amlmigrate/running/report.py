"""The report of a run in the evidence: who ran what when, how each item stands after it, and what is left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.core.authorship import By
from amlmigrate.core.headline import ran
from amlmigrate.core.plan import Plan
from amlmigrate.core.tool import tool
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.corroboration import made
from amlmigrate.ledger.decisions import of_file
from amlmigrate.ledger.evidence import Evidence, EvidenceFile
from amlmigrate.ledger.items import items, over_foreign_bytes, tally
from amlmigrate.ledger.missing import IDMAP
from amlmigrate.running.walker import WalkResult

RECORD = "run"


def tell(plan: Plan, folder: Path, ledger: Ledger, walked: WalkResult | None, by: By) -> EvidenceFile:
    """Adds the report of the run that has just ended; without `walked`, of one that ended before it could tell.

    Raises RefusedError for a chain that is broken, FileError.
    """
    started = ledger.untold_runs
    report = Evidence(folder, ledger).add(
        RECORD,
        {
            "format": 1,
            "time": _now(),
            "tool": tool(),
            "by": by.as_dict(),
            "plan": {"name": plan.header.name, "sha256": plan.sha256},
            "source": plan.header.source,
            "target": plan.header.target,
            "started": started[-1] if started else None,
            # Each was killed, or lost its machine: what it did is in the ledger and in this report's counts.
            "cut_off": started[:-1],
            "ended": _ended(walked),
            **_standing(plan, ledger),
            "idmap": {"file": IDMAP, "sha256": of_file(folder / IDMAP)},
            "made": made(ledger),
        },
    )
    ledger.runs_told()
    return report


def _ended(walked: WalkResult | None) -> str:
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
        "headline": ran(counts, "Not all is done" if left else "All is done"),
        "items": counts,
        "left": [
            {"address": item.address, "outcome": item.outcome.value, "detail": item.detail}
            for item in found
            if not item.outcome.settled
        ],
        "foreign_bytes": over_foreign_bytes(found),
        # How many blobs of the target each step deleted.
        "deleted": ledger.deletions(),
        "warnings": [finding.as_dict() for finding in plan.header.findings],
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
