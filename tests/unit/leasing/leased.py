"""A blob with a lease, as the service keeps one: what the lease's tests hold the tool against, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.lease import Holder, LeaseState
from amlmigrate.core.workspace import Location

CONTAINER = Location("acct", "c")
PLACE = CONTAINER.below(".aml-cmk-migrate/lease")
URL = "https://acct/c/lease"
ME = Holder("here", "/plans/mine", "ws1", "run", "2026-01-01T00:00:00+00:00")
OTHER = Holder("there", "/plans/theirs", "ws1", "cutover", "2026-01-01T00:00:00+00:00")


def said(status: int, code: str, message: str = "It says so.") -> ServiceError:
    """An answer that is an error."""
    return ServiceError(status, code, message, method="PUT", url=URL)


class LeasedBlob:
    """The calls of `Leases` on one blob. `errors` has, by a call's name, what the next of them raise."""

    def __init__(self, data: bytes | None = b"", *, id_: str = "", holder: Holder | None = None) -> None:
        self.data, self.id, self.holder = data, id_, holder
        self.etag = 1
        self.metadata = holder.metadata() if holder else {}
        self.errors: dict[str, list[Exception | None]] = {}
        self.calls: list[str] = []
        self._called = asyncio.Event()

    def url(self, _: Location) -> str:
        return URL

    async def state(self, place: Location) -> LeaseState:
        self._begin("state", place)
        return LeaseState(bool(self.id), Holder.of(self.metadata))

    async def create(self, place: Location, metadata: dict[str, str]) -> None:
        self._begin("create", place)
        self.data, self.metadata = self.data or b"", metadata

    async def acquire(self, place: Location, id_: str, sent: Callable[[], object]) -> None:
        sent()
        self._begin("acquire", place)
        if self.data is None:
            raise said(404, "BlobNotFound")
        if self.id not in ("", id_):
            raise said(409, "LeaseAlreadyPresent")
        self.id = id_

    async def renew(self, place: Location, id_: str) -> None:
        self._begin("renew", place)
        if self.id != id_:
            raise said(409, "LeaseIdMismatchWithLeaseOperation")

    async def release(self, place: Location, id_: str) -> None:
        self._begin("release", place)
        assert self.id == id_
        self.id = ""

    async def remove(self, place: Location, id_: str) -> None:
        self._begin("remove", place)
        assert self.id == id_
        self.id, self.data = "", None

    async def describe(self, place: Location, id_: str, metadata: dict[str, str]) -> None:
        self._begin("describe", place)
        self._mine(id_)
        self.metadata = metadata

    async def read(self, place: Location) -> tuple[bytes, str] | None:
        self._begin("read", place)
        return None if self.data is None else (self.data, str(self.etag))

    async def write(self, place: Location, id_: str, data: bytes, etag: str, metadata: dict[str, str]) -> None:
        self._begin("write", place)
        self._mine(id_)
        if etag != str(self.etag):
            raise said(412, "ConditionNotMet")
        self.data, self.metadata, self.etag = data, metadata, self.etag + 1

    async def came(self, number: int) -> None:
        """Waits until it was called so often."""
        for _ in range(number - len(self.calls)):
            self._called.clear()
            await self._called.wait()

    def _mine(self, id_: str) -> None:
        if self.id != id_:
            raise said(412, "LeaseIdMismatchWithBlobOperation")

    def _begin(self, call: str, place: Location) -> None:
        assert place == PLACE
        self.calls.append(call)
        self._called.set()
        error = self.errors[call].pop(0) if self.errors.get(call) else None
        if error:
            raise error
