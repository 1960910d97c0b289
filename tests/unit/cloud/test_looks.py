"""A look serves all who asked before it began, and nobody who asked later."""

from __future__ import annotations

import asyncio

import pytest

from amlmigrate.cloud.looks import Looks


class Thing:
    """What is looked at: each look tells how many times anybody had looked, and ends when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.let = asyncio.Event()

    async def look(self) -> bool:
        self.begun += 1
        number = self.begun
        await self.let.wait()
        return number > 1


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_one_is_under_way_gets_the_next_one_with_all_others() -> None:
    thing, looks = Thing(), Looks()
    first = asyncio.ensure_future(looks.next(thing.look))
    await _turns()
    later = [asyncio.ensure_future(looks.next(thing.look)) for _ in range(5)]
    await _turns()
    assert thing.begun == 1, "one at a time"
    thing.let.set()
    assert await first is False
    assert await asyncio.gather(*later) == [True] * 5 and thing.begun == 2


async def test_who_no_longer_waits_ends_it_for_nobody_else() -> None:
    thing, looks = Thing(), Looks()
    gone, stays = (asyncio.ensure_future(looks.next(thing.look)) for _ in range(2))
    await _turns()
    gone.cancel()
    await _turns()
    thing.let.set()
    assert await stays is False and gone.cancelled()


async def test_where_nobody_waits_any_more_nothing_goes_on_and_the_next_begins_anew() -> None:
    thing, looks = Thing(), Looks()
    first = asyncio.ensure_future(looks.next(thing.look))
    await _turns()
    waiting = asyncio.ensure_future(looks.next(thing.look))
    await _turns()
    waiting.cancel()
    await _turns()
    anew = asyncio.ensure_future(looks.next(thing.look))
    thing.let.set()
    assert await first is False and await anew is True and thing.begun == 2
    assert len(asyncio.all_tasks()) == 1


async def test_what_it_raises_is_for_all_who_wait() -> None:
    looks = Looks()

    async def fails() -> bool:
        raise ValueError("no")

    found = await asyncio.gather(*(looks.next(fails) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError] * 3
    with pytest.raises(ValueError, match="no"):
        await looks.next(fails)
