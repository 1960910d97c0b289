"""Token buckets: calls wait here instead of being refused there."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud import pacing
from amlmigrate.cloud.pacing import Bucket, Crowd, Pacer, floor_seconds, kind_of_call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.throttle import Throttle
from azsandbox.messages import Principal


class Clock:
    """Time that passes only while everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._numbers = itertools.count()

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        # Rounding leaves rests too small to move the clock; a real one goes on by itself.
        heapq.heappush(self._sleepers, (self.now + max(seconds, 1e-7), next(self._numbers), awake))
        await awake.wait()

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        """Lets time pass until all tasks are done."""
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            if self._sleepers and not all(task.done() for task in tasks):
                self.now, _, awake = heapq.heappop(self._sleepers)
                awake.set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=made.monotonic))
    monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=made.sleep, Lock=asyncio.Lock))
    return made


async def _taken(clock: Clock, bucket: Bucket, calls: int) -> list[float]:
    """The times at which so many calls went through."""
    times: list[float] = []

    async def call() -> None:
        await bucket.take()
        times.append(round(clock.now, 4))
        bucket.give_back()

    await clock.run(*(asyncio.create_task(call()) for _ in range(calls)))
    return sorted(times)


async def test_a_full_bucket_lets_its_capacity_through_and_then_its_refill(clock: Clock) -> None:
    bucket = Bucket(capacity=3, refill=2.0, tokens=3, at=0.0)
    assert await _taken(clock, bucket, 7) == [0, 0, 0, 0.5, 1.0, 1.5, 2.0]


async def test_an_idle_bucket_fills_up_to_its_capacity_and_no_further(clock: Clock) -> None:
    bucket = Bucket(capacity=2, refill=10.0, tokens=0, at=0.0)
    clock.now = 100.0
    assert await _taken(clock, bucket, 4) == [100, 100, 100.1, 100.2]


async def test_nobody_goes_through_a_pause_and_few_at_its_end(clock: Clock) -> None:
    bucket = Bucket(capacity=10, refill=0.5, tokens=10, at=0.0)
    bucket.pause(4.0)
    # What was in the bucket is gone but for one; what the service refills during the pause is not.
    assert await _taken(clock, bucket, 5) == [4, 4, 4, 6, 8]


@pytest.mark.parametrize(("asked", "paused"), [(17.0, 17.0), (None, 1.0), (1800.0, 1800.0), (1801.0, 0.0)])
def test_all_wait_with_who_is_throttled_unless_that_one_is_not_waited_for(
    asked: float | None, paused: float
) -> None:
    bucket = Bucket(capacity=10, refill=1.0, tokens=10)
    bucket.failed(refusal(429, "TooManyRequests", "text", retry_after=asked))
    assert max(0.0, bucket.paused_until - time.monotonic()) == pytest.approx(paused, abs=0.5)


async def test_a_shorter_pause_does_not_end_a_longer_one(clock: Clock) -> None:
    bucket = Bucket(capacity=10, refill=1.0, tokens=10, at=0.0)
    bucket.pause(9.0)
    bucket.pause(2.0)
    assert await _taken(clock, bucket, 1) == [9]


async def test_a_pause_holds_up_those_who_wait_already(clock: Clock) -> None:
    bucket = Bucket(capacity=1, refill=1.0, tokens=0, at=0.0)
    waiting = asyncio.create_task(bucket.take())
    await asyncio.sleep(0)
    bucket.pause(5.0)
    await clock.run(waiting)
    assert clock.now == 5.0


async def test_the_services_word_counts_less_what_is_under_way_and_a_reserve(clock: Clock) -> None:
    bucket = Bucket(capacity=100, refill=1.0, tokens=100, at=0.0)
    for _ in range(3):
        await bucket.take()
    bucket.learn(20)
    assert bucket.tokens == 20 - 2 - 2
    bucket.give_back()
    bucket.learn(20)
    assert bucket.tokens == 20 - 1 - 2
    bucket.learn(1000)
    assert bucket.tokens == 100


async def test_others_who_used_it_up_make_us_wait(clock: Clock) -> None:
    bucket = Bucket(capacity=100, refill=1.0, tokens=100, at=0.0)
    bucket.learn(0)
    assert await _taken(clock, bucket, 2) == [3, 4]


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("GET", "reads"),
        ("HEAD", "reads"),
        ("PUT", "writes"),
        ("POST", "writes"),
        ("PATCH", "writes"),
        ("DELETE", "deletes"),
    ],
)
def test_each_method_draws_on_its_bucket(method: str, kind: str) -> None:
    assert kind_of_call(method) == kind


def test_a_subscription_has_a_bucket_for_each_kind_of_call() -> None:
    pacer = Pacer()
    assert pacer.bucket("S-1", "GET") is pacer.bucket("s-1", "HEAD")
    assert pacer.bucket("s-1", "PUT") is pacer.bucket("s-1", "POST")
    different = [pacer.bucket("s-1", "GET"), pacer.bucket("s-1", "PUT"), pacer.bucket("s-1", "DELETE")]
    different.append(pacer.bucket("s-2", "GET"))
    assert len({id(bucket) for bucket in different}) == 4


def test_buckets_have_the_limits_of_arm() -> None:
    # AZ-PACE-1: reads 250 and 25 a second, writes and deletes 200 and 10 a second.
    pacer = Pacer()
    limits = {method: pacer.bucket("s", method) for method in ("GET", "PUT", "DELETE")}
    assert {m: (b.capacity, b.refill, b.tokens) for m, b in limits.items()} == {
        "GET": (250, 25.0, 250),
        "PUT": (200, 10.0, 200),
        "DELETE": (200, 10.0, 200),
    }


@pytest.mark.parametrize(
    ("method", "header", "learned"),
    [
        ("GET", {"x-ms-ratelimit-remaining-subscription-reads": "7"}, True),
        ("POST", {"x-ms-ratelimit-remaining-subscription-writes": "7"}, True),
        ("DELETE", {"x-ms-ratelimit-remaining-subscription-deletes": "7"}, True),
        ("PUT", {"x-ms-ratelimit-remaining-subscription-reads": "7"}, False),
        ("GET", {"x-ms-ratelimit-remaining-subscription-global-reads": "7"}, True),
        ("GET", {"x-ms-ratelimit-remaining-tenant-reads": "7"}, True),
        ("PUT", {"x-ms-ratelimit-remaining-tenant-reads": "7"}, False),
        ("PUT", {"x-ms-ratelimit-remaining-subscription-resource-requests": "7"}, False),
        ("GET", {"x-ms-ratelimit-remaining-subscription-reads": "many"}, False),
        ("GET", {}, False),
    ],
)
def test_a_bucket_learns_from_the_header_of_its_own_kind(
    method: str, header: dict[str, str], learned: bool
) -> None:
    bucket = Bucket(100, 1.0, 100)
    Pacer.learn(bucket, header, method)
    assert (bucket.tokens < 100) is learned


def test_the_least_of_what_remains_counts() -> None:
    bucket = Bucket(100, 1.0, 100)
    names = ("subscription-reads", "subscription-global-reads")
    Pacer.learn(
        bucket,
        {f"x-ms-ratelimit-remaining-{name}": text for name, text in zip(names, ("50", "9"), strict=True)},
        "GET",
    )
    assert bucket.tokens == 9 - 2


async def test_who_comes_first_goes_first_and_only_the_first_is_woken(clock: Clock) -> None:
    bucket = Bucket(capacity=1, refill=2.0, tokens=0, at=0.0)
    order: list[int] = []

    async def call(number: int) -> None:
        await bucket.take()
        order.append(number)

    await clock.run(*(asyncio.create_task(call(number)) for number in range(40)))
    assert order == list(range(40))
    # Each wait is slept once, but for what rounding leaves.
    assert next(clock._numbers) <= 3 * 40


async def test_one_that_gives_up_its_place_in_the_line_holds_up_nobody(clock: Clock) -> None:
    bucket = Bucket(capacity=1, refill=1.0, tokens=0, at=0.0)
    waiting = [asyncio.create_task(bucket.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting[:2]:
        task.cancel()
    await clock.run(*waiting)
    assert clock.now == 1.0 and bucket.in_flight == 1


@pytest.mark.parametrize(
    ("reads", "writes", "seconds"),
    [(0, 0, 0), (250, 200, 0), (275, 200, 1), (250, 210, 1), (10_000, 10_200, 1000)],
)
def test_the_floor_is_what_arm_lets_through_at_best(reads: int, writes: int, seconds: float) -> None:
    assert floor_seconds([(reads, writes)]) == seconds
    # Another subscription has buckets of its own.
    assert floor_seconds([(reads, writes), (300, 0)]) == max(seconds, 2)
    assert floor_seconds([]) == 0


async def _together(crowd: Crowd, calls: int, *, busy: bool = False) -> int:
    """The most calls that were under way at once."""
    now = most = 0

    async def one() -> None:
        nonlocal now, most
        async with crowd:
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            if busy:
                crowd.busy()
            now -= 1
            if busy:
                raise KeyError

    await asyncio.gather(*(one() for _ in range(calls)), return_exceptions=True)
    return most


async def test_a_crowd_is_as_large_as_it_may_be() -> None:
    assert await _together(Crowd(8), 100) == 8
    assert await _together(Crowd(8), 3) == 3


async def test_a_busy_service_halves_the_crowd_and_all_come_through() -> None:
    crowd = Crowd(8)
    await _together(crowd, 8, busy=True)
    assert int(crowd.limit) == 4
    assert await _together(crowd, 4) == 4
    crowd._halved_at = 0.0
    crowd.busy()
    assert await _together(crowd, 2) == 2
    for _ in range(10):
        crowd._halved_at = 0.0
        crowd.busy()
    assert crowd.limit == 1
    assert await _together(crowd, 1) == 1
    assert await _together(crowd, 300) == 8


async def test_one_that_gives_up_waiting_leaves_its_turn_to_the_next() -> None:
    crowd = Crowd(1)
    async with crowd:
        waiting = [asyncio.create_task(_together(crowd, 1)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
    assert await asyncio.gather(*waiting[1:]) == [1, 1]


ME = Principal("tenant", "me", "app", "arm")


@dataclass
class Shared:
    """Many writes over one bucket of ARM's own, as the local Azure has it, while somebody else draws on it too."""

    clock: Clock
    seconds: float = 0.0
    refused: int = 0
    neighbours: int = 0

    async def write(self, calls: int, *, neighbour: float) -> None:
        """So many calls of ours, and so many a second of the neighbour's until ours are done."""
        self._throttle = Throttle("real", self.clock.monotonic)
        bucket = Bucket(200, 10.0, 200, at=0.0)
        ours = [asyncio.create_task(self._one(bucket)) for _ in range(calls)]
        other = asyncio.create_task(self._neighbour(1 / neighbour, ours)) if neighbour else None
        await self.clock.run(*ours)
        self.seconds = self.clock.now
        if other:
            other.cancel()

    async def _one(self, bucket: Bucket) -> None:
        while True:
            await bucket.take()
            await self.clock.sleep(0.05)
            try:
                Pacer.learn(bucket, self._throttle.take("s", ME, "PUT"), "PUT")
            except ArmError:
                self.refused += 1
                bucket.pause(1.0)
            else:
                return
            finally:
                bucket.give_back()

    async def _neighbour(self, pause: float, ours: list[asyncio.Task[None]]) -> None:
        while not all(task.done() for task in ours):
            await self.clock.sleep(pause)
            try:
                self._throttle.take("s", ME, "PUT")
                self.neighbours += 1
            except ArmError:
                await self.clock.sleep(1.0)


async def test_alone_a_run_is_as_fast_as_arm_lets_it_be(clock: Clock) -> None:
    alone = Shared(clock)
    await alone.write(400, neighbour=0)
    assert 20 <= alone.seconds <= 22 and alone.refused == 0


async def test_a_neighbour_gets_half_of_the_bucket_and_the_run_takes_twice_as_long(clock: Clock) -> None:
    both = Shared(clock)
    await both.write(400, neighbour=5)
    assert both.neighbours >= 0.45 * 10 * both.seconds
    assert 38 <= both.seconds <= 46 and both.refused <= 0.02 * 400
