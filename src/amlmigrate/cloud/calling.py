"""How every call of Azure is made, whichever service it goes to: its turn, its errors, whether it is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from amlmigrate.cloud.doubt import Doubt
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.retrying import ready, retrying
from amlmigrate.cloud.translating import translated
from amlmigrate.cloud.twice import HARMLESS, Twice
from amlmigrate.core.errors import MigrateError

T = TypeVar("T")
# Made twice they come to the same (RFC 9110, section 9.2.2): a PUT sends the whole document, or has a condition.
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Lane(Protocol):
    """What the calls of one client wait for, and what learns from how they went."""

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Waits for a turn, and holds it while a call is made."""
        ...

    def failed(self, error: ServiceError) -> None:
        """Hears of an answer that is an error: who is throttled, or too much for the service, goes slower."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Makes the calls of one client."""

    lane: Lane

    async def call(
        self,
        method: str,
        url: str,
        call: Callable[[], Awaitable[T]],
        *,
        twice: Twice[T] | Twice[object] | None = None,
        first: Callable[[], Awaitable[object]] = ready,
        every: float | None = None,
    ) -> T:
        """One call. Raises ServiceError for an answer that is an error, OutOfReachError for none.

        `twice` has to be said of every method that does not say so itself (POST, PATCH). `first` is awaited right
        before each attempt, of which a later one may come half an hour after the first; what it raises ends it.
        With `every` it is awaited as often while a later attempt is waited for too.
        """
        return (await self.made(method, url, call, twice=twice, first=first, every=every))[0]

    async def made(
        self,
        method: str,
        url: str,
        call: Callable[[], Awaitable[T]],
        *,
        twice: Twice[T] | Twice[object] | None = None,
        first: Callable[[], Awaitable[object]] = ready,
        every: float | None = None,
    ) -> tuple[T, bool]:
        """The same with whether an attempt before the answer may have been served."""
        again, doubt = twice or _of_method(method), Doubt()

        async def once() -> T:
            try:
                return await translated(method, url, call)
            except ServiceError as error:
                self.lane.failed(error)
                raise

        async def attempt() -> T:
            try:
                await first()
            except ServiceError as error:
                # The look was refused: that says nothing of an attempt before it.
                error.doubtful |= doubt.doubtful
                raise
            try:
                return await doubt.attempt(once)
            except (ServiceError, OutOfReachError) as error:
                if doubt.doubtful and not again.harmless and again.look is None:
                    _leave_open(error)
                raise

        async def look() -> T | None:
            if not doubt.doubtful or again.look is None:
                return None
            try:
                return await again.look()  # type: ignore[return-value]  # of `object` only where there is no look
            except MigrateError as error:
                # It has been tried again by itself.
                error.retried = True
                raise

        pause = None if every is None else _looking(first, every)
        return await retrying(attempt, self.lane.turn, before=look, pause=pause), doubt.doubtful


def _looking(first: Callable[[], Awaitable[object]], every: float) -> Callable[[float], Awaitable[None]]:
    """A pause in which `first` is awaited every so many seconds; that Azure does not answer it ends no pause."""

    async def pause(seconds: float) -> None:
        left = seconds
        while left > 0:
            await asyncio.sleep(min(every, left))
            left -= every
            if left > 0:
                with suppress(ServiceError, OutOfReachError):
                    await first()

    return pause


def _of_method(method: str) -> Twice[object]:
    if method not in _IDEMPOTENT:
        raise ValueError(f"{method}: say whether it is harmless to make this call twice")
    return HARMLESS


def _leave_open(error: MigrateError) -> None:
    """Says of a call that is not made again that what became of it is not known."""
    error.retried = True
    error.also("It may have been carried out all the same: look before it is asked for again.")
