"""Faults on order: a wrapper around any endpoint that makes chosen requests fail as real ones do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from multidict import CIMultiDict

from azsandbox import callers
from azsandbox.blobs import unauthenticated
from azsandbox.calls import Answer, Endpoint, Gone, HttpCall
from azsandbox.faultrules import FaultRule, RuleBook
from azsandbox.refusals import arm_error, in_shape_of, is_storage
from azsandbox.services import vault_bad_token
from azsandbox.stale import StaleReads
from azsandbox.tokens import BadToken

_CODES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "RequestTimeout",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
_STORAGE_CODES = {500: "InternalError", 503: "ServerBusy", 504: "OperationTimedOut"}
_EXPIRED = "The access token expiry UTC time '1/1/2024 12:00:00 AM' is earlier than current UTC time."

Work = Callable[[HttpCall], Awaitable[Answer]]


class Faults:
    """The faults of one sandbox; `around` wraps each endpoint."""

    def __init__(self, path: Path, *, latency_ms: float = 0.0) -> None:
        self._book = RuleBook(path)
        self._latency = latency_ms / 1000
        self._stale = StaleReads()

    def around(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, with latency and faults."""
        return _Faulty(endpoint, self)

    async def serve(self, call: HttpCall, work: Work) -> Answer:
        """Answers a call by `work`, unless a rule wants it otherwise. Raises Gone to cut the connection."""
        if self._latency:
            await asyncio.sleep(self._latency)
        old = self._stale.instead(call)
        if old is not None:
            call.note["fault"] = "stale"
            return old
        for rule in self._book.firing(call):
            call.note["fault"] = rule.name
            if rule.action == "delay":
                await asyncio.sleep(float(rule.values.get("seconds", 1)))
            else:
                return await self._act(rule, call, work)
        return self._stale.as_listed_before(call, await work(call))

    async def _act(self, rule: FaultRule, call: HttpCall, work: Work) -> Answer:
        if rule.action == "status":
            return _status(rule.values, call)
        if rule.action == "expired_token":
            return _expired(call)
        if rule.action == "cut":
            return _cut_short(await work(call), int(rule.values.get("bytes", 0)))
        if rule.action == "stale":
            return await self._change(int(rule.values.get("reads", 1)), call, work)
        when = rule.values.get("when", "before")
        if when == "before":
            await _end(rule, call)
        answer = await work(call)
        if when == "after":
            call.note["served"] = answer.status
            answer.discard()
            await _end(rule, call)
        # `answered`: the answer goes out, then the caller is killed, who may have closed the connection by then.
        call.after = partial(_kill, call, callers.process_of(*call.ports))
        return answer

    async def _change(self, reads: int, call: HttpCall, work: Work) -> Answer:
        """Carries out a change, and has the next reads of its path answered as before it."""
        if call.method in {"GET", "HEAD"}:
            return await work(call)
        before = await work(replace(call, method="GET", length=0, note={}, _body=b""))
        await before.whole()
        before.discard()
        answer = await work(call)
        if answer.status < 300:
            self._stale.keep(call, before, reads)
        return answer


class _Faulty:
    def __init__(self, endpoint: Endpoint, faults: Faults) -> None:
        self._endpoint, self._faults = endpoint, faults

    async def serve(self, call: HttpCall) -> Answer:
        return await self._faults.serve(call, self._endpoint.serve)


async def _end(rule: FaultRule, call: HttpCall) -> None:
    """Does what cannot be answered any more: hang, kill the caller, and cut the connection."""
    if rule.action == "hang":
        await asyncio.Event().wait()  # ends when the sandbox does
    if rule.action == "kill":
        await _kill(call, callers.process_of(*call.ports))
    raise Gone


def _cut_short(answer: Answer, after: int) -> Answer:
    """The answer with its whole length announced, whose connection is cut after so many bytes of the body."""
    body = answer.body
    answer.length = len(body) if isinstance(body, bytes) else answer.length

    async def pieces() -> AsyncIterator[bytes]:
        left = after
        async for piece in _pieces(body):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                break
        raise Gone

    answer.body = pieces()
    return answer


async def _pieces(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body:
        yield piece


async def _kill(call: HttpCall, process: int | None) -> None:
    call.note["killed"] = callers.kill(process)


def _status(values: dict[str, Any], call: HttpCall) -> Answer:
    status = int(values.get("status", 503))
    body = values.get("body")
    if body is None:
        usual = (_STORAGE_CODES if is_storage(call.host) else {}).get(status) or _CODES.get(status, "Error")
        code = str(values.get("code", usual))
        answer = in_shape_of(call.host, status, code, str(values.get("message", "A fault on order.")))
    elif isinstance(body, str):
        answer = Answer(status, CIMultiDict({"Content-Type": "text/plain; charset=utf-8"}), body.encode())
    else:
        answer = Answer(status, CIMultiDict({"Content-Type": "application/json"}), json.dumps(body).encode())
    answer.headers.update(values.get("headers", {}))
    if "retry_after" in values:
        answer.headers["Retry-After"] = str(values["retry_after"])
    return answer


def _expired(call: HttpCall) -> Answer:
    problem = BadToken("ExpiredAuthenticationToken", _EXPIRED)
    if is_storage(call.host):
        return unauthenticated(problem)
    if call.host.endswith(".vault.azure.net"):
        return vault_bad_token(problem)
    return arm_error(401, problem.code, problem.message)
