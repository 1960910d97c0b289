"""Says that whoever holds a plan is alive, as long as they work on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from amlmigrate.core.errors import MigrateError
from amlmigrate.ledger.lock import HEARTBEAT_SECONDS


@asynccontextmanager
async def beating(beat: Callable[[], Awaitable[None]], lost: Callable[[], object]) -> AsyncIterator[None]:
    """Beats while the work inside goes on; `lost` is called at once where that fails, to end the work.

    Raises what the beat raised: PlanLockedError where another has taken the plan over.
    """
    task = asyncio.create_task(_beat(beat, lost))
    try:
        yield
    finally:
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, MigrateError):
            raise ended


async def _beat(beat: Callable[[], Awaitable[None]], lost: Callable[[], object]) -> None:
    try:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await beat()
    except MigrateError:
        lost()
        raise
