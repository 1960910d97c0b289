"""One look for many who wait for one: it begins after each of them asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Waited:
    """One that has not begun, or is under way, and how many wait for it."""

    task: asyncio.Task[bool]
    waiting: int = 0


class Looks:
    """Looks at one thing, one at a time. Who asks while one is under way waits for the next, as all others do."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._next: _Waited | None = None

    async def next(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """What a look shows that begins from now on. Raises what it raises."""
        mine = self._next = self._next or _Waited(asyncio.ensure_future(self._made(look)))
        mine.waiting += 1
        try:
            # Who no longer waits ends it for nobody else.
            return await asyncio.shield(mine.task)
        finally:
            mine.waiting -= 1
            if not mine.waiting:
                mine.task.cancel()
                self._next = None if self._next is mine else self._next

    async def _made(self, look: Callable[[], Awaitable[bool]]) -> bool:
        async with self._turn:
            # Who asks from now on asks too late for this one.
            self._next = None
            return await look()
