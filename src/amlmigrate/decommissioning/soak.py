"""From when on a removal's soak counts, and whether it is over. Pure.

Azure's clock counts where it is known: those of the machines that verify and remove may be days off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from amlmigrate.core.periods import SOAK_HOURS
from amlmigrate.core.plan import Plan
from amlmigrate.cutover import evidence_checks
from amlmigrate.cutover.record import active
from amlmigrate.evidence import Cutover, CutoverBack, Verify
from amlmigrate.ledger.evidence import EvidenceFile, last

HOURS = SOAK_HOURS


def since(plan: Plan, reports: list[EvidenceFile]) -> datetime | None:
    """The cutover; without one the first of the green verifications of what the newest saw, none other between."""
    cutover = active(reports)
    return _moment(cutover) if cutover else _green_since(plan, reports)


def reason(plan: Plan, reports: list[EvidenceFile], soak: timedelta, now: datetime) -> Iterator[str]:
    """Why the soak is not over at `now`; nothing where the evidence proves nothing: that is a reason by itself."""
    begun = since(plan, reports)
    if begun is None:
        if soak and not any(evidence_checks.unproven(plan, reports)):
            yield "The soak has not begun: run `migrate verify`."
        return
    over = begun + soak
    if now < over:
        ahead = " This machine's clock is ahead of Azure's." if datetime.now(UTC) >= over else ""
        hours = soak.total_seconds() / 3600
        length = "1 hour" if hours == 1 else f"{hours:g} hours"
        yield f"The soak of {length} is over at {over.isoformat(timespec='minutes')}.{ahead}"


def _green_since(plan: Plan, reports: list[EvidenceFile]) -> datetime | None:
    """Of evidence that the gate takes; one that did not read the bytes neither begins nor ends it."""
    newest = last(reports, Verify)
    found: datetime | None = None
    for report in reversed(reports):
        content = report.content
        # The target was in use then, whatever it was verified to be before.
        if isinstance(content, Cutover | CutoverBack):
            break
        if isinstance(content, Verify):
            if newest is None or not _continues(plan, content, newest.content):
                break
            found = _moment(report) if content.reads_bytes else found
    return found


def _continues(plan: Plan, content: Verify, newest: Verify) -> bool:
    """Whether it is green, of this plan, and saw on both sides just what the newest did."""
    return content.green and content.plan.sha256 == plan.sha256 and content.digests == newest.digests


def _moment(report: EvidenceFile) -> datetime:
    """When it was made: by Azure's clock where the report has that, else by the machine's."""
    return datetime.fromisoformat(report.content.moment)
