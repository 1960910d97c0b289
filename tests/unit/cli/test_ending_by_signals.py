"""What a signal does, in the loop of a command."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from amlmigrate.cli import signals


def test_a_signal_drains_while_there_is_something_to_drain_and_ends_the_command_after_it() -> None:
    drained: list[str] = []

    async def work() -> None:
        with signals.draining() as hear:
            hear(lambda: drained.append("once"))
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.1)
        assert drained == ["once"]
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(5)
        drained.append("went on")

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(signals.listening(work()))
    assert drained == ["once"]
