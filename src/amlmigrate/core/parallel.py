"""Many small works at once, a bounded number of them under way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterable,
    Mapping,
)
from contextlib import asynccontextmanager
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")


def never() -> bool:
    """Nobody says stop."""
    return False


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A group of tasks of which the first exception ends the rest and is raised as it is, in no group."""
    failed: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except* Exception as errors:  # noqa: BLE001 - taken out of its group, and raised as it is
        failed = _first(errors)
    # Not within `except*`: before Python 3.11.4 what is raised there comes in a group of its own.
    if failed is not None:
        raise failed


async def gathered(work: Mapping[K, Coroutine[Any, Any, T]]) -> dict[K, T]:
    """What each work comes to, by its name. The first exception ends the rest and is raised as it is."""
    async with together() as group:
        tasks = {name: group.create_task(one) for name, one in work.items()}
    return {name: task.result() for name, task in tasks.items()}


async def each(
    items: Iterable[T],
    work: Callable[[T], Awaitable[None]],
    *,
    parallel: int,
    stopping: Callable[[], bool] = never,
) -> bool:
    """Does `work` for each item. The first exception ends the rest and is raised as it is.

    Once `stopping` says so no further item is begun; False where some were left for that.
    """
    known = deque(items)

    async def worker() -> None:
        while known and not stopping():
            await work(known.popleft())

    async with together() as group:
        for _ in range(min(parallel, len(known))):
            group.create_task(worker())
    return not known


async def in_order(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], *, parallel: int
) -> AsyncGenerator[R, None]:
    """What `work` gives for each item, in their order, while as many of the next are under way.

    The first exception, in that order, ends the rest and is raised as it is.
    """
    under_way: deque[asyncio.Future[R]] = deque()
    try:
        for item in items:
            under_way.append(asyncio.ensure_future(work(item)))
            if len(under_way) >= parallel:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


@asynccontextmanager
async def ahead(
    items: Mapping[K, T], work: Callable[[T], Awaitable[R]], *, parallel: int
) -> AsyncIterator[Callable[[K], asyncio.Future[R] | None]]:
    """Does `work` for some items before their turn, in this order, beside all else that is done.

    Gives whom to ask for an item when its turn has come: for what its work gives, if it was begun; None if it was
    not, and then never will be. What was begun and nobody asked for is ended at the end.
    """
    waiting, begun = dict(items), dict[K, asyncio.Future[R]]()

    async def worker() -> None:
        while waiting:
            name = next(iter(waiting))
            begun[name] = asyncio.ensure_future(work(waiting.pop(name)))
            # What it raises is for who asks for the item.
            await asyncio.wait([begun[name]])

    def taken(name: K) -> asyncio.Future[R] | None:
        waiting.pop(name, None)
        return begun.get(name)

    workers = [asyncio.ensure_future(worker()) for _ in range(min(parallel, len(items)))]
    try:
        yield taken
    finally:
        tasks: list[asyncio.Future[Any]] = [*workers, *begun.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def one_by_one(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], *, parallel: int
) -> AsyncGenerator[R, None]:
    """The same of work that waits for nothing; after each `parallel` of them others have a turn."""
    for number, item in enumerate(items, 1):
        yield await work(item)
        if number % parallel == 0:
            await asyncio.sleep(0)


async def in_turns(items: Iterable[T], *, every: int = 1_000) -> AsyncGenerator[T, None]:
    """The same items; after each `every` of them all else that waits has its turn, as a lease that is renewed."""
    for number, item in enumerate(items, 1):
        yield item
        if number % every == 0:
            await asyncio.sleep(0)


def _first(errors: BaseExceptionGroup[Exception]) -> Exception:
    """The first plain exception of a group."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
