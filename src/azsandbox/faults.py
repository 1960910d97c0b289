"""Faults on order: a wrapper around any endpoint that makes chosen requests fail as real ones do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from multidict import CIMultiDict

from azsandbox import callers
from azsandbox.blobs import unauthenticated
from azsandbox.calls import Answer, Call, Endpoint, Gone, hang
from azsandbox.faultrules import Rule, RuleBook
from azsandbox.refusals import arm_error, in_shape_of, is_storage
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
_EXPIRED = "The access token expiry UTC time '1/1/2024 12:00:00 AM' is earlier than current UTC time."
_STALE_LIMIT = 10000

Serve = Callable[[Call], Awaitable[Answer]]


class Faults:
    """The faults of one sandbox; `around` wraps each endpoint."""

    def __init__(self, path: Path, *, latency_ms: float = 0.0) -> None:
        self._book = RuleBook(path)
        self._latency = latency_ms / 1000
        self._stale: dict[tuple[str, str], list[Answer]] = {}

    def around(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, with latency and faults."""
        return _Faulty(endpoint, self)

    async def serve(self, call: Call, work: Serve) -> Answer:
        """Answers a call by `work`, unless a rule wants it otherwise. Raises Gone to cut the connection."""
        if self._latency:
            await asyncio.sleep(self._latency)
        if self._stale:
            remembered = self._remembered(call)
            if remembered is not None:
                return remembered
        for rule in self._book.firing(call):
            call.note["fault"] = rule.name
            if rule.action == "delay":
                await asyncio.sleep(float(rule.values.get("seconds", 1)))
            else:
                return await self._act(rule, call, work)
        return await work(call)

    async def _act(self, rule: Rule, call: Call, work: Serve) -> Answer:
        if rule.action == "status":
            return _status(rule.values, call)
        if rule.action == "expired_token":
            return _expired(call)
        if rule.action == "stale":
            return await self._change(int(rule.values.get("reads", 1)), call, work)
        when = rule.values.get("when", "before")
        if when == "before":
            await _end(rule, call)
        answer = await work(call)
        if when == "after":
            if not isinstance(answer.body, bytes) and answer.status >= 300:
                await answer.whole()
            answer.discard()
            await _end(rule, call)
        call.note["after"] = lambda: _end(rule, call)
        return answer

    async def _change(self, reads: int, call: Call, work: Serve) -> Answer:
        """Carries out a change, and has the next reads of its path answered as before it."""
        if call.method in {"GET", "HEAD"}:
            return await work(call)
        before = await work(replace(call, method="GET", length=0, note={}, _body=b""))
        await before.whole()
        before.discard()
        answer = await work(call)
        if answer.status < 300 and len(self._stale) < _STALE_LIMIT:
            self._stale[call.host, call.path.lower()] = [before] * reads
        return answer

    def _remembered(self, call: Call) -> Answer | None:
        key = (call.host, call.path.lower())
        if call.method != "GET" or key not in self._stale:
            return None
        answers = self._stale[key]
        answer = answers.pop()
        if not answers:
            del self._stale[key]
        call.note["fault"] = "stale"
        return replace(answer, headers=CIMultiDict(answer.headers))


class _Faulty:
    def __init__(self, endpoint: Endpoint, faults: Faults) -> None:
        self._endpoint, self._faults = endpoint, faults

    async def serve(self, call: Call) -> Answer:
        return await self._faults.serve(call, self._endpoint.serve)


async def _end(rule: Rule, call: Call) -> None:
    """Does what cannot be answered any more: cut the connection, hang, or kill the caller."""
    if rule.action == "hang":
        await hang()
    if rule.action == "kill":
        call.note["killed"] = await asyncio.to_thread(callers.kill, call.client_port)
    raise Gone


def _status(values: dict[str, Any], call: Call) -> Answer:
    status = int(values.get("status", 503))
    body = values.get("body")
    if body is None:
        code = str(values.get("code", _CODES.get(status, "Error")))
        answer = in_shape_of(call.host, status, code, str(values.get("message", "A fault on order.")))
    elif isinstance(body, str):
        answer = Answer(status, CIMultiDict({"Content-Type": "text/plain; charset=utf-8"}), body.encode())
    else:
        answer = Answer(status, CIMultiDict({"Content-Type": "application/json"}), json.dumps(body).encode())
    answer.headers.update(values.get("headers", {}))
    if "retry_after" in values:
        answer.headers["Retry-After"] = str(values["retry_after"])
    return answer


def _expired(call: Call) -> Answer:
    problem = BadToken("ExpiredAuthenticationToken", _EXPIRED)
    return (
        unauthenticated(problem) if is_storage(call.host) else arm_error(401, problem.code, problem.message)
    )
