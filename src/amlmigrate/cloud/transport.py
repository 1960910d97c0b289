"""The transport of ARM and storage: azure-core's over aiohttp, with the proxy of each host looked up once."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from functools import cache
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport
from yarl import URL

from amlmigrate.cloud import retrying as retry
from amlmigrate.cloud.credentials import Credential
from amlmigrate.cloud.errors import request_id, without_query
from amlmigrate.cloud.fence import Fence
from amlmigrate.core.errors import BadInputError

_log = logging.getLogger(__name__)
# Of each client of Azure's own libraries: its calls are tried again by `Caller`, and by nobody else.
PLAIN: dict[str, Any] = {"retry_total": 0, "user_agent": "aml-cmk-migrate"}


class Transport(AioHttpTransport):  # type: ignore[misc]  # its base has no types
    """Takes proxies from `HTTPS_PROXY` and `NO_PROXY`, as aiohttp does.

    Left to itself, aiohttp looks for the proxy and for a `.netrc` before every request, each in a thread of its
    own: a sixth of what a request costs, and more where the processor is busy. Only who has a `.netrc`, which may
    hold a proxy's password, is served that way.

    A token that is refused is forgotten here, before anybody else hears of the answer: a client that then asks for
    a token gets another one.

    The fence is asked when all there is to wait for is over and nothing is sent yet: right before the request's
    first byte.
    """

    def __init__(self, credential: Credential, fence: Fence | None = None) -> None:
        self._credential = credential
        self._fence = fence
        self._left_to_aiohttp = _netrc().is_file()
        super().__init__(
            connection_timeout=retry.CONNECT_SECONDS,
            read_timeout=retry.READ_SECONDS,
            use_env_settings=self._left_to_aiohttp,
        )

    async def open(self) -> None:
        """Opens the session. By itself it would make a PUT again whose connection broke, and tell nobody."""
        fresh = self.session is None
        await super().open()
        if fresh and self._fence is not None:
            self.session.trace_configs.append(_asking(self._fence))
        # What was served without an answer must be known (`Doubt`); aiohttp has no public way to say so.
        self.session._retry_connection = False

    async def send(self, request: Any, **options: Any) -> Any:
        """Sends a request, through the proxy of its host where there is one."""
        if not self._left_to_aiohttp and not options.get("proxies"):
            parts = urlsplit(request.url)
            options["proxy"] = proxy_of(parts.scheme, parts.hostname or "")
        answer = await super().send(request, **options)
        given = {"request_id": request_id(answer.headers)}
        _log.info(
            "%s %s was answered %s", request.method, without_query(request.url), answer.status_code, extra=given
        )
        if answer.status_code == 401:
            self._credential.forget(request.headers.get("Authorization", ""))
        return answer


def _asking(fence: Fence) -> aiohttp.TraceConfig:
    """Asks a fence before a request's headers are written; what it raises ends the request."""

    async def ask(_: object, __: object, request: aiohttp.TraceRequestHeadersSentParams) -> None:
        fence.check(request.method)

    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(ask)
    config.freeze()
    return config


@cache
def proxy_of(scheme: str, host: str) -> str | None:
    """The URL of the proxy that the environment names for a host; None where it is reached without one.

    Raises BadInputError for what is no URL: whoever is given it tells all of it, a password too.
    """
    found = None if proxy_bypass(host) else getproxies().get(scheme)
    try:
        URL(found or "")
    except ValueError:
        raise BadInputError(
            "The proxy that the environment names is not a URL.",
            address=f"{scheme.upper()}_PROXY",
            remedy="Percent-encode all characters except letters and digits in its name and password: `#` as"
            " %23, `/` as %2F.",
        ) from None
    return found


def proxy_login(proxy: str) -> tuple[str, str] | None:
    """Name and password of a proxy by the user's `.netrc`, as aiohttp looks them up; None where it has none."""
    if not proxy or not _netrc().is_file():
        return None
    with suppress(NetrcParseError, OSError):
        known = netrc(_netrc()).authenticators(urlsplit(proxy).hostname or "")
        return (known[0], known[2] or "") if known else None
    return None


def _netrc() -> Path:
    named = os.environ.get("NETRC")
    return Path(named) if named else Path.home() / ".netrc"


class SharedTransport(AioHttpTransport):  # type: ignore[misc]  # as above
    """The one transport of all accounts: a client that closes does not close it for the others."""

    def __init__(self, inner: AioHttpTransport) -> None:
        self._inner = inner

    async def send(self, request: Any, **options: Any) -> Any:
        return await self._inner.send(request, **options)

    async def open(self) -> None:
        await self._inner.open()

    async def close(self) -> None:
        """Left to the owner of the inner transport."""

    async def __aenter__(self) -> SharedTransport:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Left to the owner of the inner transport."""
