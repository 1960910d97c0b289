"""HTTP connections whose own refusals, of what is no request at all, are in the shape of the host's service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from azsandbox.calls import Answer

Refuse = Callable[[], Answer]


class HttpServer(web.Server):
    """aiohttp's server; `refuse` words the answer to what cannot be read as HTTP."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], refuse: Refuse, **options: Any
    ) -> None:
        super().__init__(handler, **options)
        self._refuse, self._options = refuse, options

    def __call__(self) -> RequestHandler:
        """The protocol for one connection."""
        return _Connection(self, self._refuse, **self._options)


class _Connection(RequestHandler):
    __slots__ = ("_refuse",)

    def __init__(self, manager: HttpServer, refuse: Refuse, **options: Any) -> None:
        super().__init__(manager, loop=asyncio.get_running_loop(), **options)
        self._refuse = refuse

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to bytes that are no request; the connection ends with it."""
        answer = self._refuse()
        assert isinstance(answer.body, bytes)
        response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        response.force_close()
        return response
