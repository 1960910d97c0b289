"""`fleet.jsonl`: the waves of a fleet, the folder of each plan and what became of it; sealed as a plan is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.names import is_name
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet.members import FleetMember, UnplannedMember
from amlmigrate.ledger import sealedlines

FILE = "fleet.jsonl"
FORMAT = 1
_WORDING = sealedlines.Wording("fleet", "Make one with `migrate plan --fleet SCAN --targets FILE`.")


class PlanningProgress(StrEnum):
    """How far the planning of one workspace is."""

    PENDING = "pending"
    PLANNED = "planned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FleetEntry:
    """One workspace of a fleet; `told` is what its plan says, or why there is none."""

    wave: int
    source: str
    target: str
    workspace_id: str
    environment: str | None
    risk: int
    folder: str
    state: PlanningProgress = PlanningProgress.PENDING
    told: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, member: FleetMember, wave: int, folder: str) -> FleetEntry:
        """One that is still to be planned."""
        return cls(
            wave,
            member.source.id,
            member.target.id,
            member.workspace_id,
            member.environment,
            member.score,
            folder,
        )

    def became(self, state: PlanningProgress, told: dict[str, Any]) -> FleetEntry:
        """The same, further on."""
        return replace(self, state=state, told=told)


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet as it is kept: `scan` is the SHA-256 of the scan that it was made from, `options` were asked for."""

    scan: str
    entries: tuple[FleetEntry, ...]
    left: tuple[UnplannedMember, ...]
    options: dict[str, Any] = field(default_factory=dict)


def write(folder: Path, fleet: Fleet, *, created: str) -> None:
    """Writes the fleet whole in the place of what was there. Raises BadInputError."""
    states = [entry.state for entry in fleet.entries]
    header = {
        "record": "header",
        "format": FORMAT,
        "created": created,
        "scan_sha256": fleet.scan,
        "options": fleet.options,
        "waves": len({entry.wave for entry in fleet.entries}),
        "plans": {state.value: states.count(state) for state in PlanningProgress},
        "left": len(fleet.left),
    }
    lines = [
        header,
        *({"record": "plan", **asdict(entry)} for entry in fleet.entries),
        *({"record": "left", **asdict(left)} for left in fleet.left),
    ]
    try:
        sealedlines.write(folder / FILE, lines)
    except OSError as error:
        raise BadInputError(
            f"The fleet cannot be written: {error.strerror}.",
            address=str(folder),
            remedy="Name a folder on a disk with free space that you may write to, with --out.",
        ) from error


def read(folder: Path) -> Fleet | None:
    """The fleet of a folder, or None. Raises BadInputError for one that is cut short, changed or newer."""
    path = folder / FILE
    if not path.exists():
        return None
    first = sealedlines.read_first(path, _WORDING)
    if first.get("record") != "header" or first.get("format") not in range(1, FORMAT + 1):
        raise BadInputError(
            f"The fleet has format {first.get('format')}; this version reads up to {FORMAT}.",
            address=str(path),
            remedy="Use the version of migrate that wrote it, or name another folder with --out.",
        )
    lines = sealedlines.read(path, _WORDING).lines[1:]
    try:
        return Fleet(
            str(first["scan_sha256"]), tuple(_entries(lines)), tuple(_left(lines)), dict(first["options"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(
            f"The fleet cannot be used: a line of it is not what a fleet has ({type(error).__name__}).",
            address=str(path),
            remedy="Put the original file back, or name another folder with --out.",
        ) from error


def _entries(lines: Sequence[dict[str, Any]]) -> Iterable[FleetEntry]:
    for line in lines:
        if line.get("record") == "plan":
            members = {key: value for key, value in line.items() if key != "record"}
            entry = FleetEntry(**{**members, "state": PlanningProgress(line["state"])})
            if not is_name(entry.folder):
                raise ValueError("the folder of a plan lies elsewhere")
            texts = (entry.source, entry.target, entry.workspace_id, entry.folder)
            if not (isinstance(entry.told, dict) and isinstance(entry.wave, int)) or not all(
                isinstance(text, str) for text in texts
            ):
                raise TypeError("a member of another type")
            yield entry


def _left(lines: Sequence[dict[str, Any]]) -> Iterable[UnplannedMember]:
    return (
        UnplannedMember(line["id"], line["state"], line["reason"], line.get("named", False))
        for line in lines
        if line.get("record") == "left"
    )


def placed(
    waves: Mapping[int, Sequence[FleetMember]], before: Fleet | None, taken: Iterable[str]
) -> list[FleetEntry]:
    """An entry for each member, in waves by their numbers; what an earlier planning of the same fleet did is kept.

    Folders are called after the workspaces, and after their groups too where a name is taken already.
    """
    known = {entry.source.lower(): entry for entry in before.entries} if before else {}
    used = {name.lower() for name in taken} | {entry.folder.lower() for entry in known.values()}
    found = []
    for number, wave in waves.items():
        for member in wave:
            old = known.get(key_of(member.source.id))
            if old and old.state is PlanningProgress.PLANNED and key_of(old.target) != key_of(member.target.id):
                # Its plan stays where it is, since it may have been run.
                old = None
            fresh = FleetEntry.of(member, number, old.folder if old else _folder(member.source, used))
            done = old is not None and old.state is PlanningProgress.PLANNED
            found.append(replace(fresh, state=old.state, told=old.told) if old and done else fresh)
    return found


def _folder(source: WorkspaceRef, used: set[str]) -> str:
    number, names = 2, [source.name, f"{source.group}-{source.name}"]
    while names[0].lower() in used:
        names = [*names[1:], f"{source.group}-{source.name}-{number}"]
        number += 1
    used.add(names[0].lower())
    return names[0]
