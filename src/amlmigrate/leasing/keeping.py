"""Renews the lease while the work goes on, and ends the work when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.leases import Leases
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.workspace import Location

RENEW_SECONDS = 10.0
# After a renewal that failed.
AGAIN_SECONDS = 2.0
# What says that it is no longer ours, and no later renewal can be; all else may pass.
_GONE = frozenset({404, 409, 412})


class Keeper:
    """One holder's renewals."""

    def __init__(self, leases: Leases, place: Location, id_: str, fence: Fence) -> None:
        self._leases = leases
        self._place = place
        self._id = id_
        self._fence = fence
        self._ended_it = False

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Renews while the work inside goes on. Raises LeaseLostError where it was lost and the work ended."""
        work = asyncio.current_task()
        assert work
        task = asyncio.create_task(self._keep(work), name="lease")
        try:
            yield
        except asyncio.CancelledError:
            # A signal that came too goes first.
            if not self._ended_it or work.uncancel() > 0 or self._fence.lost is None:
                raise
            raise self._fence.lost from None
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._fence.lost is not None:
            raise self._fence.lost

    async def _keep(self, work: asyncio.Task[object]) -> None:
        pause = RENEW_SECONDS
        while self._fence.lost is None:
            await asyncio.sleep(pause)
            pause = await self._renew()
        self._ended_it = True
        work.cancel()

    async def _renew(self) -> float:
        """One renewal; the seconds to the next. One that comes too late, after a stop, asks nothing."""
        self._fence.look()
        if self._fence.lost is not None:
            return 0.0
        sent = self._fence.now()
        try:
            await self._leases.renew(self._place, self._id)
        except ServiceError as error:
            self._failed(error)
        except (MigrateError, OutOfReachError) as error:
            self._fence.failed(str(error))
        else:
            self._fence.kept(sent)
            return RENEW_SECONDS
        self._fence.look()
        return AGAIN_SECONDS

    def _failed(self, error: ServiceError) -> None:
        if error.status in _GONE:
            self._fence.lose(f"{error.code}: somebody broke it, took it or deleted its blob")
        else:
            self._fence.failed(str(error))
