"""What this machine knows of a guardrail's scope: the latest scan, the waves of fleets, and where plans stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.fleet import fleetfile
from amlmigrate.guarding.estate import GuardedEstate, OldWorkspace, OpenPlan, RemovedSource, old_workspaces
from amlmigrate.guarding.falls import TaggedThen, tags_of
from amlmigrate.guarding.wanted import Guardrail
from amlmigrate.scanning import scanfile
from amlmigrate.scanning.scanfile import ScanFile
from amlmigrate.status.overview import PlanLine, lines


@dataclass(frozen=True, slots=True)
class SurveyPlaces:
    """Where scans and plans lie; `scan` is a file that counts instead of the latest one."""

    scans: Path
    plans: Path
    scan: Path | None = None


def survey(guardrail: Guardrail, places: SurveyPlaces) -> GuardedEstate:
    """Raises BadInputError for a scan that is cut short or changed, and for a plan that cannot be read."""
    found = latest(places, guardrail)
    plans = _plans(places.plans)
    removed = tuple(_removed(plans))
    return GuardedEstate(
        scan=str(found.header.get("created", "")) if found else "",
        old=_old(guardrail, found, places),
        unread=_unread(guardrail, found),
        plans=tuple(_open(plans)),
        removed=removed,
        gone=frozenset(key_of(one.id) for one in removed),
        same_standard=not found or found.header.get("rules_sha256") == guardrail.standard.sha256,
        covered=not found or _covers(found, guardrail),
        scanned=_scanned(found) if found else frozenset(),
    )


def seen_before(guardrail: Guardrail, places: SurveyPlaces) -> list[TaggedThen]:
    """The tags within the scope by the scan that counts, and by the one before it. Raises BadInputError."""
    last = latest(places, guardrail)
    if last is None or not _covers(last, guardrail):
        return []
    every = (scanfile.read(path) for path in scanfile.kept(places.scans))
    covering = (one for one in every if _covers(one, guardrail) and one.sha256 != last.sha256)
    older = [one for one in covering if _made(one) <= _made(last)]
    before = max(older, key=_made, default=None)
    return [then for scan in (before, last) if scan for then in _tagged(guardrail, scan)]


def _tagged(guardrail: Guardrail, scan: ScanFile) -> Iterator[TaggedThen]:
    scope = ArmId.of(guardrail.scope)
    for one in scan.workspaces:
        if guardrail.at_management_group or ArmId.of(one["id"]).within(scope):
            yield TaggedThen(one["id"], tags_of(one), _made(scan))


def _made(scan: ScanFile) -> datetime:
    return scanfile.made(scan.header, str(scanfile.ROOT))


def latest(places: SurveyPlaces, guardrail: Guardrail) -> ScanFile | None:
    """The scan that counts: the latest of the guardrail's subscription, else of any; None where there is none."""
    if places.scan is not None:
        return scanfile.read(places.scan)
    found = [scanfile.read(path) for path in scanfile.kept(places.scans)]
    counting = [one for one in found if _covers(one, guardrail)] or found
    return max(counting, key=_made, default=None)


def _covers(found: ScanFile, guardrail: Guardrail) -> bool:
    """Whether a scan is of the guardrail's subscription. Which ones a management group has, no scan tells."""
    subscription = ArmId.of(guardrail.scope).subscription
    return guardrail.at_management_group or subscription.lower() in _scanned(found)


def _scanned(found: ScanFile) -> frozenset[str]:
    return frozenset(str(one).lower() for one in found.header.get("subscriptions") or ())


def _old(guardrail: Guardrail, found: ScanFile | None, places: SurveyPlaces) -> tuple[OldWorkspace, ...]:
    """The old workspaces of a scan."""
    if found is None:
        return ()
    waves = {key_of(one.source): one.wave for fleet in _fleets(places.plans) for one in fleet.entries}
    return tuple(old_workspaces(guardrail, found.workspaces, waves))


def _fleets(plans: Path) -> Iterator[fleetfile.Fleet]:
    for path in sorted(plans.glob(f"**/{fleetfile.FILE}")):
        if fleet := fleetfile.read(path.parent):
            yield fleet


def _unread(guardrail: Guardrail, found: ScanFile | None) -> tuple[str, ...]:
    """What the scan could not read within the scope, or above it."""
    addresses = [str(one.get("address")) for one in (found.header.get("unreadable") or ())] if found else []
    scope = ArmId.of(guardrail.scope)
    return tuple(
        one
        for one in addresses
        if guardrail.at_management_group or ArmId.of(one).within(scope) or scope.within(ArmId.of(one))
    )


def _plans(below: Path) -> tuple[PlanLine, ...]:
    """Where each plan stands. Raises BadInputError for one that cannot be read: it may not be over."""
    found = lines(below)
    for one in found:
        if one.error:
            raise BadInputError(
                f"A plan cannot be read: {one.error.rstrip('.')}.",
                address=one.folder,
                remedy="Put the original files back, or move the folder elsewhere if the plan is not needed.",
            )
    return found


def _open(plans: tuple[PlanLine, ...]) -> Iterator[OpenPlan]:
    for one in plans:
        if one.stages and one.stages.removal is None:
            yield OpenPlan(one.folder, one.stages.plan.header.source_ref.id, one.next)


def _removed(plans: tuple[PlanLine, ...]) -> Iterator[RemovedSource]:
    for one in plans:
        removal = one.stages.removal if one.stages else None
        if one.stages and removal and removal.recoverable_until:
            until = datetime.fromisoformat(removal.recoverable_until)
            yield RemovedSource(one.stages.plan.header.source_ref.id, one.folder, until)
