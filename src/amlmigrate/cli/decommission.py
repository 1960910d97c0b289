"""Remove the source workspace, and only on evidence that is green, complete and still true.

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws --dry-run

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from amlmigrate.cli import options
from amlmigrate.cli.execute import Shared, execute
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError, RefusedError
from amlmigrate.core.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from amlmigrate.cloud.session import Session
    from amlmigrate.core.documents import Document
    from amlmigrate.core.plan import Plan
    from amlmigrate.decommissioning.containers import Deleted
    from amlmigrate.decommissioning.copies import Copies
    from amlmigrate.decommissioning.pointing import Seen
    from amlmigrate.ledger import Ledger
    from amlmigrate.ledger.evidence import Report
    from amlmigrate.ledger.lock import Lock


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
    accept_unrecoverable: Annotated[
        bool,
        typer.Option(
            "--accept-unrecoverable",
            help="Remove it even where Microsoft documents that it could not be recovered. It purges nothing.",
        ),
    ] = False,
    accept_unseen: Annotated[
        list[str] | None,
        typer.Option(
            help="With --storage delete: this subscription or workspace need not be seen. Repeatable.",
            metavar="SCOPE",
        ),
    ] = None,
    force_unlock: options.ForceUnlock = False,
    *,
    shared: Shared,
) -> None:
    async def work(view: View) -> ExitCode:
        from amlmigrate.cli import plans
        from amlmigrate.cli.holding import holding
        from amlmigrate.cli.signing import session
        from amlmigrate.decommissioning.neighbours import scope
        from amlmigrate.ledger import Ledger
        from amlmigrate.ledger.lock import Lock

        folder, read = plans.load_own(plan)
        if confirm.lower() != read.header.source_ref.short.lower():
            raise BadInputError(
                f"--confirm says '{confirm}', but the plan's source is '{read.header.source_ref.short}'.",
                remedy="Repeat the source as GROUP/NAME if it is the one that you mean to remove.",
            )
        unseen = frozenset(scope(text) for text in accept_unseen or ())
        with Ledger(folder) as ledger:
            ledger.bind(read)
            wanted = Wanted(
                timedelta(hours=soak), purge, dry_run, storage is Storage.DELETE, unseen, accept_unrecoverable
            )
            # Neither a run nor another removal is under way while the source goes.
            with Lock(ledger, force=force_unlock) as lock:
                async with (
                    session(shared) as clouds,
                    holding(clouds, read, ledger, lock, "decommission", view, dry_run=dry_run) as lease,
                ):
                    code = await _held(lock, Work(view, folder, read, ledger, clouds, wanted, lock))
                    if lease:
                        lease.remove()
                    return code

    execute(shared, work)


async def _held(lock: Lock, work: Work) -> ExitCode:
    """A removal may take an hour: it says that it is alive, and ends where another has taken the plan over."""
    import asyncio

    from amlmigrate.ledger.heartbeat import beating

    async def beat() -> None:
        lock.beat()

    task = asyncio.current_task()
    assert task
    async with beating(beat, task.cancel):
        return await work.decommission()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    soak: timedelta
    purge: bool
    dry_run: bool
    delete: bool
    accepted_unseen: frozenset[str]
    accept_unrecoverable: bool


class Work:
    """One call: it begins a removal, goes on with one that was cut off, or adds to one that has ended."""

    def __init__(
        self, view: View, folder: Path, plan: Plan, ledger: Ledger, clouds: Session, wanted: Wanted, lock: Lock
    ) -> None:
        from amlmigrate.ledger.evidence import Evidence

        self._view = view
        self._folder = folder
        self._plan = plan
        self._ledger = ledger
        self._clouds = clouds
        self._wanted = wanted
        self._lock = lock
        self._evidence = Evidence(folder, ledger)
        self._port = clouds.source.workspace(plan.header.source_ref)

    async def decommission(self) -> ExitCode:
        """Removes the source if the gate lets it, and writes the tombstone."""
        from amlmigrate.decommissioning import tombstone

        reports = self._evidence.reports()
        before = tombstone.begun(self._ledger)
        if before is None or not await self._gone():
            begun = await self._remove(reports, before)
            if begun is None:
                return ExitCode.DONE
        else:
            begun = before
        return await self._finish(begun, tombstone.ended(begun, reports))

    async def _gone(self) -> bool:
        from amlmigrate.decommissioning import removal

        return await removal.gone(self._port, self._plan.header.source["workspaceId"])

    async def _remove(self, reports: list[Report], before: Document | None) -> Document | None:
        """Through the gate, and the workspace away; None for a dry run."""
        from amlmigrate.cli import gating
        from amlmigrate.decommissioning import removal, tombstone

        wanted = self._wanted
        try:
            passed = await gating.pass_gate(
                self._clouds,
                self._plan,
                self._folder,
                self._ledger,
                reports,
                soak=wanted.soak,
                delete=wanted.delete,
                accepted_unseen=wanted.accepted_unseen,
                accept_unrecoverable=wanted.accept_unrecoverable,
                before=before,
            )
            surroundings = await gating.surroundings(self._clouds, self._folder, passed)
            if wanted.dry_run:
                text = "The gate is open: nothing stands in the way. Nothing was removed."
                self._view.result("decommission.dry", {"text": text, **surroundings.event()})
                return None
            self._view.event(Event("decommission.listing", surroundings.event()))
        except MigrateError:
            # A deletion that was asked for before may have ended while the workspace was read.
            if before is None or not await self._gone():
                raise
            return before
        begun = tombstone.begin(
            self._ledger,
            self._plan,
            passed.source,
            surroundings,
            purge=wanted.purge,
            # A workspace that was recovered is removed anew.
            before=before if before and not tombstone.ended(before, reports) else None,
        )
        await removal.remove(
            self._port,
            passed.source,
            purge=wanted.purge,
            emit=self._view.event,
            deleting=lambda: self._delete_now(begun),
        )
        return tombstone.begun(self._ledger)

    def _delete_now(self, begun: Document) -> None:
        """Right before the deletion. Raises PlanLockedError where the plan is another's by now."""
        from amlmigrate.decommissioning import tombstone

        self._lock.beat()
        tombstone.deleting(self._ledger, begun)

    async def _finish(self, begun: Document, ended: Report | None) -> ExitCode:
        """What was asked for beside the workspace, once that is gone, and a tombstone of it."""
        from amlmigrate.decommissioning import tombstone
        from amlmigrate.decommissioning.containers import Deleted

        purge = self._wanted.purge and not begun["purged"]
        delete = begun["deletable"] if self._wanted.delete else {}
        if ended and not purge and not delete:
            return self._told(ended)
        if self._wanted.dry_run:
            self._view.result("decommission.dry", {"text": _left(purge, delete)})
            return ExitCode.DONE
        done = Deleted([], [], [])
        if purge or delete:
            target, copied = await self._target()
            if purge:
                begun = await self._purge(begun, copied)
            if delete:
                done = await self._delete(begun, delete, target, copied)
        if ended and not purge and not done.deleted:
            names, why = ", ".join(one.id for one in done.kept), [why for one in done.kept for why in one.reasons]
            raise _refused("The containers must not be deleted.", names, why)
        report = self._evidence.add(tombstone.RECORD, tombstone.tombstone(begun, done))
        tombstone.without(self._ledger, begun, done)
        return self._told(report)

    async def _purge(self, begun: Document, copied: Copies) -> Document:
        from amlmigrate.decommissioning import removal, tombstone

        if copied.unproven:
            raise _refused("The deleted source must not be purged.", self._port.ref.id, copied.unproven)
        await removal.purge(self._port, tombstone.recoverable_until(begun), self._view.event)
        return tombstone.note(self._ledger, begun, purged=True)

    async def _target(self) -> tuple[Seen, Copies]:
        """The target as it is now, and whether all that was moved is still there."""
        from amlmigrate.cli import gating
        from amlmigrate.decommissioning import copies

        target = await gating.read_target(self._clouds, self._plan)
        reports = self._evidence.reports()
        side = self._clouds.target
        return target, await copies.read(side, self._plan, self._ledger, reports, target.inventory)

    async def _delete(self, begun: Document, wanted: dict[str, str], target: Seen, copied: Copies) -> Deleted:
        from amlmigrate.decommissioning import tombstone
        from amlmigrate.decommissioning.containers import Deletion

        source = tombstone.source_of(self._plan, begun)
        accepted = self._wanted.accepted_unseen
        return await Deletion(self._clouds, source, target, copied, accepted).delete(wanted, self._view.event)

    def _told(self, report: Report) -> ExitCode:
        from amlmigrate.decommissioning import tombstone

        content = report.content
        until = content["recoverable_until"]
        how = f"; Microsoft documents that it can be recovered until {until}."
        if not until:
            how = ", for good." if content["purged"] else "; Microsoft documents that it cannot be recovered."
        kept = content.get("containers_kept", [])
        self._view.result(
            "decommission.end",
            {
                "text": f"Removed {self._plan.header.source_ref.short}{how}",
                "recoverable_until": until,
                "kept": kept,
                "lines": [
                    *tombstone.lines(content),
                    *(f"warning: {one['address']}: {one['summary']}" for one in content.get("warnings", ())),
                ],
                "warnings": content.get("warnings", []),
                "files": {"Tombstone": str(report.path)},
            },
        )
        return ExitCode.INCOMPLETE if kept else ExitCode.DONE


def _refused(summary: str, address: str, why: Iterable[str]) -> RefusedError:
    return RefusedError(
        summary,
        reasons=tuple(dict.fromkeys(why)),
        address=address,
        remedy="Settle every reason, then run the same command again.",
    )


def _left(purge: bool, delete: dict[str, str]) -> str:
    """What is still to be done once the workspace has gone."""
    names = ", ".join(delete)
    rest = f"the containers {names} would be deleted" if names else "no container would be deleted"
    more = ", the workspace purged" if purge else ""
    return f"The source is gone: {rest}{more}, and the tombstone written. Nothing was removed."
