"""The end of a walk before all is done: a stop lets what is under way end, and a bug fails its step alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from tests.builders.world import step
from tests.unit.running.walk import TREE, Walk

from amlmigrate.core.address import Address
from amlmigrate.core.errors import InterruptedRunError
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
    one.stop.want()
    stopping.set()
    tally = await task
    assert tally.stopped
    assert tally.done == len(one.begun) <= 2
    assert one.states()["m/b"] is State.PENDING


async def test_a_stop_after_the_last_step_stopped_nothing(walk: Callable[..., Walk]) -> None:
    one = walk(step("m/a"))
    walker = one.walker()

    async def last(walked: Step, state: State) -> None:
        one.stop.want()
        await one.carry_out(walked, state)

    walker = one.walker(last)
    assert not (await walker.walk(1)).stopped


async def test_what_nobody_foresaw_fails_its_step_and_stops_no_other(
    walk: Callable[..., Walk], caplog: pytest.LogCaptureFixture
) -> None:
    one = walk(*TREE)
    one.failing["m/b"] = KeyError("s3cret")
    with caplog.at_level(logging.INFO):
        tally = await one.walk()
    assert tally.unforeseen and not tally.denied
    assert one.states()["m/b"] is State.FAILED and one.states()["m/c"] is State.BLOCKED
    assert tally.done == 3
    [error] = tally.failed
    assert "KeyError in walk.py:" in error.summary and error.remedy and error.address == "m/b"
    # Where it happened is told to who asks for it; the exception's own text may hold a secret.
    assert "carry_out" in caplog.text
    told = [
        error.summary,
        error.remedy,
        one.ledger.step(Address.parse("m/b")).detail,
        caplog.text,
        str(one.events),
    ]
    assert not any("s3cret" in text for text in told)


async def test_a_step_that_stops_in_the_middle_has_not_failed(walk: Callable[..., Walk]) -> None:
    one = walk(*TREE)

    async def half(walked: Step, state: State) -> None:
        await one.written.move(walked.address, State.DOING)
        one.stop.want()
        raise InterruptedRunError("in the middle")

    walker = one.walker(half)
    tally = await walker.walk(1)
    assert tally.stopped and not tally.failed
    assert one.states()["m/a"] is State.DOING
    assert [event.name for event in one.events] == ["step.doing"]
