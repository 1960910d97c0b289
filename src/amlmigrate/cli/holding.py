"""Who has the lease on a plan's target, for `status`, which asks Azure nothing but this."""

from __future__ import annotations

import asyncio

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.plan import Plan
from amlmigrate.leasing import looking

# For so long `status` waits for Azure.
_SOON_SECONDS = 10.0


async def look(shared: CommonOptions, plan: Plan) -> looking.LeaseLook:
    """Who has it; what cannot be read soon is unknown."""
    address = plan.header.target_ref.id
    try:
        async with asyncio.timeout(_SOON_SECONDS), session(shared) as clouds:
            return await looking.look(clouds.target, plan.header.target_ref)
    except (MigrateError, TimeoutError) as error:
        why = error.summary.rstrip(".") if isinstance(error, MigrateError) else "Azure does not answer"
        return looking.LeaseLook(address, unknown=f"whether the target is being changed: {why}")
