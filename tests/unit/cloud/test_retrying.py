"""The retry policy: what is tried again, after how long, and when it is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
import tenacity
from tests.builders.errors import refusal, silence

from amlmigrate.cloud import retrying as policy
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.retrying import ATTEMPTS, SECONDS, THROTTLED_SECONDS, retrying, retrying_late


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made; time passes by them alone."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    for module in (tenacity, policy):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: sum(found)))
    return found


def _failing(*errors: Exception) -> tuple[Callable[[], Awaitable[str]], list[int]]:
    """A call that fails with each error in turn and then succeeds, and its count."""
    calls: list[int] = []

    async def call() -> str:
        calls.append(len(calls))
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return "done"

    return call, calls


async def test_a_call_that_succeeds_is_made_once(slept: list[float]) -> None:
    call, calls = _failing()
    assert await retrying(call) == "done"
    assert (len(calls), slept) == (1, [])


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_what_may_go_through_later_is_tried_again(slept: list[float], status: int) -> None:
    call, calls = _failing(refusal(status), refusal(status))
    assert await retrying(call) == "done"
    assert len(calls) == 3
    assert all(pause >= 0.2 for pause in slept)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 412, 413, 501])
async def test_what_will_not_go_through_is_raised_at_once(slept: list[float], status: int) -> None:
    call, calls = _failing(refusal(status, retry_after=1.0))
    with pytest.raises(ServiceError) as caught:
        await retrying(call)
    assert caught.value.status == status
    assert (len(calls), slept) == (1, [])


async def test_a_refused_token_is_asked_for_anew_once(slept: list[float]) -> None:
    call, calls = _failing(refusal(401))
    assert await retrying(call) == "done"
    assert len(calls) == 2
    call, calls = _failing(refusal(401), refusal(401))
    with pytest.raises(ServiceError):
        await retrying(call)
    assert len(calls) == 2


async def test_no_answer_is_tried_again(slept: list[float]) -> None:
    call, calls = _failing(silence("reset"))
    assert await retrying(call) == "done"
    assert len(calls) == 2


async def test_no_answer_is_not_tried_again_by_two(slept: list[float]) -> None:
    call, calls = _failing(silence("no token", method="POST", retried=True))
    with pytest.raises(OutOfReachError):
        await retrying(call)
    assert len(calls) == 1


@pytest.mark.parametrize("seconds", [0.0, 1.0, 17.0, 250.0])
async def test_the_services_time_is_kept_to_the_second(slept: list[float], seconds: float) -> None:
    call, _ = _failing(refusal(429, retry_after=seconds), refusal(503, retry_after=seconds))
    await retrying(call)
    assert slept == [seconds, seconds]


async def test_pauses_are_bounded_where_the_service_names_no_time(slept: list[float]) -> None:
    call, _ = _failing(*(refusal(503) for _ in range(ATTEMPTS - 1)))
    assert await retrying(call) == "done"
    assert len(slept) == ATTEMPTS - 1
    assert all(0.2 <= pause <= 30 for pause in slept)


async def test_it_is_given_up_after_so_many_attempts_with_the_last_error(slept: list[float]) -> None:
    errors = [refusal(503) for _ in range(ATTEMPTS + 5)]
    call, calls = _failing(*errors)
    with pytest.raises(ServiceError) as caught:
        await retrying(call)
    assert caught.value is errors[ATTEMPTS - 1]
    assert len(calls) == ATTEMPTS


async def test_it_is_given_up_after_so_long(slept: list[float]) -> None:
    call, calls = _failing(*(refusal(503, retry_after=SECONDS * 0.4) for _ in range(ATTEMPTS)))
    with pytest.raises(ServiceError):
        await retrying(call)
    assert len(calls) == 4


@pytest.mark.parametrize("error", [KeyError("a bug"), asyncio.CancelledError(), TimeoutError()])
async def test_anything_else_is_raised_as_it_is(slept: list[float], error: BaseException) -> None:
    async def call() -> None:
        raise error

    with pytest.raises(type(error)):
        await retrying(call)
    assert slept == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("seconds", [THROTTLED_SECONDS + 1, 86400.0, 1e15])
async def test_who_asks_for_longer_than_is_ever_waited_is_not_waited_for(
    slept: list[float], status: int, seconds: float
) -> None:
    call, calls = _failing(refusal(status, retry_after=seconds))
    with pytest.raises(ServiceError) as caught:
        await retrying(call)
    assert (len(calls), slept) == (1, [])
    assert f"in {seconds:.0f} s" in caught.value.remedy


async def test_being_throttled_is_no_failure_for_half_an_hour(slept: list[float]) -> None:
    throttled = [refusal(429, retry_after=17.0) for _ in range(100)]
    call, calls = _failing(*throttled)
    assert await retrying(call) == "done"
    assert len(calls) == 101
    call, calls = _failing(*(refusal(429, retry_after=17.0) for _ in range(200)))
    slept.clear()
    with pytest.raises(ServiceError):
        await retrying(call)
    assert THROTTLED_SECONDS <= sum(slept) <= THROTTLED_SECONDS + 17


async def test_a_right_that_takes_two_minutes_to_arrive_is_waited_for(slept: list[float]) -> None:
    refused, told = refusal(403), list[BaseException]()

    async def call() -> str:
        if sum(slept) < 120:
            raise refused
        return "done"

    assert await retrying_late(call, lambda error: error is refused, seconds=600, waiting=told.append) == "done"
    # No pause is so long that much more time is lost than the right takes.
    assert 120 <= sum(slept) <= 140 and max(slept) <= 20
    assert told == [refused] * len(slept)


async def test_a_right_that_does_not_arrive_is_given_up_when_patience_ends(slept: list[float]) -> None:
    refused = refusal(403)

    async def call() -> str:
        raise refused

    with pytest.raises(ServiceError):
        await retrying_late(call, lambda error: error is refused, seconds=600, waiting=lambda _: None)
    assert 600 <= sum(slept) <= 620


async def test_what_is_no_late_right_is_not_waited_for(slept: list[float]) -> None:
    with pytest.raises(ServiceError):
        await retrying_late(_failing(refusal(403))[0], lambda _: False, seconds=600, waiting=lambda _: None)
    assert slept == []


async def test_a_failure_after_long_throttling_is_the_first_one(slept: list[float]) -> None:
    throttled = [refusal(429, retry_after=SECONDS * 2)] * 2
    call, calls = _failing(*throttled, refusal(503, retry_after=1.0), refusal(401), refusal(503, retry_after=1.0))
    assert await retrying(call) == "done"
    assert len(calls) == 6


async def test_what_is_waited_for_a_turn_is_not_counted(slept: list[float]) -> None:
    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        await asyncio.sleep(SECONDS * 3)
        yield

    call, calls = _failing(*(refusal(503, retry_after=1.0) for _ in range(ATTEMPTS - 1)))
    assert await retrying(call, turn) == "done"
    assert len(calls) == ATTEMPTS
    call, calls = _failing(*(refusal(429, retry_after=1.0) for _ in range(20)))
    assert await retrying(call, turn) == "done"
    assert len(calls) == 21


async def test_calls_that_hang_are_counted_from_the_first_failure_on(slept: list[float]) -> None:
    calls = 0

    async def hang() -> None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(policy.READ_SECONDS)
        raise silence("timed out", method="PUT")

    with pytest.raises(OutOfReachError):
        await retrying(hang)
    assert calls == 4
    assert SECONDS + policy.READ_SECONDS <= sum(slept) <= SECONDS + 2 * policy.READ_SECONDS + 30 * 3


async def test_a_turn_is_held_while_the_call_is_made_and_not_while_it_waits(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    holding = False

    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        nonlocal holding
        holding = True
        try:
            yield
        finally:
            holding = False

    async def call() -> str:
        held.append(holding)
        if len(held) < 3:
            raise refusal(503)
        return "done"

    async def sleep(seconds: float) -> None:
        assert not holding

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert await retrying(call, turn) == "done"
    assert held == [True] * 3


def test_a_copy_may_take_the_time_for_its_bytes() -> None:
    assert policy.copy_seconds(0) == policy.READ_SECONDS
    # The largest copy that is made with one call, at the slowest that is taken for alive.
    assert policy.copy_seconds(5_000 * 2**20) == policy.READ_SECONDS + 1250
