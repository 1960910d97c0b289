"""Many works at once: bounded, in order where that is asked for, and ended by the first failure."""

from __future__ import annotations

import asyncio

import pytest

from amlmigrate.core.parallel import ahead, each, in_order, together


class Work:
    """Counts how many are under way; the longer an item, the sooner it ends."""

    def __init__(self) -> None:
        self.now = self.most = self.begun = 0

    async def __call__(self, item: int) -> int:
        self.begun += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep((10 - item) / 1000)
        finally:
            self.now -= 1
        if item == 7:
            raise LookupError(item)
        return item * item


async def test_results_come_in_the_order_of_their_items() -> None:
    work = Work()
    assert [result async for result in in_order(range(7), work, parallel=3)] == [0, 1, 4, 9, 16, 25, 36]
    assert work.most == 3


async def test_the_first_failure_ends_the_rest() -> None:
    work = Work()
    with pytest.raises(LookupError):
        async for _ in in_order(range(100), work, parallel=3):
            pass
    assert work.now == 0
    assert work.begun <= 10


async def test_who_stops_asking_leaves_nothing_running() -> None:
    work = Work()
    results = in_order(range(7), work, parallel=3)
    assert await anext(results) == 0
    await results.aclose()
    assert work.now == 0


async def test_what_is_done_ahead_is_there_when_its_turn_comes_and_is_not_done_twice() -> None:
    work = Work()
    async with ahead({"a": 1, "b": 2, "c": 3, "d": 4}, work, parallel=2) as taken:
        await asyncio.sleep(0)
        assert taken("d") is None, "it was not begun, and is left to who asks"
        assert taken("e") is None
        results = [taken(name) for name in "ab"]
        assert [await one for one in results if one] == [1, 4]
        await asyncio.sleep(0.02)
        third = taken("c")
        assert third and await third == 9
    assert (work.begun, work.most, work.now) == (3, 2, 0)


async def test_what_nobody_asked_for_is_ended_and_its_failure_told_to_nobody() -> None:
    work = Work()
    async with ahead({"a": 7, "b": 1, "c": 2}, work, parallel=2) as taken:
        await asyncio.sleep(0)
        second = taken("b")
        assert second and await second == 1
    assert work.now == 0


async def test_a_failure_is_raised_where_it_is_asked_for_and_keeps_no_other_from_its_turn() -> None:
    work = Work()
    async with ahead({"a": 7, "b": 1}, work, parallel=1) as taken:
        await asyncio.sleep(0.05)
        second = taken("b")
        assert second and await second == 1
        with pytest.raises(LookupError):
            await (taken("a") or work(0))
    assert work.now == 0


@pytest.mark.parametrize("count", [0, 1, 5])
async def test_each_makes_no_more_workers_than_there_is_work(count: int) -> None:
    work, before = Work(), len(asyncio.all_tasks())

    async def one(item: int) -> None:
        assert len(asyncio.all_tasks()) - before <= count
        await work(item)

    await each(range(count), one, parallel=32)
    assert work.begun == count


async def test_nothing_is_begun_once_it_stops_and_what_was_ends() -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def work(item: int) -> None:
        begun.append(item)
        await asyncio.sleep(0)
        ended.append(item)

    assert await each(range(10), work, parallel=3)
    assert ended == list(range(10))
    begun.clear()
    ended.clear()
    assert not await each(range(10), work, parallel=3, stopping=lambda: len(ended) >= 2)
    # The one that was begun after the first had ended, and the two beside it, end too.
    assert begun == ended == [0, 1, 2, 3]
    assert not await each(range(10), work, parallel=3, stopping=lambda: True)


async def test_what_fails_together_is_raised_as_it_is_however_deep() -> None:
    ended: list[str] = []

    async def fails() -> None:
        raise LookupError("first")

    async def deeper() -> None:
        async with together() as group:
            group.create_task(fails())

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    with pytest.raises(LookupError, match="first"):
        async with together() as group:
            group.create_task(waits())
            await asyncio.sleep(0)
            group.create_task(deeper())
    assert ended == ["cancelled"]
