"""Any ARM resource as a whole: read, written, and waited for until the service has settled it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.retrying import ready
from amlmigrate.cloud.twice import HARMLESS
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document


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
            if error.status == 404 and await self.get(str(ArmId.of(collection).scope)) is None:
                return []
            raise

    async def write(self, method: str, id_: str, body: Document | None) -> None:
        """PUT, PATCH or POST that says what is to be (so that twice is as once), and its operation."""
        answer = await self.arm.call(method, id_, body, twice=HARMLESS, first=self._before)
        await self.arm.finish(answer, id_)

    async def settled(
        self, id_: str, *, written: bool = False, waiting: Callable[[str], None] | None = None
    ) -> Document | None:
        """The document once nothing is under way any more, however that ended (`Poller.at_rest`)."""
        return await self.arm.poller.at_rest(id_, written=written, waiting=waiting)
