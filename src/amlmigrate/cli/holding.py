"""The lease around the work of a command, and who has it for the commands that only read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cloud.session import Session
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.plan import Plan
from amlmigrate.leasing import looking
from amlmigrate.leasing.hold import Lease, held
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.lock import Lock

# For so long `status` waits for Azure.
_SOON_SECONDS = 10.0


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


async def refuse_living(clouds: Session, plan: Plan, ledger: Ledger) -> str:
    """Raises PlanLockedError while somebody changes the plan's target; returns why that is not known, else ''."""
    found = await looking.look(clouds.target, plan.header.target_ref)
    looking.refuse_living(found, Lock(ledger), ledger.path.parent)
    return found.unknown


async def look(shared: CommonOptions, plan: Plan) -> looking.LeaseLook:
    """Who has the lease, for a command that asks Azure nothing but this: what cannot be read soon is unknown."""
    address = plan.header.target_ref.id
    try:
        async with asyncio.timeout(_SOON_SECONDS), session(shared) as clouds:
            return await looking.look(clouds.target, plan.header.target_ref)
    except (MigrateError, TimeoutError) as error:
        why = error.summary.rstrip(".") if isinstance(error, MigrateError) else "Azure does not answer"
        return looking.LeaseLook(address, unknown=f"whether the target is being changed: {why}")
