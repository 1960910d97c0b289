"""The lease around the work of a command, and who has it for the commands that only read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amlmigrate.cli.views.base import View
from amlmigrate.cloud.session import Session
from amlmigrate.core.plan import Plan
from amlmigrate.leasing.hold import Lease, held
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.lock import Lock


@asynccontextmanager
async def holding(
    clouds: Session, plan: Plan, ledger: Ledger, lock: Lock, command: str, view: View, *, dry_run: bool = False
) -> AsyncIterator[Lease | None]:
    """Holds the lease on the plan's target while a command works; a dry run changes nothing and takes none."""
    if dry_run:
        yield None
        return
    async with held(clouds, plan, ledger, lock, command, view.event) as lease:
        yield lease
