"""SIGINT and SIGTERM: a command ends in good order, and leaves with an exit code and a sentence."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def before_the_loop() -> None:
    """Until there is a loop that hears it, and after it, SIGTERM raises KeyboardInterrupt as SIGINT does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


async def listening(work: Coroutine[Any, Any, T]) -> T:
    """Does the work of a command; a signal cancels it."""
    hear()
    return await work


@contextmanager
def draining() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Takes a way to drain, for the first signal inside; after it signals are heard as before."""
    try:
        yield hear
    finally:
        hear()


def hear(drain: Callable[[], None] | None = None) -> None:
    """From now on a signal cancels the current task; where there is a way to drain, only the second does.

    One count for both signals, since who sends them may begin with one and go on with the other.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    heard = 0

    def told() -> None:
        nonlocal heard
        heard += 1
        if heard == 1 and drain:
            drain()
        elif task.cancelling():
            # It hangs while it cleans up: asyncio.run cancels that too.
            raise KeyboardInterrupt
        else:
            task.cancel()

    for number in _NUMBERS:
        loop.add_signal_handler(number, told)
