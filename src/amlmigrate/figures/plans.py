"""Reads the plans below a folder: who succeeds whom, what proves it, and what removals left behind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from amlmigrate.core.clock import moment
from amlmigrate.core.unexpected_errors import said
from amlmigrate.cutover.record import active
from amlmigrate.evidence import Cutover, CutoverBack, Decommission, Verify
from amlmigrate.evidence.decommission import IN_ACCOUNT
from amlmigrate.figures.history import Succession
from amlmigrate.figures.moves import Move, move_of
from amlmigrate.fleet import fleetfile
from amlmigrate.ledger.evidence import EvidenceFile, last, only
from amlmigrate.ledger.opening import open_residuals
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.ledger.valid_decisions import Standing
from amlmigrate.planning import planfile
from amlmigrate.status.stages import trusted


@dataclass(frozen=True, slots=True)
class Residue:
    """What a removal left under Microsoft's key: `open` until somebody accepts it; its size where it was read."""

    plan: str
    address: str
    id: str
    kind: str
    open: bool
    blobs: int | None = None
    bytes: int | None = None

    @property
    def container(self) -> bool:
        """Whether it is a container, and not a whole resource."""
        return self.kind in IN_ACCOUNT


@dataclass(frozen=True, slots=True)
class PlanTold:
    """What one plan tells. `sha256` is that of its file, which nobody changes, wherever its folder is.

    `reports` is how many its evidence has, `newest` the digest of the last one, empty for none; `chain` has those
    of all.
    """

    sha256: str
    reports: int
    newest: str
    succession: Succession
    residues: tuple[Residue, ...]
    move: Move
    chain: frozenset[str] = frozenset()

    @property
    def folder(self) -> str:
        """Where it was read."""
        return self.succession.plan

    @property
    def pair(self) -> tuple[str, str]:
        """Both workspaces, by workspaceId in lower case."""
        return self.succession.source, self.succession.target


@dataclass(frozen=True, slots=True)
class Plans:
    """What all plans tell; `waves` are those of fleets, by workspaceId; `unread` says what could not be read."""

    told: tuple[PlanTold, ...] = ()
    waves: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def successions(self) -> list[Succession]:
        """Who succeeds whom."""
        return [one.succession for one in self.told]

    @property
    def residues(self) -> list[Residue]:
        """What all removals left."""
        return [left for one in self.told for left in one.residues]

    @property
    def moves(self) -> tuple[Move, ...]:
        """What moves, and how far it has come."""
        return tuple(one.move for one in self.told)


def read(below: Path) -> Plans:
    """All plans below a folder; there may be none."""
    found: list[PlanTold] = []
    unread: dict[str, str] = {}
    count = 0
    files, closed = _files(below)
    for folder in (path.parent for path in files if path.name == planfile.FILE):
        try:
            if planfile.read_header(folder).example:
                continue
            count += 1
            told, altered = _plan(folder)
        except Exception as error:  # noqa: BLE001 - of one plan, which is told; the others are read
            unread[str(folder)] = said(str(folder), error)
            continue
        found.append(told)
        if altered:
            unread[str(folder)] = f"its evidence was altered: {altered[0]}"
    waves, broken = _waves([path for path in files if path.name == fleetfile.FILE])
    return Plans(tuple(found), waves, closed | unread | broken, count)


def _files(below: Path) -> tuple[list[Path], dict[str, str]]:
    """The files of plans and of fleets, and the folders that could not be looked into, which may have more."""
    closed: dict[str, str] = {}

    def tell(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            closed[str(error.filename)] = f"The folder cannot be read: {error.strerror}."

    found = [
        Path(folder, name)
        for folder, _, names in os.walk(below, onerror=tell)
        for name in names
        if name in (planfile.FILE, fleetfile.FILE)
    ]
    return sorted(found), closed


def _plan(folder: Path) -> tuple[PlanTold, Sequence[str]]:
    """What it tells, and what of its evidence was altered."""
    plan = planfile.read(folder)
    header = plan.header
    planned = moment(header.created)
    assert planned is not None
    with for_reading(folder, plan) as ledger:
        reports, altered = trusted(folder, ledger)
        still = {one.address for one in open_residuals(Standing(plan, ledger), reports)}
    source, target = (str(side["workspaceId"]).lower() for side in (header.source, header.target))
    succession = Succession(source, target, str(folder), planned, proven(reports))
    chain = [one.sha256 for one in reports]
    told = PlanTold(
        plan.sha256,
        len(chain),
        chain[-1] if chain else "",
        succession,
        tuple(_left(folder, reports, still)),
        move_of(str(folder), header, reports),
        frozenset(chain),
    )
    return told, altered


def proven(reports: Sequence[EvidenceFile]) -> datetime | None:
    """Since when the evidence shows that all of it is in the target; None where, as it stands, it does not.

    What was shown before a cutover was taken back shows nothing: the source had its users again.
    """
    back = last(reports, CutoverBack)
    reports = [one for one in reports if back is None or one.number > back.number]
    removed, newest = last(reports, Decommission), last(reports, Verify)
    green = newest is not None and newest.content.green and newest.content.reads_bytes
    if not (green or active(list(reports)) or (removed and removed.content.by_us)):
        return None
    return min(filter(None, (moment(one.content.moment) for one in _proofs(reports))), default=None)


def _proofs(reports: Sequence[EvidenceFile]) -> Iterator[EvidenceFile]:
    yield from (one for one in only(reports, Verify) if one.content.green and one.content.reads_bytes)
    yield from only(reports, Cutover)
    yield from (one for one in only(reports, Decommission) if one.content.by_us)


def _left(folder: Path, reports: Sequence[EvidenceFile], still: Iterable[str]) -> Iterator[Residue]:
    tomb = last(reports, Decommission)
    if tomb is None:
        return
    sizes = {(one.kind, one.id): one for one in tomb.content.remains}
    for one in tomb.content.residuals:
        size = sizes.get((one.what, one.id))
        blobs, bytes_ = (size.blobs, size.bytes) if size else (None, None)
        yield Residue(str(folder), one.address, one.id, one.what, one.address in still, blobs, bytes_)


def _waves(paths: Sequence[Path]) -> tuple[dict[str, str], dict[str, str]]:
    """The wave of each workspace of a fleet, with its folder where there are more; and which could not be read."""
    found: dict[str, str] = {}
    unread: dict[str, str] = {}
    for path in paths:
        try:
            fleet = fleetfile.read(path.parent)
        except Exception as error:  # noqa: BLE001 - of one fleet, which is told; the others are read
            unread[str(path)] = said(str(path), error)
            continue
        for entry in fleet.entries if fleet else ():
            name = f"{path.parent.name} {entry.wave}" if len(paths) > 1 else str(entry.wave)
            found[entry.workspace_id.lower()] = name
    return found, unread
