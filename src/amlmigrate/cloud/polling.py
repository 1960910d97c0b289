"""The one poller: waits for the end of an operation or a resource, until a deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from amlmigrate.cloud.errors import NotSettledError, ProvisioningFailedError, ServiceError, retry_after
from amlmigrate.cloud.operations import Ending, Operation, of_resource, state, under_way, word_of
from amlmigrate.core.clock import Pace, Wait
from amlmigrate.core.documents import Document, shown_properties

# The address of an operation is forgotten after a time, or something in between answers for it.
_FORGOTTEN = (404, 410)


class Reply(Protocol):
    """What an answer is read for here."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Any: ...
    @property
    def body(self) -> Any: ...


Looking = Callable[[], Awaitable[tuple[Ending, Reply]]]


class Client(Protocol):
    """Azure Resource Manager, as far as it is asked here. Both raise ServiceError and OutOfReachError."""

    async def call(self, method: str, path: str) -> Reply:
        """One call."""
        ...

    async def get(self, path: str) -> Document | None:
        """A document; None where its front end says that it is not there (`absence`), and for nothing else."""
        ...


async def ended(look: Looking, pace: Pace, after: float = 0.0) -> tuple[Ending, Reply]:
    """The first look that is not `UNDER_WAY`, or the last before the deadline; `Retry-After` is kept to."""
    wait = Wait(pace)
    if after:
        await wait.pause(after)
    while True:
        ending, answer = await look()
        if ending is not Ending.UNDER_WAY or wait.over:
            return ending, answer
        await wait.pause(retry_after(answer.headers))


class Poller:
    """Waits through one client. All raise ServiceError and OutOfReachError of the calls that they make."""

    def __init__(self, client: Client, pace: Pace | None = None) -> None:
        self._client = client
        self.pace = pace or Pace()

    async def look(self, operation: Operation) -> tuple[Ending, Reply]:
        """One look at an operation, and its answer. Raises ServiceError, as 404 once its address is forgotten."""
        answer = await self._client.call("GET", operation.url)
        return operation.ending(answer.status, answer.body), answer

    async def ended(self, operation: Operation) -> tuple[Ending, Reply]:
        """How an operation ends, and its last answer; still `UNDER_WAY` where it does not before the deadline."""
        return await ended(lambda: self.look(operation), self.pace, operation.after)

    async def finish(self, operation: Operation, path: str) -> None:
        """Waits until a change has come about, whatever its resource says.

        Raises ProvisioningFailedError, NotSettledError where its end is not known.
        """
        ending, answer = await self.ended(operation)
        if ending is Ending.FAILED:
            raise failed(answer.body, path)
        if ending is Ending.UNKNOWN:
            raise NotSettledError("the operation's address says nothing of its end", url=path)
        if ending is not Ending.SUCCEEDED:
            raise NotSettledError("the operation did not end within an hour", url=path, told=word_of(answer.body))

    async def settled(self, path: str, operation: Operation | None = None) -> Document | None:
        """The document of a resource once a change of it has come about.

        Its operation is waited for where there is one, then the resource's own state, which alone tells once the
        operation's address is forgotten or says nothing. None where it is shown not to be there, also after the
        time for which reads may be behind. Raises ProvisioningFailedError, NotSettledError.
        """
        if operation is not None:
            await self._through(operation, path)
        found = await self.at_rest(path, written=True)
        if found is not None and of_resource(found) is Ending.FAILED:
            raise failed(found, path)
        return found

    async def at_rest(
        self, path: str, *, written: bool = False, waiting: Callable[[str], None] | None = None
    ) -> Document | None:
        """The document once nothing is under way at it any more, however that ended.

        After a write what is not there, or answered with a 404 that shows nothing, is read again for a while.
        `waiting` is told each state that is waited through, once. Raises NotSettledError.
        """
        wait, told = Wait(self.pace), ""
        while True:
            found, unclear = await self._seen(path)
            if found is not None and not under_way(found):
                return found
            if found is None and not (written and wait.spent <= self.pace.stale):
                if unclear is not None:
                    raise unclear
                return None
            if wait.over:
                raise NotSettledError("the resource was not ready within an hour", url=path, told=word_of(found))
            if waiting and found is not None and state(found) != told:
                told = state(found)
                waiting(told)
            await wait.pause()

    async def gone(self, path: str) -> None:
        """Waits until a resource is shown not to be there. Raises NotSettledError."""
        wait = Wait(self.pace)
        while (found := await self._client.get(path)) is not None:
            if wait.over:
                raise NotSettledError("the resource did not go within an hour", url=path, told=word_of(found))
            await wait.pause()

    async def _through(self, operation: Operation, path: str) -> None:
        """Raises where an operation failed or did not end; an address that tells nothing is passed over."""
        try:
            ending, answer = await self.ended(operation)
        except ServiceError as error:
            if error.status not in _FORGOTTEN:
                raise
            return
        if ending is Ending.FAILED:
            raise failed(answer.body, path)
        if ending is Ending.UNDER_WAY:
            raise NotSettledError("the operation did not end within an hour", url=path, told=word_of(answer.body))

    async def _seen(self, path: str) -> tuple[Document | None, ServiceError | None]:
        """One look at a resource, and the 404 that does not say of it that it is not there."""
        try:
            return await self._client.get(path), None
        except ServiceError as error:
            if error.status != 404:
                raise
            return None, error


def failed(body: Any, path: str) -> ProvisioningFailedError:
    """What an operation or a resource that did not succeed says, in the service's words."""
    found = body if isinstance(body, dict) else {}
    properties = shown_properties(found) or {}
    # Computes have a list of them (Azure ML's description, 2025-12-01, `provisioningErrors`).
    several = properties.get("provisioningErrors")
    first = several[0] if isinstance(several, list) and several and isinstance(several[0], dict) else {}
    told = found.get("error") or properties.get("error") or first.get("error") or first
    return ProvisioningFailedError.of(told, word=word_of(found) or "Failed", url=path)
