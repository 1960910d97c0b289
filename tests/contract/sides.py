"""One side of a migration, signed in to the local Azure as the environment says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Side


@asynccontextmanager
async def signed_in() -> AsyncIterator[Side]:
    """Whatever a test changes of how clients are made has to be changed before."""
    side = Side(Login())
    try:
        yield side
    finally:
        await side.close()
        # aiohttp closes TLS connections a moment after the session.
        await asyncio.sleep(0.1)
