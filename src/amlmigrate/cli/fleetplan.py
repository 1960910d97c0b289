"""Makes a plan for each workspace of a scan: in waves, a few at once, and none stops the others."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amlmigrate.cli import fleetfolders, planmaking
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cloud.session import Session
from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.events import Event, ignore
from amlmigrate.core.finding import SEVERITIES
from amlmigrate.core.parallel import each
from amlmigrate.core.plan import Header
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet import fleetfile, pairs
from amlmigrate.fleet.fleetfile import Fleet, FleetEntry, Progress
from amlmigrate.fleet.members import UnplannedMember, asked_for, members, unread
from amlmigrate.fleet.waves import named_waves, waves
from amlmigrate.planning import planfile, selection_check
from amlmigrate.scanning import scanfile

_AT_ONCE = 3
_AGAIN = "Make room, and run the same command again."


@dataclass(frozen=True, slots=True)
class FleetWanted:
    """The command's options that are about a fleet, and those that every plan of it takes."""

    scan: Path
    targets: Path
    waves: Path | None
    wave_size: int | None
    out: Path
    selection: Selection
    copy_unreferenced: bool
    by: By
    require_approval: bool
    delete: bool = False


async def plan_fleet(view: View, shared: CommonOptions, wanted: FleetWanted) -> ExitCode:
    """Plans all of them; 3 where one failed or has no target.

    Raises BadInputError for the files, DeniedError where nobody can sign in, PlanLockedError while another fleet
    is planned in the same folder.
    """
    kept = scanfile.read(wanted.scan)
    subscription = os.environ.get("AZURE_SUBSCRIPTION_ID")
    chosen, left = members(kept.workspaces, pairs.targets(wanted.targets, subscription))
    environments = kept.header["levels"]["environment"]
    left += unread(kept.header)
    if wanted.waves:
        known = {key_of(one.id) for one in chosen} | {key_of(one.id) for one in left}
        numbers = pairs.waves(wanted.waves, subscription, known)
        left = asked_for(left, numbers)
        order = named_waves(chosen, numbers, environments)
    else:
        order = waves(chosen, environments, size=wanted.wave_size)
    with fleetfolders.alone(wanted.out):
        before = _earlier(wanted.out, kept.sha256)
        entries = fleetfile.placed(order, before, _taken(wanted.out))
        planning = _Planning(view, wanted, kept.sha256, entries, left)
        planning.look()
        planning.keep()
        async with session(shared) as clouds:
            # Who is not signed in fails here, not once for each workspace.
            for side in dict.fromkeys((clouds.source, clouds.target)):
                await side.credential.tenant()
            await planning.carry_out(clouds)
        return planning.end()


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


class _Planning:
    """The fleet while it is planned; after each plan it is written, so that a killed one goes on where it was."""

    def __init__(
        self, view: View, wanted: FleetWanted, scan: str, entries: list[FleetEntry], left: list[UnplannedMember]
    ) -> None:
        self._view = view
        self._wanted = wanted
        self._scan = scan
        self._entries = {entry.folder: entry for entry in entries}
        self._left = left
        self._created = datetime.now(UTC).isoformat(timespec="seconds")
        # Why `fleet.jsonl` is behind what was planned.
        self._behind = ""

    def look(self) -> None:
        """Takes over what the folders show. Raises BadInputError where a plan was made with other options."""
        plans: dict[str, Header] = {}
        for entry in list(self._entries.values()):
            try:
                header = fleetfolders.found(self._wanted.out, entry)
                told = _told(header) if header else {}
            except Exception as error:  # noqa: BLE001 - of one folder, and told; the others are looked at
                told = fleetfolders.told_of(error, self._wanted.out / entry.folder)
                self._become(entry, Progress.FAILED, told)
                continue
            if header:
                plans[entry.folder] = header
            self._become(entry, Progress.PLANNED if header else Progress.PENDING, told)
        fleetfolders.refuse_other_options(self._wanted.out, plans, self._wanted.by.asked())

    def _become(self, entry: FleetEntry, state: Progress, told: dict[str, Any]) -> None:
        self._entries[entry.folder] = entry.became(state, told)

    def keep(self) -> None:
        """Writes `fleet.jsonl`. Raises BadInputError."""
        fleet = Fleet(self._scan, tuple(self._entries.values()), tuple(self._left), self._wanted.by.asked())
        fleetfile.write(self._wanted.out, fleet, created=self._created)

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
            told = {"address": left.id, "state": left.state, "reason": left.reason, "named": left.named}
            self._view.event(Event("fleet.left", told))
        states = Counter(entry.state for entry in self._entries.values())
        done = {"plans": len(self._entries), "done": states[Progress.PLANNED]}
        self._view.event(Event("fleet.start", done))
        for entry in self._entries.values():
            if entry.state is Progress.FAILED:
                self._fail(entry, entry.told)

        async def one(entry: FleetEntry) -> None:
            await self._plan(clouds, entry)
            self._try_to_keep()

        open_ones = [entry for entry in self._entries.values() if entry.state is Progress.PENDING]
        await each(open_ones, one, parallel=_AT_ONCE)
        if self._behind:
            self._try_to_keep()

    async def _plan(self, clouds: Session, entry: FleetEntry) -> None:
        """Plans one. Whatever goes wrong with it, a fault of the tool's own too, is its own and no other's."""
        folder = self._wanted.out / entry.folder
        try:
            told = _told(await planmaking.make(clouds, self._of(entry, folder), ignore))
        except Exception as error:  # noqa: BLE001 - of one workspace, and told; the others are planned all the same
            self._fail(entry, fleetfolders.told_of(error, folder))
        else:
            about = {"address": entry.source, "wave": entry.wave, "folder": str(folder)}
            self._view.event(Event("fleet.planned", about | told))
            self._become(entry, Progress.PLANNED, told)

    def _fail(self, entry: FleetEntry, told: dict[str, Any]) -> None:
        self._view.event(Event("fleet.failed", {"address": entry.source, "wave": entry.wave, **told}))
        self._become(entry, Progress.FAILED, told)

    def _of(self, entry: FleetEntry, folder: Path) -> planmaking.PlanOptions:
        return planmaking.PlanOptions(
            WorkspaceRef.parse(entry.source),
            WorkspaceRef.parse(entry.target),
            folder,
            self._wanted.selection,
            self._wanted.copy_unreferenced,
            self._wanted.by,
            self._wanted.require_approval,
            entry.workspace_id,
            one_of_many=True,
            delete=self._wanted.delete,
        )

    def end(self) -> ExitCode:
        """Says what it came to."""
        entries = list(self._entries.values())
        failed = [entry for entry in entries if entry.state is Progress.FAILED]
        missing = [left for left in self._left if left.open]
        self._refuse_idle(entries)
        errors = sum(1 for entry in entries if entry.told.get("findings", {}).get("error"))
        numbers = Counter(entry.wave for entry in entries if entry.state is Progress.PLANNED)
        first = next((e for e in entries if e.state is Progress.PLANNED), None)
        self._view.result(
            "fleet.written",
            {
                "text": f"\n{sum(numbers.values())} plans in {len(numbers)} waves, {len(failed)} failed,"
                f" {len(missing)} asked for and not planned, {errors} plans with errors.",
                "waves": {str(wave): count for wave, count in sorted(numbers.items())},
                "failed": [{"address": entry.source, **entry.told} for entry in failed],
                "left": [{"address": one.id, "state": one.state, "reason": one.reason} for one in self._left],
                "lines": [
                    *(
                        f"failed: {entry.source}: {entry.told['reason']} {entry.told['remedy']}"
                        for entry in failed
                    ),
                    *([f"behind: {fleetfile.FILE}: {self._behind} {_AGAIN}"] if self._behind else []),
                    *(f"{one.state}: {one.id}: {one.reason}" for one in self._left),
                ],
                "files": {"written to": str(self._wanted.out / fleetfile.FILE)},
                "next": f"migrate show {self._wanted.out / first.folder}" if first else "scan or set targets anew",
            },
        )
        return ExitCode.INCOMPLETE if failed or missing or self._behind else ExitCode.DONE

    def _refuse_idle(self, entries: list[FleetEntry]) -> None:
        """A glob that matched in none of the plans, once all of them are there. Raises BadInputError."""
        planned = [self._wanted.out / entry.folder for entry in entries if entry.state is Progress.PLANNED]
        told = [_idle(planfile.read_header(folder)) for folder in planned]
        given = [*self._wanted.selection.select, *self._wanted.selection.exclude]
        found = [glob for glob in given if told and all(f"'{glob}' matches nothing" in text for text in told)]
        # One that has no plan may have what was asked for: of that each plan tells, and it is planned again.
        if found and len(planned) == len(entries):
            raise BadInputError(
                f"No workspace of the fleet has what these match: {', '.join(found)}.",
                address=str(self._wanted.out),
                remedy="Delete the plans, which were made without it, and plan anew with globs that match.",
            )


def _idle(header: Header) -> str:
    return " ".join(finding.summary for finding in header.findings if finding.code == selection_check.CODE)


def _told(header: Header) -> dict[str, Any]:
    findings = Counter(finding.severity for finding in header.findings)
    return {
        "counts": header.counts,
        "blobs": header.blobs,
        "bytes": header.bytes,
        "findings": {severity: findings[severity] for severity in SEVERITIES},
        "floor_seconds": header.estimate.get("floor_seconds"),
    }
