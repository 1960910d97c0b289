"""Read both workspaces and write a plan to review. With --fleet a plan for each movable workspace of a scan.

Example: migrate plan --source old-rg/old-ws --target new-rg/new-ws

Example: migrate plan --fleet scans/SCAN.jsonl --targets targets.csv --out moves
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, planmaking, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.fleetplan import FleetWanted, plan_fleet
from amlmigrate.cli.login import session
from amlmigrate.cli.plans import ROOT
from amlmigrate.cli.stages import settle_conflicts
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import local
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.few import many
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.planning import planfile


class Unreferenced(StrEnum):
    """What becomes of blobs that no asset refers to."""

    LIST = "list"
    COPY = "copy"


@options.for_both_sides
def command(
    source: Annotated[
        str | None, typer.Option(help="The workspace to move: ARM id, SUB/GROUP/NAME or GROUP/NAME.", metavar="WS")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The workspace under a customer's key.", metavar="WS")] = None,
    fleet: Annotated[
        Path | None, typer.Option(help="Instead: plan every movable workspace of a scan.", metavar="SCAN")
    ] = None,
    targets: Annotated[
        Path | None, typer.Option(help="With --fleet: CSV or YAML, source to target.", metavar="FILE")
    ] = None,
    waves: Annotated[
        Path | None, typer.Option(help="With --fleet: CSV or YAML, source to wave.", metavar="FILE")
    ] = None,
    wave_size: Annotated[
        int | None, typer.Option(help="With --fleet: so many workspaces a wave at the most.", min=1, metavar="N")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The plan's folder; a fleet's is the one above all its plans.", metavar="DIR"),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(help="Only these addresses, and what they refer to. May be repeated.", metavar="GLOB"),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Not these addresses. May be repeated.", metavar="GLOB")
    ] = None,
    unreferenced: Annotated[
        Unreferenced, typer.Option(help="Blobs that no asset refers to: list them or copy them.")
    ] = Unreferenced.LIST,
    delete: Annotated[
        bool,
        typer.Option(
            "--delete", help="Plan to delete blobs of the target that this tool copied, and whose source is gone."
        ),
    ] = False,
    require_approval: Annotated[
        bool,
        typer.Option("--require-approval", help="Run it only once somebody else has approved it."),
    ] = False,
    *,
    shared: CommonOptions,
) -> None:
    globs = (tuple(select or ()), tuple(exclude or ()))
    choices = {
        "copy_unreferenced": unreferenced is Unreferenced.COPY,
        "delete": delete,
        "require_approval": require_approval,
    }

    async def work(view: View) -> ExitCode:
        _check(source, target, fleet, (targets, waves, wave_size))
        if fleet is not None and targets is not None:
            of_fleet = (fleet, targets, waves, wave_size)
            return await _plan_fleet(view, shared, of_fleet, out, globs, **choices)
        return await _plan(view, shared, (str(source), str(target)), out, globs, **choices)

    execute(shared, work)


async def _plan_fleet(
    view: View,
    shared: CommonOptions,
    of_fleet: tuple[Path, Path, Path | None, int | None],
    out: Path | None,
    globs: tuple[tuple[str, ...], tuple[str, ...]],
    **choices: bool,
) -> ExitCode:
    scan, targets, waves, size = of_fleet
    wanted = FleetWanted(scan, targets, waves, size, out or ROOT, Selection(*globs), by=local(shared), **choices)
    return await plan_fleet(view, shared, wanted)


def _check(source: str | None, target: str | None, fleet: Path | None, of_fleet: tuple[object, ...]) -> None:
    """Refuses options that do not go together. Raises BadInputError."""
    targets, waves, wave_size = of_fleet
    if fleet is None:
        if any(option is not None for option in of_fleet):
            raise BadInputError(
                "--targets, --waves and --wave-size go with --fleet.", remedy="Name the scan with --fleet."
            )
        if not source or not target:
            raise BadInputError(
                "A plan needs --source and --target.", remedy="Name both, or a scan with --fleet and --targets."
            )
    elif source or target:
        raise BadInputError("--fleet plans many pairs: --source and --target do not go with it.")
    elif targets is None:
        raise BadInputError("--fleet needs --targets.", remedy="docs/how-to/fleet.md shows what the file holds.")
    elif waves is not None and wave_size is not None:
        raise BadInputError("--waves and --wave-size are two ways to say one thing.", remedy="Leave one out.")


async def _plan(
    view: View,
    shared: CommonOptions,
    names: tuple[str, str],
    out: Path | None,
    globs: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    copy_unreferenced: bool,
    delete: bool,
    require_approval: bool,
) -> ExitCode:
    subscription = os.environ.get("AZURE_SUBSCRIPTION_ID")
    source, target = (WorkspaceRef.parse(name, subscription) for name in names)
    folder = out or plans.free_folder(source.name)
    wanted = planmaking.PlanOptions(
        source,
        target,
        folder,
        Selection(*globs),
        copy_unreferenced,
        local(shared),
        require_approval,
        delete=delete,
    )
    async with session(shared) as clouds:
        header = await planmaking.make(clouds, wanted, view.event)
    read = planfile.read(folder)
    view.plan(read)
    errors = sum(1 for finding in header.findings if finding.severity == "error")
    view.result(
        "plan.written",
        {
            "text": f"\nWritten to {folder}."
            + (
                f" It has {many(errors, 'error')} and cannot be run until each is set right or waived."
                if errors
                else ""
            ),
            "folder": str(folder),
            "counts": header.counts,
            "findings": len(header.findings),
            "next": _next(read, folder, errors),
        },
    )
    return ExitCode.DONE


def _next(plan: Plan, folder: Path, errors: int) -> str:
    """What comes after a plan: `run` refuses one with errors or conflicts before it changes anything."""
    if errors:
        return f"set the errors right and plan again, or waive them; migrate show {folder}"
    if plan.header.require_approval:
        return f"somebody else: migrate approve {folder} --digest {plan.sha256[:16]}; then migrate run {folder}"
    if any(actions.get(Action.CONFLICT.value) for actions in plan.header.counts.values()):
        return settle_conflicts(folder)
    return f"migrate run {folder}"
