"""The retry policy, in one place: the clients' own is off, so that nothing retries twice.

What it comes to for each answer is told, and tested, in docs/reference/retries.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_delay
from tenacity.wait import wait_random_exponential

from amlmigrate.cloud.errors import THROTTLED, OutOfReachError, ServiceError
from amlmigrate.core.errors import MigrateError

# How often a call may fail, and for how long from its first failure on. What it waits for its turn is not counted:
# that says nothing of the service.
ATTEMPTS = 8
SECONDS = 300.0
# Being throttled is no failure: somebody else draws on the same bucket. It only must not go on for ever.
THROTTLED_SECONDS = 1800.0
# After so long without an answer a call counts as cut off; one that copies inside Azure answers only when all is
# copied, and gets the time for its bytes on top.
READ_SECONDS = 120.0
CONNECT_SECONDS = 20.0
COPIED_BYTES_A_SECOND = 4 * 2**20
LONGEST_PAUSE = 30.0
_backoff = wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE)
_grant_backoff = wait_random_exponential(multiplier=1, min=0.5, max=20)
_log = logging.getLogger(__name__)
T = TypeVar("T")


Turn = Callable[[], AbstractAsyncContextManager[object]]


def copy_seconds(length: int) -> float:
    """How long a copy of so many bytes inside Azure may go without an answer."""
    return READ_SECONDS + length / COPIED_BYTES_A_SECOND


async def ready() -> None:
    """Nothing is to be looked at before an attempt, and nothing is known of an earlier one."""


class _Patience:
    """What one call has been through: how often it failed, and for how long it has failed or been throttled."""

    def __init__(self) -> None:
        self._failures = self._refused = 0
        self._failing = self._throttled = 0.0
        self._began = time.monotonic()

    def begin(self) -> None:
        """Says that the call has its turn."""
        self._began = time.monotonic()

    def again(self, state: RetryCallState) -> bool:
        """Whether what happened may be over the next time."""
        error = _error(state)
        if isinstance(error, MigrateError) and error.retried:
            return False
        if isinstance(error, ServiceError) and error.status == 401:
            # A token that ran out on the way is asked for anew, once.
            self._refused += 1
            return self._refused == 1
        if isinstance(error, ServiceError):
            return error.transient
        return isinstance(error, OutOfReachError)

    def over(self, state: RetryCallState) -> bool:
        """Whether it has been often and long enough."""
        if state.upcoming_sleep > THROTTLED_SECONDS:
            # The service asks for more than is ever waited: half an hour or a day makes no difference then.
            return True
        error, took = _error(state), time.monotonic() - self._began
        if isinstance(error, ServiceError) and error.status == THROTTLED:
            self._throttled += took
            over = self._throttled >= THROTTLED_SECONDS
            self._throttled += state.upcoming_sleep
            return over
        self._failures += 1
        if self._failures > 1:
            self._failing += took
        over = self._failures >= ATTEMPTS or self._failing >= SECONDS
        self._failing += state.upcoming_sleep
        return over


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _tell(state: RetryCallState) -> None:
    """Logs that a call is made again, and why."""
    error = _error(state)
    given = {"request_id": getattr(error, "request_id", "")}
    _log.info("Tried again in %.1f s: %s", state.upcoming_sleep, error, extra=given)


def _wait(state: RetryCallState) -> float:
    error = _error(state)
    named = error.retry_after if isinstance(error, ServiceError) else None
    # To the second: retrying earlier starts ARM's clock anew.
    return named if named is not None else max(0.2, _backoff(state))


async def retrying(
    call: Callable[[], Awaitable[T]],
    turn: Turn = nullcontext,
    *,
    before: Callable[[], Awaitable[T | None]] = ready,
    pause: Callable[[float], Awaitable[None]] | None = None,
) -> T:
    """Makes a call until it succeeds, fails for good, or has been tried often and long enough.

    `turn` is what each attempt waits for, and holds while it is made. `before` is awaited before each attempt's
    turn: what it finds is the answer. `pause` waits between two attempts, and what it raises ends the call. Who
    makes a call that must not be made twice says so (`calling`).
    """
    patience = _Patience()

    async def attempt() -> T:
        if (found := await before()) is not None:
            return found
        async with turn():
            patience.begin()
            return await call()

    # Nearly all calls succeed at once; what counts and waits takes longer than all else around them.
    try:
        return await attempt()
    except Exception as error:  # noqa: BLE001 - raised again, at once or later
        failed = [error]
    policy = AsyncRetrying(
        sleep=pause or asyncio.sleep,
        retry=patience.again,
        wait=_wait,
        stop=patience.over,
        before_sleep=_tell,
        reraise=True,
    )
    async for state in policy:
        with state:
            if failed:
                raise failed.pop()
            return await attempt()
    raise AssertionError("unreachable")  # pragma: no cover - reraise ends the loop


async def retrying_late(
    call: Callable[[], Awaitable[T]],
    late: Callable[[BaseException], bool],
    *,
    seconds: float,
    waiting: Callable[[BaseException], None],
) -> T:
    """Repeats a call until a right that was just given has arrived: for `seconds`, while `late` says so.

    Role assignments take minutes to be known everywhere (AZ-PACE-4). `waiting` is told each such
    error. Raises the last one.
    """

    def tell(state: RetryCallState) -> None:
        if state.outcome and (error := state.outcome.exception()):
            waiting(error)

    policy = AsyncRetrying(
        retry=retry_if_exception(late),
        wait=_grant_backoff,
        stop=stop_after_delay(seconds),
        before_sleep=tell,
        reraise=True,
    )
    async for attempt in policy:
        with attempt:
            return await call()
    raise AssertionError("unreachable")  # pragma: no cover - reraise ends the loop
