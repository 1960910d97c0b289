"""Any ARM resource as a whole: read, written, and waited for until the service has settled it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.retrying import ready
from amlmigrate.core.documents import Document

# What ARM and its providers call the end of a creation; all else is still under way.
_ENDED = frozenset(
    {"", "succeeded", "failed", "canceled", "cancelled", "unknown", "registered", "notregistered", "unregistered"}
)
_LONGEST = 3600.0
# For so long what is not there after a write is taken for a read that is behind.
_STALE = 60.0
_FIRST_PAUSE, _LAST_PAUSE = 0.25, 15.0


def state(document: Document | None) -> str:
    """`provisioningState` (a provider's: `registrationState`), in lower case; empty where there is none."""
    found = document or {}
    told = (found.get("properties") or {}).get("provisioningState") or found.get("registrationState")
    return str(told or "").lower()


def under_way(document: Document | None) -> bool:
    """Whether the service is still at work on a resource."""
    return state(document) not in _ENDED


class Resources:
    """One principal's way to resources by their ids. All raise ServiceError and OutOfReachError.

    `before` is awaited right before each attempt of a write, and ends it by what it raises.
    """

    def __init__(self, arm: Arm, before: Callable[[], Awaitable[object]] = ready) -> None:
        self.arm = arm
        self._before = before

    async def get(self, id_: str) -> Document | None:
        """The document; None where its front end says that it is not there."""
        return await self.arm.get(id_)

    async def items(self, collection: str, query: dict[str, str]) -> list[Document]:
        """Every item of a collection of another provider; none where what it is of is not there."""
        try:
            return [item async for item in self.arm.pages(collection, query)]
        except ServiceError as error:
            if error.status == 404 and await self.get(collection.rpartition("/providers/")[0]) is None:
                return []
            raise

    async def write(self, method: str, id_: str, body: Document | None) -> None:
        """PUT, PATCH or POST, and its long-running operation."""
        await self.arm.finish(await self.arm.call(method, id_, body, first=self._before), id_)

    async def settled(
        self, id_: str, *, written: bool = False, waiting: Callable[[str], None] | None = None
    ) -> Document | None:
        """The document once nothing is under way any more; after a write, what is not there is read again
        for a while.

        `waiting` is told each state that is waited through, once.
        """
        loop = asyncio.get_running_loop()
        begun, pause, told = loop.time(), _FIRST_PAUSE, ""
        while True:
            found = await self.get(id_)
            spent = loop.time() - begun
            if found is None and (not written or spent > _STALE):
                return None
            if found is not None and not under_way(found):
                return found
            if spent > _LONGEST:
                raise OutOfReachError("the resource was not ready within an hour", method="GET", url=id_)
            if waiting and found is not None and state(found) != told:
                told = state(found)
                waiting(told)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LAST_PAUSE)
