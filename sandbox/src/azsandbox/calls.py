"""One HTTP exchange inside the sandbox: the call as it came in, the answer as it will go out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, unquote

from aiohttp import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy

from azsandbox.messages import Principal


class TooLarge(Exception):
    """A body longer than the service takes."""


@dataclass(slots=True)
class HttpCall:
    """One request. `target` is the request line's path and query as sent; `headers` ignore case.

    `length` is the announced number of body bytes, None for a chunked body; `ports` are that of the calling
    process on this machine and that which it called; `note` is what the log says besides; `after` is run when
    the answer is out.
    """

    method: str
    host: str
    target: str
    headers: CIMultiDictProxy[str]
    stream: StreamReader
    length: int | None
    ports: tuple[int, int]
    principal: Principal | None = None
    received: int = 0
    note: dict[str, object] = field(default_factory=dict)
    after: Callable[[], Awaitable[None]] | None = None
    _body: bytes | None = None

    @property
    def raw_path(self) -> str:
        """The path as sent, without the query."""
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(self.raw_path)

    @property
    def raw_query(self) -> str:
        """The query as sent, without the question mark."""
        return self.target.partition("?")[2]

    @property
    def query(self) -> Mapping[str, str]:
        """The query, decoded; the last value of each name."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises TooLarge when there is more than `limit` bytes of it."""
        if self._body is None:
            if (self.length or 0) > limit:
                raise TooLarge
            self._body = b"".join([piece async for piece in self.pieces(limit)])
        return self._body

    async def pieces(self, limit: int | None = None) -> AsyncIterator[bytes]:
        """The body as it comes in, counted. Raises TooLarge when there is more than `limit` bytes of it."""
        async for piece in self.stream.iter_any():
            self.received += len(piece)
            if limit is not None and self.received > limit:
                raise TooLarge
            yield piece


@dataclass(slots=True)
class Answer:
    """One answer. `length` is that of a streamed `body`, where known; `release` frees its source."""

    status: int
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes | AsyncIterator[bytes] = b""
    length: int | None = None
    release: Callable[[], None] | None = None

    def discard(self) -> None:
        """Frees what stands behind an answer that will not be sent."""
        if self.release is not None:
            self.release()
            self.release = None

    async def whole(self) -> bytes:
        """The body in memory; only for answers known to be short."""
        if not isinstance(self.body, bytes):
            self.body = b"".join([piece async for piece in self.body])
        return self.body


class Endpoint(Protocol):
    """Whatever answers for a host, with bodies streamed."""

    async def serve(self, call: HttpCall) -> Answer:
        """Answers one call."""
        ...


class Gone(Exception):
    """The connection is to be cut without an answer."""
