"""Remove the source workspace, and only on evidence that is green, complete and still true.

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws --dry-run

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CHANGES, CommonOptions, execute
from amlmigrate.cli.gating import Afresh
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.wanting import ask
from amlmigrate.cli.who import who
from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.clock import Clock
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.events import Emit
from amlmigrate.core.plan import Plan
from amlmigrate.decommissioning import tombstone
from amlmigrate.decommissioning.neighbours import scope
from amlmigrate.decommissioning.stage import DecommissionRequest, DecommissionResult, Removal
from amlmigrate.evidence import Decommission
from amlmigrate.leasing.hold import holding
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.heartbeat import beating
from amlmigrate.ledger.lock import Lock

# The hours of the default; less is a decision.
_SOAK = 168


class ContainerFate(StrEnum):
    """What becomes of the source workspace's own containers."""

    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class DecommissionOptions:
    """What was typed."""

    plan: str
    confirm: str
    dry_run: bool
    purge: bool
    soak: float
    storage: ContainerFate
    accept_unrecoverable: bool
    accept_unseen: tuple[str, ...]


@options.for_both_sides
def command(
    plan: options.NeededPlanFolder,
    confirm: Annotated[str, typer.Option(help="The source once more, as GROUP/NAME.", metavar="GROUP/NAME")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the gate, and remove nothing.")] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="For good: it cannot be recovered, and the name is free.")
    ] = False,
    soak: Annotated[
        float,
        typer.Option(
            help="Hours to wait after the cutover, or without one after the first green verification.",
            min=0,
            max=1_000_000,
            metavar="HOURS",
        ),
    ] = _SOAK,
    storage: Annotated[
        ContainerFate, typer.Option(help="The source's own containers: keep or delete them.")
    ] = ContainerFate.KEEP,
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
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        asked = DecommissionOptions(
            plan, confirm, dry_run, purge, soak, storage, accept_unrecoverable, tuple(accept_unseen or ())
        )
        return await _decommission(view, shared, asked, force=force_unlock)

    execute(shared, work, interrupted=CHANGES)


async def _decommission(view: View, shared: CommonOptions, asked: DecommissionOptions, *, force: bool) -> ExitCode:
    """Takes the plan and its target for itself, removes the source, and tells how it ended."""
    folder, plan = plans.load_own(asked.plan)
    _refuse_unconfirmed(plan, asked.confirm)
    wanted = _wanted(asked)
    with Ledger(folder) as ledger:
        ledger.bind(plan)
        # Neither a run nor another removal is under way while the source goes.
        with Lock(ledger, force=force) as lock:
            async with (
                session(shared) as clouds,
                holding(clouds, plan, ledger, lock, "decommission", view.event, dry_run=asked.dry_run) as lease,
            ):
                ledger.clock = clouds.target.arm.service_clock.now
                work = DecommissionWork(view, shared, asked, wanted, folder, plan, ledger, clouds)
                outcome = await work.remove(lock)
                if lease:
                    lease.remove()
                return told(view, plan, outcome)


@dataclass(frozen=True, slots=True)
class DecommissionWork:
    """One removal, once the plan and its target are nobody else's."""

    view: View
    shared: CommonOptions
    asked: DecommissionOptions
    wanted: DecommissionRequest
    folder: Path
    plan: Plan
    ledger: Ledger
    clouds: Session

    async def remove(self, lock: Lock) -> DecommissionResult:
        """Asks for the approval of somebody else where that is needed, and goes through the stage."""
        asked, wanted = self.asked, self.wanted
        if not asked.dry_run:
            chosen = _chosen(asked.soak, wanted)
            await ask(self.shared, self.clouds, self.plan, self.ledger, "decommission", chosen)
        removal = removal_of(
            self.clouds,
            self.plan,
            self.folder,
            self.ledger,
            wanted,
            by=await who(self.shared, self.clouds.source.credential),
            soak=timedelta(hours=asked.soak),
            accept_unrecoverable=asked.accept_unrecoverable,
            emit=self.view.event,
            hold=lock.beat,
        )
        return await _held(lock, removal.decommission())


def _refuse_unconfirmed(plan: Plan, confirm: str) -> None:
    source = plan.header.source_ref.short
    if confirm.lower() != source.lower():
        raise BadInputError(
            f"--confirm says '{confirm}', but the plan's source is '{source}'.",
            remedy="Repeat the source as GROUP/NAME if it is the one that you mean to remove.",
        )


def _wanted(asked: DecommissionOptions) -> DecommissionRequest:
    """What the stage is told. Raises BadInputError for a scope that is none."""
    unseen = frozenset(scope(text) for text in asked.accept_unseen)
    return DecommissionRequest(asked.purge, asked.dry_run, asked.storage is ContainerFate.DELETE, unseen)


def _chosen(soak: float, wanted: DecommissionRequest) -> dict[str, Any]:
    """The options that somebody else has to approve where the plan asks for that."""
    found: dict[str, Any] = {"--soak": soak} if soak < _SOAK else {}
    if wanted.purge:
        found["--purge"] = True
    if wanted.delete:
        found["--storage"] = "delete"
    return found


async def _held(lock: Lock, work: Coroutine[Any, Any, DecommissionResult]) -> DecommissionResult:
    """A removal may take an hour: it says that it is alive, and ends where another has taken the plan over."""

    async def beat() -> None:
        lock.beat()

    task = asyncio.current_task()
    assert task
    async with beating(beat, task.cancel):
        return await work


def removal_of(
    clouds: Session,
    plan: Plan,
    folder: Path,
    ledger: Ledger,
    wanted: DecommissionRequest,
    *,
    by: By,
    soak: timedelta,
    emit: Emit,
    hold: Callable[[], object],
    accept_unrecoverable: bool = False,
    clock: Clock | None = None,
) -> Removal:
    """The stage with everything that it reads; `hold` raises where the plan is another's by now."""
    gate = Afresh(clouds, plan, folder, ledger, wanted, soak, accept_unrecoverable)
    evidence = Evidence(folder, ledger)
    clock = clock or Clock(today=lambda: clouds.target.arm.service_clock.now() or datetime.now(UTC))
    return Removal(plan, ledger, evidence, clouds, gate, wanted, by, emit, hold, clock)


def told(view: View, plan: Plan, outcome: DecommissionResult) -> ExitCode:
    """Tells how it ended: of a dry run, or of the tombstone."""
    if outcome.report is None:
        view.result("decommission.dry", {"text": outcome.text, **(outcome.listing or {})})
        return ExitCode.DONE
    content = outcome.report.content
    kept = [asdict(one) for one in content.containers_kept]
    view.result(
        "decommission.end",
        {
            "text": _headline(plan.header.source_ref.short, content) + _shown(content),
            "verified": asdict(content.verified) if content.verified else None,
            "by_us": content.by_us,
            "recoverable_until": content.recoverable_until,
            "kept": kept,
            "lines": [
                *outcome.refused,
                *tombstone.lines(content),
                *(f"{one.severity}: {one.address}: {one.summary}" for one in content.warnings),
            ],
            "warnings": [one.as_dict() for one in content.warnings],
            "files": {"Tombstone": str(outcome.report.path)},
        },
    )
    return ExitCode.INCOMPLETE if kept or not content.by_us else ExitCode.DONE


def _shown(content: Decommission) -> str:
    """What the verification showed that the removal rests on."""
    verified = content.verified
    return f" By {verified.report}: {verified.says}" if verified and verified.says else ""


def _headline(name: str, content: Decommission) -> str:
    """What was shown, and no more."""
    until = content.recoverable_until
    if not content.by_us:
        return f"{name} is absent, not shown to be by us: nothing is purged, and no container deleted."
    if content.purged:
        return f"Removed {name}, for good."
    if content.containers_deleted:
        return f"Removed {name} and its containers: with them nothing of it is called recoverable."
    if until:
        return f"Removed {name}; Microsoft documents that it can be recovered until {until}."
    return f"Removed {name}; Microsoft documents that it cannot be recovered."
