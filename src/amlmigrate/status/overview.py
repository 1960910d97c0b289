"""Every plan below a folder, a line each; one that cannot be read has its own, and keeps no other away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.unexpected_errors import said
from amlmigrate.fleet import fleetfile
from amlmigrate.fleet.fleetfile import FleetEntry
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.planning import planfile
from amlmigrate.status.following import following, in_short
from amlmigrate.status.stages import Stages, stages

_AGAIN = "run the `migrate plan --fleet` of this folder again"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan: where it stands, or why that is not known (`error`). `missing`: a member without a plan."""

    folder: str
    stands: str = ""
    error: str = ""
    next: str = ""
    stages: Stages | None = None
    missing: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Its form in `--json`, without what it does not have."""
        told: dict[str, Any] = {"folder": self.folder}
        if self.error:
            return told | {"error": self.error}
        told |= {"stands": self.stands}
        if self.stages:
            return told | {"next": self.next, "stages": {**self.stages.as_dict(), "next": self.next}}
        return told | ({"next": self.next} if self.next else {})


@dataclass(frozen=True, slots=True)
class Overview:
    """All plans below a folder, then the members of fleets that have none."""

    below: Path
    plans: tuple[PlanLine, ...]

    @property
    def broken(self) -> int:
        """How many cannot be read."""
        return sum(1 for one in self.plans if one.error)

    @property
    def unplanned(self) -> int:
        """How many members of fleets have no plan."""
        return sum(1 for one in self.plans if one.missing and not one.error)

    @property
    def count(self) -> int:
        """How many plans there are."""
        return sum(1 for one in self.plans if not one.missing)


def overview(below: Path) -> Overview:
    """Raises BadInputError where there is no plan."""
    found = lines(below)
    if not found and not list(below.glob(f"**/{fleetfile.FILE}")):
        raise BadInputError(
            f"There is no plan below '{below}'.",
            remedy="Name the folder above your plans, or make one: migrate plan.",
        )
    return Overview(below, found)


def lines(below: Path) -> tuple[PlanLine, ...]:
    """A line for each plan below a folder, then for each member of a fleet without one; there may be none."""
    folders = sorted(path.parent for path in below.glob(f"**/{planfile.FILE}"))
    return (*map(_line, folders), *_unplanned(below))


def _line(folder: Path) -> PlanLine:
    try:
        plan = planfile.read(folder)
        if plan.header.example:
            return PlanLine(str(folder), "an example, never carried out")
        with for_reading(folder, plan) as ledger:
            found = stages(plan, folder, ledger)
    except Exception as error:  # noqa: BLE001 - of one plan, whose line says so; the others have theirs
        return PlanLine(str(folder), error=said(str(folder), error))
    return PlanLine(str(folder), in_short(found), next=following(found), stages=found)


def _unplanned(below: Path) -> list[PlanLine]:
    """The members of fleets that have no plan, whatever `fleet.jsonl` says of them."""
    found: list[PlanLine] = []
    for path in sorted(below.glob(f"**/{fleetfile.FILE}")):
        try:
            fleet = fleetfile.read(path.parent)
        except Exception as error:  # noqa: BLE001 - of one fleet, whose line says so; the plans have theirs
            found.append(PlanLine(str(path), error=said(str(path), error), missing=True))
            continue
        for entry in fleet.entries if fleet else ():
            folder = path.parent / entry.folder
            if why := _lacking(folder, entry):
                found.append(PlanLine(str(folder), f"has no plan: {why}", next=_AGAIN, missing=True))
    return found


def _lacking(folder: Path, entry: FleetEntry) -> str:
    """Why a member of a fleet has no plan; empty where it has one, whether it can be read or not."""
    try:
        if not (folder / planfile.FILE).exists():
            return str(entry.told.get("reason") or "nothing was planned yet, or its folder was deleted")
        header = planfile.read_header(folder)
        pair = (key_of(header.source_ref.id), key_of(header.target_ref.id))
    except Exception:  # noqa: BLE001 - of one plan, whose own line says so
        return ""
    there = pair == (entry.source.lower(), entry.target.lower())
    return "" if there else f"the plan in its folder is of other workspaces than {entry.source}"
