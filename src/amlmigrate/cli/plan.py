"""Read both workspaces and write a plan that a person can review.

Example: migrate plan --source old-rg/old-ws --target new-rg/new-ws
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode


class Unreferenced(StrEnum):
    """What becomes of blobs that no asset refers to."""

    LIST = "list"
    COPY = "copy"


def command(
    source: Annotated[str, typer.Option(help="The workspace to move: ARM id, SUB/GROUP/NAME or GROUP/NAME.")],
    target: Annotated[str, typer.Option(help="The workspace under a customer's key.")],
    out: Annotated[Path | None, typer.Option(help="The plan's folder.", metavar="DIR")] = None,
    select: Annotated[list[str] | None, typer.Option(help="Only these addresses.", metavar="GLOB")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not these addresses.", metavar="GLOB")] = None,
    unreferenced: Annotated[
        Unreferenced, typer.Option(help="Blobs that no asset refers to: list them or copy them.")
    ] = Unreferenced.LIST,
    require_approval: Annotated[
        bool,
        typer.Option("--require-approval", help="Run it only once somebody else has approved it."),
    ] = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
    tenant: options.Tenant = None,
    client_id: options.ClientId = None,
    cloud: options.CloudName = "AzureCloud",
    source_tenant: options.SourceTenant = None,
    target_tenant: options.TargetTenant = None,
) -> None:
    shared = Shared(json, verbose, tenant, client_id, cloud, source_tenant, target_tenant)

    async def work(view: View) -> ExitCode:
        return await _plan(
            view,
            shared,
            (source, target),
            out,
            (tuple(select or ()), tuple(exclude or ())),
            copy_unreferenced=unreferenced is Unreferenced.COPY,
            require_approval=require_approval,
        )

    execute(shared, work)


async def _plan(
    view: View,
    shared: Shared,
    names: tuple[str, str],
    out: Path | None,
    globs: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    copy_unreferenced: bool,
    require_approval: bool,
) -> ExitCode:
    import asyncio

    from amlmigrate.cli import plans
    from amlmigrate.cli.signing import session
    from amlmigrate.core.select import Selection
    from amlmigrate.core.workspace import WorkspaceRef
    from amlmigrate.inventory import read_contents, take
    from amlmigrate.planning import build, manual, planfile
    from amlmigrate.posture import prove

    subscription = os.environ.get("AZURE_SUBSCRIPTION_ID")
    refs = [WorkspaceRef.parse(name, subscription) for name in names]
    folder = out or plans.free_folder(refs[0].name)
    planfile.check_free(folder)
    async with session(shared) as clouds:
        sides = (clouds.source.workspace(refs[0]), clouds.target.workspace(refs[1]))
        build.check_pair(*await asyncio.gather(*(side.read() for side in sides)))
        source, target = await asyncio.gather(
            take(sides[0], clouds.source, emit=view.event),
            take(sides[1], emit=view.event),
        )
        extra = await _approval(clouds) if require_approval else {}
        await read_contents(source, clouds.source.blobs)
        header, steps = await build.build(
            source,
            target,
            (clouds.source.blobs, clouds.target.blobs),
            name=folder.name,
            selection=Selection(*globs),
            prior=plans.prior(folder.parent, source.workspace.workspace_id, target.workspace.workspace_id),
            copy_unreferenced=copy_unreferenced,
            posture=tuple(await prove(clouds.target.arm, target.workspace)),
            extra=extra,
            emit=view.event,
        )
    planfile.write(folder, header, steps)
    manual.write(folder, header, steps)
    manual.write_listings(folder, source.leftovers)
    # What is told is the plan as it stands on disk; what it was made of may be large, and is let go before.
    del source, target, steps
    view.plan(planfile.read(folder))
    errors = sum(1 for finding in header.findings if finding.severity == "error")
    view.result(
        "plan.written",
        {
            "text": f"\nWritten to {folder}." + (f" It has {errors} errors and cannot be run." if errors else ""),
            "folder": str(folder),
            "counts": header.counts,
            "findings": len(header.findings),
            "next": f"set the errors right and plan again; migrate show {folder}"
            if errors
            else (
                f"somebody else: migrate approve {folder}; then migrate run {folder}"
                if require_approval
                else f"migrate run {folder}"
            ),
        },
    )
    return ExitCode.DONE


async def _approval(clouds: Any) -> dict[str, Any]:
    """What the header says of approval: that it is needed, and who must not give it."""
    planner = await clouds.target.credential.identity()
    return {"require_approval": True, "planner": planner.as_dict()}
