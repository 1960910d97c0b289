"""The ledger from the event loop: one thread, so that a slow disk does not hold up the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from amlmigrate.core.address import Address
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger

T = TypeVar("T")


class Recorder:
    """Writes to the ledger in order; each call returns when it is on disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def do(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Does one call of the ledger in its thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(*arguments, **named))

    async def move(self, address: Address, state: State, *, detail: str = "", target_id: str = "") -> None:
        """Moves a step on."""
        await self.do(self._ledger.move, address, state, detail=detail, target_id=target_id)

    def close(self) -> None:
        """Waits for what is under way."""
        self._thread.shutdown(wait=True)
