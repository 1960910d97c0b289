"""How far work has come: what is counted, how fast it goes, and how much longer it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.clocks import Clock

from amlmigrate.core.metering import Amount, Meter, counting, moved, working_on


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _meter(clock: Clock, items: int = 4, total: Amount | None = None, **more: Any) -> Meter:
    return Meter(items, Amount(10, 1000) if total is None else total, now=clock, **more)


def test_what_is_moved_counts_for_the_item_that_is_worked_on(clock: Clock) -> None:
    meter = _meter(clock)
    with counting(meter):
        with working_on("blobs/a", Amount(4, 400)) as done:
            moved(blobs=1, bytes=100)
            clock.at += 5
            found = meter.snapshot()
            assert (found.items, found.moved, found.under_way) == (0, Amount(1, 100), (("blobs/a", 5.0),))
            done()
        # What was there before it began counts too, once it is done.
        assert meter.snapshot().moved == Amount(4, 400) and meter.snapshot().items == 1
        with working_on("blobs/b", Amount(2, 100)):
            moved(blobs=1, bytes=70)
    # It failed: what was moved of it was moved.
    found = meter.snapshot()
    assert (found.items, found.moved, found.under_way) == (1, Amount(5, 470), ())


async def test_tasks_that_an_item_begins_count_for_it_alone(clock: Clock) -> None:
    meter = _meter(clock)

    async def one(address: str, bytes_: int) -> None:
        async def part() -> None:
            await asyncio.sleep(0)
            moved(bytes=bytes_)

        with working_on(address, Amount(1, 2 * bytes_)):
            await asyncio.gather(part(), part())
            await asyncio.sleep(0.01)
            assert meter._under_way[address].moved == Amount(0, 2 * bytes_)

    with counting(meter):
        await asyncio.gather(one("a", 5), one("b", 7))
    assert meter.snapshot().moved == Amount(0, 24)


def test_where_nobody_counts_nothing_is_counted() -> None:
    with working_on("a", Amount(1, 1)) as done:
        moved(blobs=1, bytes=1)
        done()


def test_what_is_read_twice_is_not_more_than_there_is(clock: Clock) -> None:
    meter = _meter(clock)
    with counting(meter), working_on("a", Amount(1, 50)):
        moved(blobs=2, bytes=170)
        assert meter.snapshot().moved == Amount(1, 50)


def test_time_left_is_at_least_what_azure_allows_until_it_is_measured(clock: Clock) -> None:
    meter = _meter(clock, items=10, total=Amount(), calls=10, floor=60.0)
    found = meter.snapshot()
    assert (found.left, found.measured, found.rate) == (60.0, False, None)
    clock.at += 2
    for name in ("a", "b"):
        with counting(meter), working_on(name, Amount()) as done:
            done()
    # Eight are left at one a second; ARM takes 48 for as many at the least.
    found = meter.snapshot()
    assert (found.left, found.measured) == (48.0, True)


def test_bytes_and_calls_go_on_side_by_side_and_the_slower_counts(clock: Clock) -> None:
    meter = _meter(clock, items=3, total=Amount(1, 1000), calls=2)
    with counting(meter), working_on("blobs/a", Amount(1, 1000)):
        moved(bytes=100)
        clock.at += 10
        found = meter.snapshot()
        # Of calls nothing is known: what is left of bytes is the least.
        assert (found.rate, found.left, found.measured) == (10.0, 90.0, False)
        with working_on("models/m/1", Amount()) as done:
            done()
        found = meter.snapshot()
        assert (found.left, found.measured) == (90.0, True)
    nothing = _meter(clock, items=1, total=Amount(1, 5))
    assert (nothing.snapshot().left, nothing.snapshot().measured) == (None, False)


def test_a_rate_is_of_the_last_minute(clock: Clock) -> None:
    meter = _meter(clock, items=1, total=Amount(1, 10**6))
    with counting(meter), working_on("a", Amount(1, 10**6)):
        for second in range(200):
            moved(bytes=1000 if second < 100 else 10)
            clock.at += 1
            found = meter.snapshot()
        assert found.rate is not None and 9.9 < found.rate < 30
        assert len(meter._samples) <= 62


def test_what_an_earlier_run_did_is_neither_fast_nor_left(clock: Clock) -> None:
    meter = _meter(
        clock, items=4, total=Amount(10, 1000), done=2, moved=Amount(8, 900), calls=2, called=1, floor=10.0
    )
    clock.at += 10
    found = meter.snapshot()
    assert (found.items, found.moved, found.rate, found.left) == (2, Amount(8, 900), 0.0, 5.0)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 500), st.booleans()), max_size=20))
def test_it_never_shows_more_than_all(work: list[tuple[int, int, bool]]) -> None:
    clock = Clock()
    total = sum((Amount(blobs, bytes_) for blobs, bytes_, _ in work), Amount())
    meter = _meter(clock, items=len(work), total=total, calls=sum(1 for b, n, _ in work if b == n == 0))
    with counting(meter):
        for number, (blobs, bytes_, ends) in enumerate(work):
            with working_on(str(number), Amount(blobs, bytes_)) as done:
                moved(blobs=60, bytes=300)
                clock.at += 1
                found = meter.snapshot()
                assert found.moved == found.moved.at_most(total) and (found.left is None or found.left >= 0)
                if ends:
                    done()
    found = meter.snapshot()
    assert found.items == sum(1 for *_, ends in work if ends) and found.under_way == ()
    if all(ends for *_, ends in work):
        assert found.moved == total and not found.left


def test_it_is_looked_at_while_work_begins_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    # A bar is drawn by a thread of its own, which any line of the work may come between.
    meter, at_most = Meter(3, Amount(3, 30)), Amount.at_most
    meter.begin("a", Amount(1, 10))
    meter.begin("b", Amount(1, 10))

    def meanwhile(one: Amount, other: Amount) -> Amount:
        if "c" not in meter._under_way:
            meter.begin("c", Amount(1, 10))
        return at_most(one, other)

    monkeypatch.setattr(Amount, "at_most", meanwhile)
    assert [name for name, _ in meter.snapshot().under_way] == ["a", "b"]
    assert [name for name, _ in meter.snapshot().under_way] == ["a", "b", "c"]
