"""The front: decodes what arrives for a host, has its endpoint answer, sends the answer, logs both."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from azsandbox import judged
from azsandbox.calls import Answer, Endpoint, Gone, HttpCall
from azsandbox.connections import HttpServer
from azsandbox.refusals import crashed, invalid_host, malformed
from azsandbox.requestlog import RequestLog, redact
from azsandbox.tokens import BadToken, Tokens

_log = logging.getLogger(__name__)
_LINE_LIMIT = 65536  # long-running operations of ARM have URLs of several thousand characters
_NO_CONTENT = {204, 304}


class Front:
    """HTTP for every host of the sandbox. `find` gives the endpoint of a host."""

    def __init__(self, find: Callable[[str], Endpoint], tokens: Tokens, log: RequestLog) -> None:
        self._find, self._tokens, self._log = find, tokens, log
        self._servers: dict[str, HttpServer] = {}

    def protocol(self, host: str) -> asyncio.Protocol:
        """A protocol for one connection to `host`."""
        if host not in self._servers:
            self._servers[host] = HttpServer(
                partial(self._handle, host),
                partial(malformed, host),
                access_log=None,
                auto_decompress=False,
                max_line_size=_LINE_LIMIT,
                max_field_size=_LINE_LIMIT,
            )
        return self._servers[host]()

    async def close(self) -> None:
        """Lets running requests end for a moment, then closes all connections."""
        servers = list(self._servers.values())
        await asyncio.gather(*(server.shutdown(timeout=2.0) for server in servers))

    def refused(self, method: str, target: str, status: int) -> None:
        """Logs what the proxy refused."""
        self._log.write(method=method, host=redact(target), status=status, refused="not a host of the sandbox")

    async def _handle(self, host: str, request: web.BaseRequest) -> web.StreamResponse:
        started = time.perf_counter()
        call = _decode(host, request)
        status, sent = 0, 0
        try:
            answer = await self._answer(call, request)
            status = answer.status
            response, sent = await _send(request, answer)
            if call.after is not None:
                await call.after()
        except (Gone, ConnectionError) as ending:
            call.note["connection"] = "cut" if isinstance(ending, Gone) else "lost"
            return _cut(request)
        else:
            return response
        finally:
            self._write(call, status, sent, started)

    async def _answer(self, call: HttpCall, request: web.BaseRequest) -> Answer:
        named = request.headers.get("Host", "").lower()
        if named.removesuffix(":443") != call.host:
            return invalid_host(call.host, named)
        if request.headers.get("Expect", "").lower() == "100-continue":
            assert request.transport is not None
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        with suppress(BadToken):  # each endpoint answers a bad token in its own words
            call.principal = self._tokens.check(call.headers.get("Authorization"))
        try:
            return await self._judged(call)
        except (Gone, ConnectionError):
            raise
        except HttpProcessingError:
            return malformed(call.host)
        except Exception:  # noqa: BLE001 (a client never sees a traceback, and the sandbox goes on)
            reference = uuid.uuid4().hex
            _log.exception("%s %s%s failed, reference %s", call.method, call.host, call.raw_path, reference)
            call.note["failure"] = reference
            return crashed(call.host, reference)

    async def _judged(self, call: HttpCall) -> Answer:
        """The answer of the host's endpoint; the log has by which actions the caller was let in."""
        with judged.noting(call.principal.object_id if call.principal else "") as noted:
            try:
                return await self._find(call.host).serve(call)
            finally:
                call.note.update(noted.shown)

    def _write(self, call: HttpCall, status: int, sent: int, started: float) -> None:
        self._log.write(
            principal=_who(call),
            method=call.method,
            host=call.host,
            path=call.raw_path,
            query=redact(call.raw_query) or None,
            status=status,
            request_bytes=call.received,
            response_bytes=sent,
            ms=round((time.perf_counter() - started) * 1000, 1),
            **call.note,
        )


def _decode(host: str, request: web.BaseRequest) -> HttpCall:
    # Of a client that went away TLS has nothing any more, and fails where it is asked.
    transport = None if request.transport is None or request.transport.is_closing() else request.transport
    ends = [transport.get_extra_info(end) if transport else None for end in ("peername", "sockname")]
    return HttpCall(
        method=request.method,
        host=host,
        target=request.raw_path,
        headers=request.headers,
        stream=request.content,
        length=request.content_length if request.content_length is not None else _implied(request),
        ports=(ends[0][1] if ends[0] else 0, ends[1][1] if ends[1] else 0),
    )


def _implied(request: web.BaseRequest) -> int | None:
    return None if request.body_exists else 0


def _who(call: HttpCall) -> str | None:
    if call.principal is not None:
        return call.principal.app_id
    if call.headers.get("Authorization", "").startswith("SharedKey"):
        return "shared-key"
    return "sas" if "sig=" in call.raw_query else None


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # for aiohttp's own bookkeeping: nothing can be sent any more


async def _send(request: web.BaseRequest, answer: Answer) -> tuple[web.StreamResponse, int]:
    headers = CIMultiDict(answer.headers)
    headers.setdefault("Server", "azsandbox")
    try:
        if isinstance(answer.body, bytes):
            return await _send_bytes(request, answer.status, headers, answer.body)
        return await _send_stream(request, answer, headers)
    finally:
        answer.discard()


async def _send_bytes(
    request: web.BaseRequest, status: int, headers: CIMultiDict[str], body: bytes
) -> tuple[web.StreamResponse, int]:
    response = web.Response(status=status, headers=headers, body=None if status in _NO_CONTENT else body)
    await response.prepare(request)
    await response.write_eof()
    return response, 0 if request.method == "HEAD" else len(body)


async def _send_stream(
    request: web.BaseRequest, answer: Answer, headers: CIMultiDict[str]
) -> tuple[web.StreamResponse, int]:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = answer.length
    await response.prepare(request)
    sent = 0
    assert not isinstance(answer.body, bytes)
    if request.method != "HEAD":
        async for piece in answer.body:
            await response.write(piece)
            sent += len(piece)
    await response.write_eof()
    return response, sent
