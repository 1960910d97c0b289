"""Hashes the bytes of one version of a blob or a file, read once and kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, cast

from amlmigrate.cloud.curl import Head
from amlmigrate.cloud.digests import Digest
from amlmigrate.cloud.ranges import RANGE, Range, Version, nobody, ranges_of, read, read_range
from amlmigrate.cloud.rawcalls import RawCalls
from amlmigrate.core.errors import InterruptedRunError
from amlmigrate.core.parallel import in_order

# So many long ones are read at a time, each so many ranges ahead: what is read waits in memory for its turn.
LONG_AT_ONCE = 4
AHEAD = 4


class Hashing:
    """Reads over the calls of one client. A long one is read in ranges, each tried again by itself."""

    def __init__(self, call: Callable[..., Awaitable[Any]]) -> None:
        self._call = call
        self._long = asyncio.Semaphore(LONG_AT_ONCE)
        # Used again for other ranges: to have the memory of each anew takes as long as to read it.
        self._buffers: list[bytearray] = []

    async def digest(
        self,
        storage: RawCalls,
        version: Version,
        begin: Callable[[], Digest],
        stopping: Callable[[], bool],
        seen: Callable[[Head], None] = nobody,
    ) -> tuple[str, str, int]:
        """SHA-256 (hex), MD5 (base64) and length; `begin` is asked for a new digest for each attempt.

        `seen` is shown the head of the answer where all bytes came in one. Raises InterruptedRunError between two
        ranges once `stopping` says so; ServiceError 412 for another version than was listed.
        """
        if not version.length:
            return begin().result()
        if version.length <= RANGE:
            return await self._short(storage, version, begin, seen)
        async with self._long:
            return await self._in_ranges(storage, version, begin(), stopping)

    async def _short(
        self, storage: RawCalls, version: Version, begin: Callable[[], Digest], seen: Callable[[Head], None]
    ) -> tuple[str, str, int]:
        async def call() -> tuple[str, str, int]:
            digest = begin()
            await read(storage, version, Range(0, version.length), digest.update, seen)
            return digest.result()

        found: tuple[str, str, int] = await self._call("GET", version.url, call)
        return found

    async def _in_ranges(
        self, storage: RawCalls, version: Version, digest: Digest, stopping: Callable[[], bool]
    ) -> tuple[str, str, int]:
        async def fetched(part: Range) -> memoryview:
            if stopping():
                raise InterruptedRunError("Stopped before all bytes of a blob were read.")
            buffer = self._buffers.pop() if self._buffers else bytearray(RANGE)
            view: memoryview = await self._call(
                "GET", version.url, partial(read_range, storage, version, part, buffer)
            )
            return view

        async with aclosing(in_order(ranges_of(version.length, RANGE), fetched, parallel=AHEAD)) as parts:
            async for data in parts:
                # Hashing lets go of the interpreter for long buffers, so a thread overlaps it with reading.
                await asyncio.to_thread(digest.update, data)
                self._buffers.append(cast(bytearray, data.obj))
        return digest.result()
