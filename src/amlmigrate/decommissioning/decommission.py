"""A removal of a source from the plan's folder to its tombstone; meanwhile the plan is nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from amlmigrate.cloud.credentials import signed
from amlmigrate.cloud.session import Session
from amlmigrate.core.authorship import By
from amlmigrate.core.clock import Clock
from amlmigrate.core.events import Emit
from amlmigrate.core.plan import Plan
from amlmigrate.decommissioning.gating import Afresh
from amlmigrate.decommissioning.soak import HOURS
from amlmigrate.decommissioning.stage import DecommissionResult, Removal, RemovalOptions
from amlmigrate.leasing.hold import holding
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.heartbeat import beating
from amlmigrate.ledger.lock import Lock


@dataclass(frozen=True, slots=True)
class DecommissionRequest:
    """Which plan's source is to be removed, and how; `by` is who asks, before they sign in.

    `soak`: how long to wait after the cutover, or after green evidence where there was none.
    """

    plan: Plan
    folder: Path
    by: By
    options: RemovalOptions
    soak: timedelta
    emit: Emit
    accept_unrecoverable: bool = False
    force_unlock: bool = False

    @property
    def chosen(self) -> dict[str, Any]:
        """The options that somebody else has to approve where the plan asks for that."""
        hours = self.soak / timedelta(hours=1)
        found: dict[str, Any] = {"--soak": hours} if hours < HOURS else {}
        if self.options.purge:
            found["--purge"] = True
        if self.options.delete:
            found["--storage"] = "delete"
        return found


async def decommission(request: DecommissionRequest, sign_in: Callable[[], Session]) -> DecommissionResult:
    """Removes the source if its gate lets it.

    Raises RefusedError with every reason why the source must stay, and for an approval that is needed;
    PlanLockedError while somebody else changes the plan or its target; BadInputError for other workspaces than
    the plan's; DeniedError, and what Azure says.
    """
    plan = request.plan
    with Ledger(request.folder) as ledger:
        ledger.bind(plan)
        # Neither a run nor another removal is under way while the source goes.
        with Lock(ledger, force=request.force_unlock) as lock:
            dry_run = request.options.dry_run
            async with (
                sign_in() as clouds,
                holding(clouds, plan, ledger, lock, "decommission", request.emit, dry_run=dry_run) as lease,
            ):
                ledger.clock = clouds.target.arm.service_clock.now
                if not dry_run:
                    await _refuse_unapproved(request, clouds, ledger)
                by = await signed(request.by, clouds.source.credential)
                removal = removal_of(request, clouds, ledger, by=by, hold=lock.beat)
                result = await _held(lock, removal.decommission())
                if lease:
                    lease.remove()
                return result


def removal_of(
    request: DecommissionRequest,
    clouds: Session,
    ledger: Ledger,
    *,
    by: By,
    hold: Callable[[], object],
    clock: Clock | None = None,
) -> Removal:
    """The removal with everything that it reads; `hold` raises where the plan is another's by now."""
    plan, folder, options = request.plan, request.folder, request.options
    gate = Afresh(clouds, plan, folder, ledger, options, request.soak, request.accept_unrecoverable)
    clock = clock or Clock(today=lambda: clouds.target.arm.service_clock.now() or datetime.now(UTC))
    return Removal(plan, ledger, Evidence(folder, ledger), clouds, gate, options, by, request.emit, hold, clock)


async def _refuse_unapproved(request: DecommissionRequest, clouds: Session, ledger: Ledger) -> None:
    """Raises RefusedError with the digest to approve until somebody else has, and DeniedError for nobody."""
    if request.plan.header.require_approval:
        by = await signed(request.by, clouds.target.credential)
        decisions.wanted(request.plan, ledger, "decommission", request.chosen, by)


async def _held(lock: Lock, work: Coroutine[Any, Any, DecommissionResult]) -> DecommissionResult:
    """A removal may take an hour: it says that it is alive, and ends where another has taken the plan over."""

    async def beat() -> None:
        lock.beat()

    task = asyncio.current_task()
    assert task
    async with beating(beat, task.cancel):
        return await work
