"""One deed with its records, whole also where a signal ends the command in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

# So long a call that is under way may take to be answered before it is given up.
_SECONDS = 2.0


async def whole(deed: Coroutine[Any, Any, None]) -> None:
    """Does it. Cancelled, it comes to its end first if that does not take long; else it is cancelled too."""
    task = asyncio.ensure_future(deed)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_SECONDS)
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            # What it raised, if anything, is of no interest to who is told to end.
            task.exception()
        raise
