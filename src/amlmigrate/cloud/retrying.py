"""The retry policy, in one place: the clients' own is off, so that nothing retries twice.

What it comes to for each answer is told, and tested, in docs/reference/retries.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_delay
from tenacity.wait import wait_random_exponential

from amlmigrate.cloud.errors import OutOfReachError, ServiceError

# Failures of a call, and the time that it may take with all its pauses.
ATTEMPTS = 8
SECONDS = 300.0
# Being throttled is no failure: somebody else draws on the same bucket. It only must not go on for ever.
THROTTLED_SECONDS = 1800.0
# After so long without an answer a call counts as cut off.
READ_SECONDS = 120.0
CONNECT_SECONDS = 20.0
_THROTTLED = 429
_backoff = wait_random_exponential(multiplier=0.5, max=30)
_grant_backoff = wait_random_exponential(multiplier=1, min=0.5, max=20)
T = TypeVar("T")


def _again(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ServiceError):
        # A token that ran out on the way is asked for anew, once.
        return error.transient or (error.status == 401 and state.attempt_number == 1)
    return isinstance(error, OutOfReachError) and not error.retried


class _Stop:
    """Counts the failures of one call that are not throttling."""

    def __init__(self) -> None:
        self._failures = 0

    def __call__(self, state: RetryCallState) -> bool:
        elapsed = state.seconds_since_start or 0.0
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ServiceError) and error.status == _THROTTLED:
            return elapsed >= THROTTLED_SECONDS
        self._failures += 1
        return self._failures >= ATTEMPTS or elapsed >= SECONDS


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    named = error.retry_after if isinstance(error, ServiceError) else None
    # To the second: retrying earlier starts ARM's clock anew.
    return named if named is not None else max(0.2, _backoff(state))


async def retrying(call: Callable[[], Awaitable[T]]) -> T:
    """Makes a call until it succeeds, fails for good, or has been tried often and long enough.

    Every call that comes here may be made twice: reads, PUTs of a whole document, deletes, and copies that
    overwrite nothing.
    """
    policy = AsyncRetrying(retry=_again, wait=_wait, stop=_Stop(), reraise=True)
    async for attempt in policy:
        with attempt:
            return await call()
    raise AssertionError("unreachable")  # pragma: no cover - reraise ends the loop


async def retrying_late(
    call: Callable[[], Awaitable[T]],
    late: Callable[[BaseException], bool],
    *,
    seconds: float,
    waiting: Callable[[BaseException], None],
) -> T:
    """Repeats a call until a right that was just given has arrived: for `seconds`, while `late` says so.

    Role assignments take minutes to be known everywhere (azure-facts, section 3). `waiting` is told each such
    error. Raises the last one.
    """
    policy = AsyncRetrying(
        retry=retry_if_exception(late),
        wait=_grant_backoff,
        stop=stop_after_delay(seconds),
        before_sleep=lambda state: waiting(state.outcome.exception()) if state.outcome else None,  # type: ignore[arg-type]
        reraise=True,
    )
    async for attempt in policy:
        with attempt:
            return await call()
    raise AssertionError("unreachable")  # pragma: no cover - reraise ends the loop
