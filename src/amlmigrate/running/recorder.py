"""The ledger from the event loop: one thread, so that a slow disk does not hold up the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from amlmigrate.core.address import Address
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger

T = TypeVar("T")


class Recorder:
    """Writes to the ledger in order; each call returns when it is on disk.

    A write to a disk takes milliseconds, and a run has many steps under way: what was asked while one was being
    written goes to the disk with the next, all of it at once.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def do(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Does one call of the ledger in its thread."""
        asked: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, partial(call, *arguments, **named)))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await asked

    async def _write(self) -> None:
        """Does what waits, until nothing does. Who was cancelled before their turn has asked for nothing."""
        while batch := [(asked, call) for asked, call in self._waiting if not asked.done()]:
            self._waiting = []
            calls = [call for _, call in batch]
            ended = await asyncio.get_running_loop().run_in_executor(self._thread, self._ledger.together, calls)
            for (asked, _), (result, error) in zip(batch, ended, strict=True):
                if asked.done():
                    continue
                if error is None:
                    asked.set_result(result)
                else:
                    asked.set_exception(error)

    async def move(self, address: Address, state: State, **what: Any) -> None:
        """Moves a step on; `what` is recorded with it, as `Ledger.move` says."""
        await self.do(self._ledger.move, address, state, **what)

    def close(self) -> None:
        """Waits for what is under way."""
        self._thread.shutdown(wait=True)
