"""Many small works at once, a bounded number of them under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def each(items: Iterable[T], work: Callable[[T], Awaitable[None]], *, parallel: int) -> None:
    """Does `work` for each item. The first exception ends the rest and is raised as it is."""
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(worker())
    except* Exception as errors:  # noqa: BLE001 - taken out of its group, and raised as it is
        raise first(errors) from None


def first(errors: BaseExceptionGroup[Exception]) -> Exception:
    """The first plain exception of a group."""
    error = errors.exceptions[0]
    return first(error) if isinstance(error, BaseExceptionGroup) else error
