"""Makes a plan for each workspace of a scan: in waves, a few at once, and none stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.cloud import subscriptions
from amlmigrate.cloud.session import Session
from amlmigrate.core import log_context
from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.events import Emit
from amlmigrate.core.finding import SEVERITIES
from amlmigrate.core.parallel import each
from amlmigrate.core.plan import Header
from amlmigrate.core.progress import FleetStarted, MemberFailed, MemberLeft, MemberPlanned
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet import fleetfile, folders, names_there, pairs
from amlmigrate.fleet.fleetfile import Fleet, FleetEntry, PlanningProgress
from amlmigrate.fleet.members import UnplannedMember, asked_for, members, unread
from amlmigrate.fleet.sums import FleetSums, still_open, sums, told_of
from amlmigrate.fleet.waves import Waves, named_waves, waves
from amlmigrate.planning import planfile, selection_check
from amlmigrate.planning import stage as planning
from amlmigrate.planning.new_names import NamesAlongside
from amlmigrate.scanning import scanfile
from amlmigrate.scanning.scanfile import ScanFile

_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class FleetFiles:
    """From what a fleet is planned: a scan, the targets, and the waves by a file or by their size."""

    scan: Path
    targets: Path
    waves: Path | None = None
    wave_size: int | None = None


@dataclass(frozen=True, slots=True)
class FleetRequest:
    """The files, the folder above all plans, and what is asked of each of them.

    `subscription` is that of workspaces which the files name without one.
    """

    files: FleetFiles
    out: Path
    choices: planning.PlanChoices
    by: By
    subscription: str | None = None


@dataclass(frozen=True, slots=True)
class FleetOutcome:
    """What became of each workspace; `behind` says why `fleet.jsonl` is behind what was planned, where it is."""

    out: Path
    entries: tuple[FleetEntry, ...]
    left: tuple[UnplannedMember, ...]
    behind: str = ""

    def of(self, state: PlanningProgress) -> list[FleetEntry]:
        """The workspaces that have come so far."""
        return [entry for entry in self.entries if entry.state is state]

    @property
    def sums(self) -> FleetSums:
        """What all plans come to."""
        return sums(self.entries, len(self.missing))

    @property
    def missing(self) -> list[UnplannedMember]:
        """What was asked for and is not planned."""
        return [one for one in self.left if one.open]

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is planned, and kept."""
        return not (self.of(PlanningProgress.FAILED) or self.missing or self.behind)


async def plan_fleet(clouds: Session, request: FleetRequest, emit: Emit) -> FleetOutcome:
    """Plans all of them.

    Raises BadInputError for the files, DeniedError where nobody can sign in, PlanLockedError while another fleet
    is planned in the same folder.
    """
    folders.check(request.out)
    kept = scanfile.read(request.files.scan)
    order, left = await _ordered(clouds, kept, request)
    with folders.alone(request.out):
        before = _earlier(request.out, kept.sha256)
        entries = fleetfile.placed(order, before, _taken(request.out))
        fleet = FleetPlanning(request, kept.sha256, entries, left, emit)
        fleet.look()
        fleet.keep()
        # Who is not signed in fails here, not once for each workspace.
        for side in dict.fromkeys((clouds.source, clouds.target)):
            await side.credential.tenant()
        await fleet.carry_out(clouds)
        return fleet.end()


async def _ordered(clouds: Session, kept: ScanFile, request: FleetRequest) -> tuple[Waves, list[UnplannedMember]]:
    """The workspaces that are planned, by their waves, and those that are not."""
    source, target = await _resolvers(clouds, request)
    wanted = pairs.targets(request.files.targets, request.subscription, source, target)
    chosen, left = members(kept.workspaces, wanted)
    environments = kept.header["levels"]["environment"]
    left += unread(kept.header)
    request.choices.renames.check_sources(one.source for one in chosen)
    if not request.files.waves:
        return waves(chosen, environments, size=request.files.wave_size), left
    known = {key_of(one.id) for one in chosen} | {key_of(one.id) for one in left}
    numbers = pairs.waves(request.files.waves, request.subscription, known, source)
    return named_waves(chosen, numbers, environments), asked_for(left, numbers)


async def _resolvers(clouds: Session, request: FleetRequest) -> tuple[pairs.Resolve, pairs.Resolve]:
    """Which workspaces of the source and of the target the files mean; Azure is asked only for names."""
    files = [(request.files.targets, "target"), *([(request.files.waves, "wave")] if request.files.waves else [])]
    if not any(pairs.by_name(path, column) for path, column in files):
        return WorkspaceRef.of, WorkspaceRef.of
    source = await subscriptions.listed(clouds.source.arm)
    same = clouds.target is clouds.source
    return source.ref, (source if same else await subscriptions.listed(clouds.target.arm)).ref


def _earlier(out: Path, scan: str) -> Fleet | None:
    """What was planned of this very scan in this folder. Raises BadInputError for a fleet of another scan."""
    found = fleetfile.read(out)
    if found is not None and found.scan != scan:
        raise BadInputError(
            "There is a fleet of another scan in this folder already.",
            address=str(out / fleetfile.FILE),
            remedy="Name another folder with --out.",
        )
    return found


def _taken(out: Path) -> list[str]:
    return [path.name for path in out.iterdir()] if out.is_dir() else []


class FleetPlanning:
    """The fleet while it is planned; after each plan it is written, so that a killed one goes on where it was."""

    def __init__(
        self,
        request: FleetRequest,
        scan: str,
        entries: Iterable[FleetEntry],
        left: Iterable[UnplannedMember],
        emit: Emit,
    ) -> None:
        self._request = request
        self._scan = scan
        self._entries = {entry.folder: entry for entry in entries}
        self._left = tuple(left)
        self._emit = emit
        self._alongside = NamesAlongside()
        self._created = datetime.now(UTC).isoformat(timespec="seconds")
        # Why `fleet.jsonl` is behind what was planned.
        self._behind = ""

    def look(self) -> None:
        """Takes over what the folders show. Raises BadInputError where a plan was made with other options."""
        plans: dict[str, Header] = {}
        for entry in list(self._entries.values()):
            try:
                plan = folders.found(self._request.out, entry)
                told = _told(plan.header, still_open(self._request.out / entry.folder, plan)) if plan else {}
            except Exception as error:  # noqa: BLE001 - of one folder, and told; the others are looked at
                told = folders.told_of(error, self._request.out / entry.folder)
                self._become(entry, PlanningProgress.FAILED, told)
                continue
            if plan:
                plans[entry.folder] = plan.header
            self._become(entry, PlanningProgress.PLANNED if plan else PlanningProgress.PENDING, told)
        folders.refuse_other_options(self._request.out, plans, self._request.by.asked())

    def _become(self, entry: FleetEntry, state: PlanningProgress, told: dict[str, Any]) -> None:
        self._entries[entry.folder] = entry.became(state, told)

    def keep(self) -> None:
        """Writes `fleet.jsonl`. Raises BadInputError."""
        fleet = Fleet(self._scan, tuple(self._entries.values()), self._left, self._request.by.asked())
        fleetfile.write(self._request.out, fleet, created=self._created)

    def _try_to_keep(self) -> None:
        """The same where plans are made: a disk that is full ends none of them, and the folders tell it anew."""
        try:
            self.keep()
        except BadInputError as error:
            self._behind = error.summary
        else:
            self._behind = ""

    async def carry_out(self, clouds: Session) -> None:
        """Makes the plans that there are not yet, wave by wave."""
        for left in self._left:
            self._emit(MemberLeft(left.id, left.state, left.reason, left.named))
        states = Counter(entry.state for entry in self._entries.values())
        self._emit(FleetStarted(len(self._entries), states[PlanningProgress.PLANNED]))
        for entry in self._entries.values():
            if entry.state is PlanningProgress.FAILED:
                self._fail(entry, entry.told)

        async def one(entry: FleetEntry) -> None:
            await self._plan(clouds, entry)
            self._try_to_keep()

        open_ones = [entry for entry in self._entries.values() if entry.state is PlanningProgress.PENDING]
        await names_there.note(clouds, open_ones, self._alongside)
        await each(open_ones, one, parallel=_AT_ONCE)
        if self._behind:
            self._try_to_keep()

    async def _plan(self, clouds: Session, entry: FleetEntry) -> None:
        """Plans one. Whatever goes wrong with it, a fault of the tool's own too, is its own and no other's."""
        folder = self._request.out / entry.folder
        try:
            with log_context.bound(plan=str(folder)):
                told = _told(await planning.create_plan(clouds, self._of(entry, folder)))
        except Exception as error:  # noqa: BLE001 - of one workspace, and told; the others are planned all the same
            self._fail(entry, folders.told_of(error, folder))
        else:
            self._emit(MemberPlanned(entry.source, entry.wave, str(folder), told))
            self._become(entry, PlanningProgress.PLANNED, told)

    def _fail(self, entry: FleetEntry, told: dict[str, Any]) -> None:
        self._emit(MemberFailed(entry.source, entry.wave, told["reason"], told["remedy"]))
        self._become(entry, PlanningProgress.FAILED, told)

    def _of(self, entry: FleetEntry, folder: Path) -> planning.PlanRequest:
        return planning.PlanRequest(
            WorkspaceRef.parse(entry.source),
            WorkspaceRef.parse(entry.target),
            folder,
            self._request.choices,
            self._request.by,
            entry.workspace_id,
            one_of_many=True,
            alongside=self._alongside,
        )

    def end(self) -> FleetOutcome:
        """What it came to. Raises BadInputError for a glob that matched in none of the plans."""
        entries = tuple(self._entries.values())
        self._refuse_idle(entries)
        return FleetOutcome(self._request.out, entries, self._left, self._behind)

    def _refuse_idle(self, entries: tuple[FleetEntry, ...]) -> None:
        """A glob that matched in none of the plans, once all of them are there. Raises BadInputError."""
        planned = [
            self._request.out / entry.folder for entry in entries if entry.state is PlanningProgress.PLANNED
        ]
        told = [_idle(planfile.read_header(folder)) for folder in planned]
        given = [*self._request.choices.selection.select, *self._request.choices.selection.exclude]
        found = [glob for glob in given if told and all(f"'{glob}' matches nothing" in text for text in told)]
        # One that has no plan may have what was asked for: of that each plan tells, and it is planned again.
        if found and len(planned) == len(entries):
            raise BadInputError(
                f"No workspace of the fleet has what these match: {', '.join(found)}.",
                address=str(self._request.out),
                remedy="Delete the plans, which were made without it, and plan again with globs that match.",
            )


def _idle(header: Header) -> str:
    return " ".join(finding.summary for finding in header.findings if finding.code == selection_check.CODE)


def _told(header: Header, open_: frozenset[str] | None = None) -> dict[str, Any]:
    findings = Counter(finding.severity for finding in header.findings)
    return {
        "counts": header.counts,
        "blobs": header.blobs,
        "bytes": header.bytes,
        "findings": {severity: findings[severity] for severity in SEVERITIES},
        "floor_seconds": header.estimate.get("floor_seconds"),
        **told_of(header, open_),
    }
