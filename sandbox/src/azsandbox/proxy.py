"""The forward proxy: CONNECT for the sandbox's own hosts ends in TLS here, everything else is refused."""

from __future__ import annotations

import asyncio
import fnmatch
import ssl
from collections.abc import Callable
from contextlib import suppress

from azsandbox.refusals import in_shape_of

_HEAD_LIMIT = 16384
_HANDSHAKE_SECONDS = 30.0

HOSTS = (
    "login.microsoftonline.com",
    "management.azure.com",
    "*.blob.core.windows.net",
    "*.file.core.windows.net",
    "*.vault.azure.net",
    "*.api.azureml.ms",
    "*.azurecr.io",
    "graph.microsoft.com",
    "api.loganalytics.azure.com",
    "prices.azure.com",
)


def allowed(host: str) -> bool:
    """Whether the sandbox stands in for this host."""
    return any(fnmatch.fnmatchcase(host, pattern) for pattern in HOSTS)


class _Early(asyncio.Protocol):
    """Keeps what arrives between the end of the handshake and the hand-over to the HTTP protocol.

    With TLS 1.3 the first request may share a segment with the client's Finished, before start_tls returns.
    """

    def __init__(self) -> None:
        self.kept = bytearray()
        self.ended = False

    def data_received(self, data: bytes) -> None:
        self.kept += data

    def eof_received(self) -> bool:
        self.ended = True
        return False

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self.kept:
            protocol.data_received(bytes(self.kept))
        if self.ended:
            protocol.eof_received()
            transport.close()


class Tunnel(asyncio.Protocol):
    """One connection to the proxy: reads the CONNECT request, then becomes TLS and HTTP for that host."""

    def __init__(
        self,
        context: Callable[[str], ssl.SSLContext],
        front: Callable[[str], asyncio.Protocol],
        refused: Callable[[str, str, int], None],
    ) -> None:
        self._context, self._front, self._refused = context, front, refused
        self._head = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end >= 0:
            self._transport.pause_reading()
            self._begin(bytes(self._head[:end]), bytes(self._head[end + 4 :]))
        elif len(self._head) > _HEAD_LIMIT:
            self._refuse(400, "", "?", "The request's head is too long.")

    def _begin(self, head: bytes, rest: bytes) -> None:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            self._refuse(400, "", "?", "This is a proxy; it takes CONNECT requests.")
            return
        method, target, _ = words
        if method != "CONNECT":
            self._refuse(403, method, target, f"azsandbox forwards nothing: {method} {target} is refused.")
            return
        host, _, port = target.lower().rpartition(":")
        if port != "443" or not allowed(host):
            self._refuse(403, method, target, f"azsandbox has no {target}, and nothing leaves this machine.")
            return
        if rest:
            self._refuse(400, method, target, "Nothing may follow a CONNECT request before its answer.")
            return
        self._task = asyncio.get_running_loop().create_task(self._open(host))

    def _refuse(self, status: int, method: str, target: str, text: str) -> None:
        assert self._transport is not None
        answer = in_shape_of(
            target.rpartition(":")[0], status, "HostNotAvailable" if status == 403 else "BadRequest", text
        )
        assert isinstance(answer.body, bytes)
        body = answer.body
        phrase = {400: "Bad Request", 403: "Forbidden"}[status]
        lines = (
            f"HTTP/1.1 {status} {phrase}",
            f"Content-Type: {answer.headers['Content-Type']}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            "",
            "",
        )
        self._transport.write("\r\n".join(lines).encode() + body)
        self._transport.close()
        self._refused(method, target, status)

    async def _open(self, host: str) -> None:
        assert self._transport is not None
        loop, early = asyncio.get_running_loop(), _Early()
        self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with suppress(OSError, ssl.SSLError, ConnectionError):
            tls = await loop.start_tls(
                self._transport,
                early,
                self._context(host),
                server_side=True,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            )
            if tls is not None:
                early.hand_over(tls, self._front(host))
