"""Reads that only tell something: what is refused, or has no answer in time, is not checked, and stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.documents import Document
from amlmigrate.posture.reading import Read

T = TypeVar("T")
# Half an hour of retries is for what a command cannot do without.
SECONDS = 60.0


async def answered(call: Awaitable[T | None], seconds: float = SECONDS) -> Read[T]:
    """One read of ARM, whatever it comes to. Raises only where this process must stop, as for a lost lease."""
    try:
        async with asyncio.timeout(seconds):
            return Read(await call)
    except ServiceError as error:
        return Read(refused=error.summary, code=error.code)
    except OutOfReachError as error:
        return Read(refused=error.summary)
    except TimeoutError:
        return Read(refused=f"Azure did not answer within {seconds:g} s.")


async def answered_list(arm: Arm, path: str) -> Read[list[Document]]:
    """One whole list, over all its pages."""

    async def every() -> list[Document]:
        return [item async for item in arm.pages(path)]

    return await answered(every())
