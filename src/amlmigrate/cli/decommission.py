"""Remove the source workspace, and only on proof. Its evidence must be green, complete and still true.

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws --dry-run

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode, RefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from amlmigrate.bytes.areas import Containers
    from amlmigrate.cloud.session import Session
    from amlmigrate.core.asset import Inventory
    from amlmigrate.core.documents import Document
    from amlmigrate.core.plan import Plan
    from amlmigrate.core.workspace import Location
    from amlmigrate.decommissioning.gate import Facts
    from amlmigrate.ledger import Ledger
    from amlmigrate.ledger.evidence import Report


class Storage(StrEnum):
    """What becomes of the source workspace's own containers."""

    KEEP = "keep"
    DELETE = "delete"


@options.shared
def command(
    plan: Annotated[str, typer.Argument(help="The plan's folder.", metavar="PLAN")],
    confirm: Annotated[str, typer.Option(help="The source once more, as GROUP/NAME.", metavar="GROUP/NAME")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the gate, and remove nothing.")] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="For good: it cannot be recovered, and the name is free.")
    ] = False,
    soak: Annotated[
        float, typer.Option(help="Hours to wait after the first green verification.", min=0, metavar="HOURS")
    ] = 168,
    storage: Annotated[
        Storage, typer.Option(help="The source's own containers: keep or delete them.")
    ] = Storage.KEEP,
    *,
    shared: Shared,
) -> None:
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
            wanted = Wanted(timedelta(hours=soak), purge, dry_run, storage is Storage.DELETE)
            return await _decommission(view, shared, folder, read, ledger, wanted)

    execute(shared, work)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    soak: timedelta
    purge: bool
    dry_run: bool
    delete: bool


async def _decommission(
    view: View, shared: Shared, folder: Path, plan: Plan, ledger: Ledger, wanted: Wanted
) -> ExitCode:
    from amlmigrate.cli.sides import frozen
    from amlmigrate.cli.signing import session
    from amlmigrate.decommissioning import removal
    from amlmigrate.ledger.evidence import Evidence

    evidence = Evidence(folder, ledger)
    reports = evidence.reports()
    async with session(shared) as clouds:
        port = clouds.source.workspace(plan.header.source_ref)
        begun = removal.begun(ledger)
        if begun is None or await port.exists():
            source, places = await _gate(clouds, plan, folder, ledger, reports, wanted, begun)
            if wanted.dry_run:
                text = "The gate is open: nothing stands in the way. Nothing was removed."
                view.result("decommission.dry", {"text": text})
                return ExitCode.DONE
            taken = frozen(folder, source.workspace.workspace_id)
            begun = removal.begin(
                ledger, plan, source, places, purge=wanted.purge, delete=wanted.delete, frozen=taken
            )
            await removal.remove(port, source, purge=wanted.purge, emit=view.event)
        elif reports and reports[-1].content["record"] == removal.RECORD:
            _told(view, plan, reports[-1])
            return ExitCode.DONE
        else:
            if not wanted.delete:
                begun = await removal.keeping(clouds.source.blobs, begun)
            if wanted.dry_run:
                view.result("decommission.dry", {"text": _cut_off(begun)})
                return ExitCode.DONE
        await removal.remove_containers(clouds.source.blobs, begun, view.event)
    _told(view, plan, evidence.add(removal.RECORD, removal.tombstone(begun)))
    return ExitCode.DONE


async def _gate(
    clouds: Session,
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    reports: list[Report],
    wanted: Wanted,
    begun: Document | None,
) -> tuple[Inventory, list[Location]]:
    """Reads both sides afresh. Raises RefusedError with every reason why the source must stay."""
    from amlmigrate.bytes.areas import list_both
    from amlmigrate.cli.sides import read_both
    from amlmigrate.core.mapping import Mapping
    from amlmigrate.core.workspace import Location
    from amlmigrate.decommissioning import containers, gate

    source, target = await read_both(clouds, plan, folder)
    mapping = Mapping(source.workspace, target.workspace)
    listed = await list_both(mapping, clouds.source.blobs, clouds.target.blobs)
    facts = await _facts(clouds, plan, source, target, listed, wanted.soak)
    why = gate.reasons(
        plan, ledger, reports, replace(facts, removed=frozenset((begun or {}).get("removed_first", ())))
    )
    if wanted.delete:
        why += await containers.reasons(clouds.source.arm, plan, source, target, listed.source)
    if why:
        raise RefusedError(
            "The source must not be removed yet.",
            reasons=tuple(why),
            address=source.workspace.id,
            remedy="Settle every reason, then run the same command again.",
        )
    return source, [Location(*key) for key in listed.source]


async def _facts(
    clouds: Session, plan: Plan, source: Inventory, target: Inventory, listed: Containers, soak: timedelta
) -> Facts:
    from amlmigrate.bytes.areas import listing_digests, prefix_digests
    from amlmigrate.core.seal import PARTS, seal
    from amlmigrate.decommissioning import gate, removal
    from amlmigrate.kinds import document_digests
    from amlmigrate.posture import before_removal, prove

    documents = (document_digests(source), document_digests(target))
    blobs = (
        prefix_digests(listed.source, plan.places(source=True)),
        prefix_digests(listed.target, plan.places(source=False)),
    )
    return gate.Facts(
        source=source,
        digests=seal(
            *documents,
            listing_digests(listed.source),
            listing_digests(listed.target),
        ),
        parts=dict(zip(PARTS, (*documents, *blobs), strict=True)),
        posture=before_removal(await prove(clouds.target, target.workspace)),
        locks=await removal.locks(clouds.source.arm, source.workspace.id),
        soak=soak,
    )


def _cut_off(begun: Document) -> str:
    """What is still to be done after a removal that was cut off once the workspace had gone."""
    names = ", ".join(begun["containers_deleted"])
    rest = f"the containers {names} would be deleted" if names else "no container would be deleted"
    return f"The source is gone: {rest}, and the tombstone written. Nothing was removed."


def _told(view: View, plan: Plan, report: Report) -> None:
    until = report.content["recoverable_until"]
    how = f"; it can be recovered until {until}." if until else ", for good."
    warnings = [f"warning: {one['address']}: {one['summary']}" for one in report.content.get("warnings", ())]
    remains = [f"remains: {item['what']}: {item['id']}" for item in report.content["remains"] if item["id"]]
    view.result(
        "decommission.end",
        {
            "text": f"Removed {plan.header.source_ref.short}{how}",
            "recoverable_until": until,
            "lines": [*remains, *warnings],
            "warnings": report.content.get("warnings", []),
            "files": {"Tombstone": str(report.path)},
        },
    )
