"""SIGINT and SIGTERM: a command ends in good order, and leaves with an exit code and a sentence."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from amlmigrate.core.stop import Stop

T = TypeVar("T")
_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def before_the_loop() -> None:
    """Until there is a loop that hears it, and after it, SIGTERM raises KeyboardInterrupt as SIGINT does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


async def listening(work: Coroutine[Any, Any, T], stop: Stop) -> T:
    """Does the work of a command; a signal cancels it, but for the first one that `stop` takes.

    Both signals are one, since who sends them may begin with one and go on with the other.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task

    def heard() -> None:
        if stop.signal():
            return
        if task.cancelling():
            # It hangs while it cleans up: asyncio.run cancels that too.
            raise KeyboardInterrupt
        task.cancel()

    for number in _NUMBERS:
        loop.add_signal_handler(number, heard)
    return await work
