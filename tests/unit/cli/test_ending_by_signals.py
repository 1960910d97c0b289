"""What a signal does, in the loop of a command."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from amlmigrate.cli import signals
from amlmigrate.core.stop import Stop

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def test_a_signal_ends_work_that_asks_for_it_and_cancels_the_command_after_it() -> None:
    told: list[str] = []
    stop = Stop()

    async def work() -> None:
        with stop.obeyed(lambda: told.append("once")):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.1)
        assert told == ["once"] and stop()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(5)
        told.append("went on")

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(signals.listening(work(), stop))
    assert told == ["once"]


@BOTH
def test_a_signal_cancels_work_that_does_not_ask(number: int) -> None:
    stop = Stop()

    async def work() -> None:
        os.kill(os.getpid(), number)
        await asyncio.sleep(5)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(signals.listening(work(), stop))
    assert not stop()


@BOTH
def test_the_second_signal_cancels_whichever_came_first(number: int) -> None:
    told: list[str] = []
    stop = Stop()
    other = signal.SIGINT if number == signal.SIGTERM else signal.SIGTERM

    async def work() -> None:
        with stop.obeyed(lambda: told.append("once")):
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.1)
            os.kill(os.getpid(), other)
            await asyncio.sleep(5)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(signals.listening(work(), stop))
    assert told == ["once"]


def test_a_signal_is_taken_and_told_where_something_else_wanted_the_end_before_it() -> None:
    """A run that has lost its lock ends what is under way: the first signal waits for that too."""
    told: list[str] = []
    stop = Stop()
    stop.want()
    with stop.obeyed(lambda: told.append("once")):
        assert stop.signal() and not stop.signal()
    assert told == ["once"]
