"""Who performs tasks: this process, many at a time. Who decides and records does not know if it is another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import nullcontext
from typing import Protocol

from amlmigrate.bytes.performing import perform
from amlmigrate.bytes.tasks import CopyTask, DigestTask, Result, Task
from amlmigrate.cloud.store import StorePair
from amlmigrate.core.metering import moved
from amlmigrate.core.parallel import never, together

PARALLEL = 32
_LARGE_AT_ONCE = 2


class Executor(Protocol):
    """Performs tasks, wherever that is. It changes what a task says and no more, and records nothing.

    A task is handed out by who holds the lease on the target and has recorded what it asks for. What is performed
    elsewhere is not behind this process's fence (`cloud.fence`): of what a task changes only the conditions of its
    requests, and the tier and tags of a copy by a look right before, keep it from what somebody else wrote.
    """

    @property
    def parallel(self) -> int:
        """How many tasks it takes at a time."""
        ...

    async def perform(self, task: Task) -> Result:
        """Performs one. Raises like `performing.perform`."""
        ...


class LocalExecutor:
    """Performs tasks in this process and its event loop."""

    def __init__(
        self, stores: StorePair, *, parallel: int = PARALLEL, stopping: Callable[[], bool] = never
    ) -> None:
        """Once `stopping` says so, a long blob is left at the end of its block."""
        self.parallel = parallel
        self._stores = stores
        self._stopping = stopping
        # Each takes several times its length while it is read as JSON.
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def perform(self, task: Task) -> Result:
        """Performs one."""
        large = isinstance(task, CopyTask) and task.anew is not None
        async with self._large if large else nullcontext():
            result = await perform(task, self._stores, stopping=self._stopping)
        if not isinstance(task, DigestTask):
            # Of a comparison two digests are one blob: who asks for them counts it.
            moved(blobs=1)
        return result


async def streamed(tasks: Iterable[Task]) -> AsyncGenerator[Task, None]:
    """Tasks that are all there."""
    for task in tasks:
        yield task


async def performed(
    executor: Executor,
    tasks: AsyncIterator[Task],
    record: Callable[[Result], Awaitable[None]],
    *,
    stopping: Callable[[], bool] = never,
) -> bool:
    """Has tasks performed as they come, no more at a time than the executor takes, and each result recorded.

    The first exception ends the rest and is raised as it is. Once `stopping` says so no further task is begun;
    False where some may have been left for that.
    """
    room = asyncio.Semaphore(executor.parallel)

    async def one(task: Task) -> None:
        try:
            await record(await executor.perform(task))
        finally:
            room.release()

    async with together() as group:
        async for task in tasks:
            await room.acquire()
            if stopping():
                return False
            group.create_task(one(task))
    return True
