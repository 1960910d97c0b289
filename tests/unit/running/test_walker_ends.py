"""The end of a walk before all is done: a stop lets what is under way end, a bug ends all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.unit.running.walk import TREE, Walk
from tests.unit.world import step

from amlmigrate.core.plan import Step
from amlmigrate.core.state import State


async def test_a_stop_takes_no_further_step_and_lets_those_under_way_end(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)
    stopping = asyncio.Event()

    async def held(walked: Step, state: State) -> None:
        await stopping.wait()
        await one.carry_out(walked, state)

    walker = one.walker(held)
    task = asyncio.create_task(walker.walk(2))
    await asyncio.sleep(0)
    walker.stop()
    stopping.set()
    tally = await task
    assert tally.stopped
    assert tally.done == len(one.begun) <= 2
    assert one.states()["m/b"] is State.PENDING


async def test_a_stop_after_the_last_step_stopped_nothing(walk: Callable[..., Walk]) -> None:
    one = walk(step("m/a"))
    walker = one.walker()

    async def last(walked: Step, state: State) -> None:
        walker.stop()
        await one.carry_out(walked, state)

    walker = one.walker(last)
    assert not (await walker.walk(1)).stopped


async def test_an_unexpected_error_ends_the_walk_and_is_raised(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)
    ended: list[str] = []

    async def broken(walked: Step, _: State) -> None:
        if str(walked.address) == "m/a":
            await asyncio.sleep(0.001)
            raise KeyError("a bug")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(str(walked.address))
            raise

    with pytest.raises(KeyError, match="a bug"):
        await one.walker(broken).walk(4)
    assert ended == ["m/e"]
