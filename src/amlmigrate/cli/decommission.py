"""Remove the source workspace, and only on proof: evidence that is green, complete and still true.

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws --dry-run
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError


class Storage(StrEnum):
    """What becomes of the source workspace's own containers."""

    KEEP = "keep"
    DELETE = "delete"


def command(
    plan: Annotated[str, typer.Argument(help="The plan's folder.", metavar="PLAN")],
    confirm: Annotated[str, typer.Option(help="The source once more, as GROUP/NAME.", metavar="GROUP/NAME")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the gate, and remove nothing.")] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="For good: it cannot be recovered, and the name is free.")
    ] = False,
    soak: Annotated[float, typer.Option(help="Hours to wait after the first green verification.", min=0)] = 168,
    storage: Annotated[
        Storage, typer.Option(help="The source's own containers: keep or delete them.")
    ] = Storage.KEEP,
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
        from amlmigrate.cli import plans
        from amlmigrate.ledger import Ledger

        folder, read = plans.load_own(plan)
        if confirm.lower() != read.header.source_ref.short.lower():
            raise BadInputError(
                f"--confirm says '{confirm}', but the plan's source is '{read.header.source_ref.short}'.",
                remedy="Repeat the source as GROUP/NAME if it is the one that you mean to remove.",
            )
        with Ledger(folder) as ledger:
            ledger.bind(read)
            return await _decommission(
                view,
                shared,
                folder,
                read,
                ledger,
                soak=timedelta(hours=soak),
                purge=purge,
                dry_run=dry_run,
                delete=storage is Storage.DELETE,
            )

    execute(shared, work)


async def _decommission(
    view: View,
    shared: Shared,
    folder: Any,
    plan: Any,
    ledger: Any,
    *,
    soak: timedelta,
    purge: bool,
    dry_run: bool,
    delete: bool,
) -> ExitCode:
    from amlmigrate.bytes.areas import list_both, listing_digests
    from amlmigrate.cli.signing import session
    from amlmigrate.core.mapping import Mapping
    from amlmigrate.core.seal import seal
    from amlmigrate.core.workspace import Location
    from amlmigrate.decommissioning import containers as own
    from amlmigrate.decommissioning import gate, removal
    from amlmigrate.inventory import take
    from amlmigrate.kinds import document_digests
    from amlmigrate.ledger.evidence import Evidence
    from amlmigrate.posture import prove
    from amlmigrate.running import drift

    evidence = Evidence(folder, ledger)
    reports = evidence.reports()
    async with session(shared) as clouds:
        sides = (
            clouds.source.workspace(plan.header.source_ref),
            clouds.target.workspace(plan.header.target_ref),
        )
        drift.check_workspaces(plan, *await asyncio.gather(*(side.read() for side in sides)))
        source, target = await asyncio.gather(take(sides[0], clouds.source), take(sides[1]))
        listed = await list_both(
            Mapping(source.workspace, target.workspace), clouds.source.blobs, clouds.target.blobs
        )
        facts = gate.Facts(
            source=source,
            digests=seal(
                document_digests(source),
                document_digests(target),
                listing_digests(listed.source),
                listing_digests(listed.target),
            ),
            posture=await prove(clouds.target.arm, target.workspace),
            locks=await removal.locks(clouds.source.arm, source.workspace.id),
            soak=soak,
        )
        why = gate.reasons(plan, ledger, reports, facts)
        places = [Location(*key) for key in listed.source]
        if delete:
            why += await own.reasons(clouds.source.arm, plan, source, target, listed.source)
        if why:
            raise RefusedError(
                "The source must not be removed yet.",
                reasons=tuple(why),
                address=source.workspace.id,
                remedy="Settle every reason, then run the same command again.",
            )
        if dry_run:
            view.result(
                "decommission.dry",
                {"text": "The gate is open: nothing stands in the way. Nothing was removed."},
            )
            return ExitCode.DONE
        await removal.remove(sides[0], source, purge=purge, emit=view.event)
        if delete:
            await removal.remove_containers(clouds.source.blobs, places, view.event)
    deleted, kept = (places, []) if delete else ([], places)
    report = evidence.add(
        "decommission", removal.tombstone(plan, source, purged=purge, deleted=deleted, kept=kept)
    )
    until = report.content["recoverable_until"]
    view.result(
        "decommission.end",
        {
            "text": f"Removed {source.workspace.ref.short}"
            + (f"; it can be recovered until {until}." if until else ", for good."),
            "recoverable_until": until,
            "lines": [
                f"remains: {item['what']}: {item['id']}" for item in report.content["remains"] if item["id"]
            ],
            "files": {"Tombstone": str(report.path)},
        },
    )
    return ExitCode.DONE
