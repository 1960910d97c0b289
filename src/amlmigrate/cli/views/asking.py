"""A question to whoever sits at the terminal, which a signal still ends."""

from __future__ import annotations

import asyncio
import sys

from amlmigrate.cli.views import consoles, terminal


def possible() -> bool:
    """Whether somebody can be asked: both what is read and what is written is a terminal."""
    return sys.stdin.isatty() and consoles.console().is_terminal


async def yes(question: str) -> bool:
    """Whether the answer is `yes`; an end of input is none."""
    terminal.write(question)
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()
    # The loop waits, and not a read: so SIGINT and SIGTERM are heard meanwhile.
    loop.add_reader(sys.stdin.fileno(), answered.set)
    try:
        await answered.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline().strip().lower() == "yes"
