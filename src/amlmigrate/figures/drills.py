"""When drills had a key disabled, by the evidence of drills: what alerts tell of that is no incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from amlmigrate.core.armid import key_of
from amlmigrate.core.clock import moment
from amlmigrate.evidence import DrillRecord
from amlmigrate.figures.alerts import DrillSpan
from amlmigrate.ledger.evidence import EvidenceFile, examine, only
from amlmigrate.ledger.missing import EVIDENCE


def read(folder: Path) -> tuple[list[DrillSpan], str]:
    """The drills of a folder, and why none of them counts; there may be none, and no folder."""
    reports, problems = examine(folder / EVIDENCE)
    if problems:
        return [], f"the evidence in {folder} was altered ({problems[0]})"
    return list(spans(reports)), ""


def spans(reports: Iterable[EvidenceFile]) -> Iterator[DrillSpan]:
    """Of each drill that disabled a version, from when to when, by its last report."""
    told = {one.content.plan.name: one.content for one in only(reports, DrillRecord)}
    for one in told.values():
        since = moment(one.disabled_at or (one.time if one.state == "begun" else ""))
        until = moment(one.enabled_at or one.until)
        if since and until:
            yield DrillSpan(key_of(one.vault), since, until)
