"""The ledger from the event loop: one thread, so that a slow disk does not hold up the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.plan import Gone
from amlmigrate.core.state import State
from amlmigrate.core.workspace import Location
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.lock import Lock

T = TypeVar("T")


class AsyncLedger:
    """What a run writes to its ledger and asks of it, in order; each call returns when it is on disk.

    A write to a disk takes milliseconds, and a run has many steps under way: what was asked while one was being
    written goes to the disk with the next, all of it at once. Each call does what that of `Ledger` says.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    # Steps.

    async def move(self, address: Address, state: State, **what: Any) -> None:
        """Moves a step on; `what` is recorded with it."""
        await self._do(self._ledger.move, address, state, **what)

    async def creates(self, address: Address) -> bool:
        """Whether it shows a document as created in the target."""
        return await self._do(self._ledger.creates, address)

    async def owned(self) -> set[str]:
        """The addresses of documents that it shows as created in the target."""
        return await self._do(self._ledger.owned)

    async def left_of(self, item: Address) -> str | None:
        """The digest of a document as this plan's last write of it left it."""
        return await self._do(self._ledger.left_of, item)

    async def operation(self, address: Address) -> dict[str, Any] | None:
        """Where a change that was accepted is polled."""
        return await self._do(self._ledger.operation, address)

    # Blobs.

    async def begin_copy(self, address: Address, target: Location, blobs: Iterable[Blob]) -> None:
        """Moves a step on to its copies, and records which are asked for that were not there."""
        await self._do(self._ledger.begin_copy, address, target, list(blobs))

    async def ask_for(self, target: Location, blobs: Iterable[Blob]) -> None:
        """Records further ones."""
        await self._do(self._ledger.ask_for, target, list(blobs))

    async def copied(self, target: Location, copies: Iterable[tuple[str, Copied]]) -> None:
        """Records copies in a container."""
        await self._do(self._ledger.copied, target, list(copies))

    async def begin_deleting(self, address: Address, gone: Iterable[Gone]) -> None:
        """Moves a step on to its deletions, and records which are asked for."""
        await self._do(self._ledger.begin_deleting, address, list(gone))

    async def asked(self, address: Address) -> frozenset[str]:
        """The paths that a step asked to be deleted, and that are not recorded as gone."""
        return await self._do(self._ledger.asked, address)

    async def deleted(self, address: Address, paths: Iterable[str]) -> None:
        """Records that blobs of a step are deleted."""
        await self._do(self._ledger.deleted, address, list(paths))

    async def leave(self, address: Address, target: Location, left: Mapping[str, str]) -> None:
        """Records which blobs of the target a step left alone."""
        await self._do(self._ledger.leave, address, target, left)

    # The lock.

    async def beat(self, lock: Lock) -> None:
        """Says that the run is alive. Raises PlanLockedError when another run has taken the plan over."""
        await self._do(lock.beat)

    def close(self) -> None:
        """Waits for what is under way."""
        self._thread.shutdown(wait=True)

    async def _do(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
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
