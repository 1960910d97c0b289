"""A question to whoever sits at the terminal, which a signal still ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from amlmigrate.cli.views import consoles, terminal
from amlmigrate.cli.views.page import Page
from amlmigrate.core.events import Event


@dataclass(frozen=True, slots=True)
class AskedView:
    """What has to be agreed to before anything is done. Only people are asked."""

    asks: Sequence[str]

    def human(self, page: Page) -> None:
        """A line for each."""
        page.gap()
        page.line("This cannot be undone, or changes what others have or use:")
        for one in self.asks:
            page.line(f"- {one}", indent=2)

    def as_json(self) -> Iterator[Event]:
        """Nothing: a program says yes by an option."""
        return iter(())


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
