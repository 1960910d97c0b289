"""Show where a plan stands, what comes next, and how long it will take. With --all every plan below a folder.

Example: migrate status plans/old-ws

Example: migrate status --all

Example: migrate status moves --all
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.holding import look
from amlmigrate.cli.plans import ROOT
from amlmigrate.cli.stages import in_short, lines, stages
from amlmigrate.cli.views.base import View
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome
from amlmigrate.core.unexpected_errors import said
from amlmigrate.fleet import fleetfile
from amlmigrate.fleet.fleetfile import FleetEntry
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.items import eta_seconds, for_cutover, items, over_foreign_bytes, tally
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.planning import planfile


@options.for_target
def command(
    plan: options.PlanFolder = None,
    every: Annotated[
        bool, typer.Option("--all", help="A line for each plan below PLAN, a folder; left out, below plans/.")
    ] = False,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        if every:
            return _all(view, plan)
        return await _one(view, shared, plan)

    execute(shared, work)


async def _one(view: View, shared: CommonOptions, plan: str | None) -> ExitCode:
    folder, read = plans.load(plan)
    with for_reading(folder, read) as ledger:
        standing = stages(read, folder, ledger)
        told = _items(read, ledger)
    lease = (await look(shared, read)).as_dict()
    begun = "" if standing["run"]["begun"] else ": nothing was run yet"
    data = {
        "text": f"Plan {read.header.name}{begun}",
        **told,
        "lease": lease["lease"],
        "stages": {name: value for name, value in standing.items() if name != "next"},
        "lines": [*lines(standing), *told["lines"], *lease["lines"]],
    }
    view.result("status", data | ({"next": standing["next"]} if standing["next"] else {}))
    return ExitCode.DONE


def _items(plan: Plan, ledger: Ledger | None) -> dict[str, Any]:
    """How each item stands."""
    found = items(plan, ledger)
    remaining = sum(1 for item in found if item.outcome is Outcome.REMAINING)
    eta = eta_seconds(ledger, remaining) if ledger else None
    left = [item for item in found if not item.outcome.settled] if ledger and ledger.begun else []
    foreign = over_foreign_bytes(found)
    lines = [f"{item.outcome.value}: {item.address}: {item.detail}" for item in left] + for_cutover(found)
    lines += [f"over foreign bytes: {item.address}: {item.detail}" for item in foreign]
    if remaining and eta is not None:
        lines.append(f"about {eta:.0f} s left at the rate of the last minutes")
    return {
        "items": tally(found),
        "remaining": remaining,
        "eta_seconds": eta,
        "left": [{"address": i.address, "outcome": i.outcome.value, "detail": i.detail} for i in left],
        "foreign_bytes": [asdict(item) for item in foreign],
        "lines": lines,
    }


def _all(view: View, root: str | None) -> ExitCode:
    """A line for each plan; one that cannot be read has its own, and does not keep the others away."""
    below = Path(root) if root else ROOT
    folders = sorted(path.parent for path in below.glob(f"**/{planfile.FILE}"))
    if not folders and not list(below.glob("**/fleet.jsonl")):
        raise BadInputError(
            f"There is no plan below '{below}'.",
            remedy="Name the folder above your plans, or make one: migrate plan.",
        )
    made, missing = [_line(folder) for folder in folders], _unplanned(below)
    found = made + missing
    unplanned = sum(1 for one in missing if "error" not in one)
    broken = sum(1 for one in found if "error" in one)
    view.result(
        "status.all",
        {
            "text": f"{len(made)} plan{'' if len(made) == 1 else 's'} below {below}"
            + (f"; {unplanned} of fleets have none" if unplanned else "")
            + (f"; {broken} cannot be read" if broken else ""),
            "plans": found,
            "lines": [f"{one['folder']}: {one.get('error') or one['stands']}" for one in found],
        },
    )
    return ExitCode.INCOMPLETE if broken else ExitCode.DONE


def _unplanned(below: Path) -> list[dict[str, Any]]:
    """The members of fleets that have no plan, whatever `fleet.jsonl` says of them."""
    found: list[dict[str, Any]] = []
    for path in sorted(below.glob(f"**/{fleetfile.FILE}")):
        try:
            fleet = fleetfile.read(path.parent)
        except Exception as error:  # noqa: BLE001 - of one fleet, whose line says so; the plans have theirs
            found.append({"folder": str(path), "error": said(str(path), error)})
            continue
        for entry in fleet.entries if fleet else ():
            folder = path.parent / entry.folder
            if why := _lacking(folder, entry):
                again = "run the `migrate plan --fleet` of this folder again"
                found.append({"folder": str(folder), "stands": f"has no plan: {why}", "next": again})
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


def _line(folder: Path) -> dict[str, Any]:
    try:
        plan = planfile.read(folder)
        if plan.header.example:
            return {"folder": str(folder), "stands": "an example, never carried out"}
        with for_reading(folder, plan) as ledger:
            standing = stages(plan, folder, ledger)
    except Exception as error:  # noqa: BLE001 - of one plan, whose line says so; the others have theirs
        return {"folder": str(folder), "error": said(str(folder), error)}
    return {"folder": str(folder), "stands": in_short(standing), "next": standing["next"], "stages": standing}
