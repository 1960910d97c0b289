"""The evidence of drills: reports in the same chain as those of rotations, below `keys/`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import isodate

from amlmigrate.core import drilltag
from amlmigrate.core.authorship import By
from amlmigrate.core.clock import stamp
from amlmigrate.core.documents import digest
from amlmigrate.core.keys import KeyVersion
from amlmigrate.core.tool import tool
from amlmigrate.drilling.model import DrillOutcome, Measured
from amlmigrate.drilling.refusing import DrillFacts, levels_of
from amlmigrate.drilling.restoring import DrillEnded
from amlmigrate.drilling.stage import DrillOrder
from amlmigrate.evidence.drill import DrilledPart, DrillRecord
from amlmigrate.evidence.members import PlanRef
from amlmigrate.evidence.rotation import RotationRecord
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, only
from amlmigrate.rotating.order import environment_by


def rotation_under_way(evidence: Evidence, key: str) -> str:
    """The id of the last rotation of a key, if it began and did not end by the reports; else empty."""
    told = [one.content for one in only(evidence.reports(), RotationRecord) if one.content.key == key]
    return told[-1].plan.name if told and told[-1].state == "begun" else ""


def begun(
    evidence: Evidence, found: DrillFacts, order: DrillOrder, by: By, environment: str
) -> EvidenceFile[DrillRecord]:
    """Writes that one begins, before the watcher is started. Raises RefusedError for a chain that was changed."""
    request = found.request
    assert request.version is not None
    asked = {"drill": order.drill, "version": request.version.id, "until": stamp(order.until)}
    return evidence.add(
        DrillRecord(
            time=_now(),
            plan=PlanRef(name=order.drill, sha256=digest(asked)),
            by=by,
            tool=tool(),
            state="begun",
            key=request.key.name.id,
            vault=request.key.vault_id,
            version=request.version.id,
            environment=environment,
            environment_by=environment_by(levels_of(found).items()),
            notes=found.notes,
            limit=duration(request.limit),
            until=stamp(order.until),
        )
    )


def ended(evidence: Evidence, first: DrillRecord, outcome: DrillOutcome) -> EvidenceFile[DrillRecord]:
    """Writes what a drill came to."""
    return evidence.add(
        replace(
            first,
            time=_now(),
            state="ended",
            disabled_at=stamp(outcome.disabled_at),
            enabled_at=stamp(outcome.enabled_at),
            version_end=outcome.version_end.value,
            measured=tuple(map(part, outcome.measured)),
            interrupted=outcome.interrupted,
            note=outcome.note,
        )
    )


def failed(evidence: Evidence, first: DrillRecord, why: str) -> EvidenceFile[DrillRecord]:
    """Writes that a drill ended early, and why."""
    return evidence.add(replace(first, time=_now(), state="ended", failed=why))


def restored(
    evidence: Evidence, key: str, version: KeyVersion, found: DrillEnded, by: By
) -> EvidenceFile[DrillRecord]:
    """Writes that the drill of a version was ended by its tag, perhaps on another machine than it began on."""
    tag = drilltag.tag_of(version)
    name, until = (tag.drill, stamp(tag.until)) if tag else ("", "")
    asked = {"drill": name, "version": version.id, "until": until}
    return evidence.add(
        DrillRecord(
            time=_now(),
            plan=PlanRef(name=name, sha256=digest(asked)),
            by=by,
            tool=tool(),
            state="ended",
            key=key,
            version=version.id,
            until=until,
            enabled_at=stamp(found.at),
            version_end=found.end.value,
            note=found.note,
            by_tag=True,
        )
    )


def part(one: Measured) -> DrilledPart:
    """What was seen of one thing, as the report has it."""
    return DrilledPart(
        id=one.id,
        kind=one.kind,
        call=one.call,
        down=one.down.value,
        refused_after=_seconds(one.refused_after),
        answered_until=_seconds(one.answered_until),
        back=one.back.value,
        silent_until=_seconds(one.silent_until),
        back_after=_seconds(one.back_after),
        note=one.note,
    )


def duration(span: timedelta) -> str:
    """As ISO 8601 has it."""
    return str(isodate.duration_isoformat(span))


def _seconds(found: float | None) -> float | None:
    return None if found is None else round(found, 1)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
