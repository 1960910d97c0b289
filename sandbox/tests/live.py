"""The running sandbox by its own client: some work, one call of ARM, and what other clients' refusals say."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import os
import ssl
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential as SyncCredential
from azure.identity.aio import ClientSecretCredential

from azsandbox import provision
from azsandbox.client import Client

ARM = "https://management.azure.com"
_COUNT = itertools.count(1)
_RUN = uuid.uuid4().hex[:6]


def unique(stem: str) -> str:
    """A name that nobody else has: letters and digits."""
    return f"{stem}{_RUN}{next(_COUNT)}"


def _principal(env: Mapping[str, str] | None) -> tuple[str, str, str]:
    known = os.environ if env is None else env
    return known["AZURE_TENANT_ID"], known["AZURE_CLIENT_ID"], known["AZURE_CLIENT_SECRET"]


def credential(env: Mapping[str, str] | None = None) -> ClientSecretCredential:
    """The credential of the environment's principal, for asyncio."""
    return ClientSecretCredential(*_principal(env))


def sync_credential(env: Mapping[str, str] | None = None, **options: Any) -> SyncCredential:
    """The same for clients that wait."""
    return SyncCredential(*_principal(env), **options)


def through(env: Mapping[str, str]) -> dict[str, Any]:
    """The options by which a client goes through a sandbox whose variables this process does not have."""
    return {"proxies": {"https": env["HTTPS_PROXY"]}, "connection_verify": env["SSL_CERT_FILE"]}


def connection(env: Mapping[str, str], host: str) -> http.client.HTTPSConnection:
    """A connection to a host of the sandbox, for requests that no client would send."""
    proxy = urlsplit(env["HTTPS_PROXY"])
    context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    made = http.client.HTTPSConnection(str(proxy.hostname), proxy.port, timeout=10, context=context)
    made.set_tunnel(host, 443)
    return made


def bearer(env: Mapping[str, str], audience: str = ARM) -> str:
    """The header of a caller who has signed in."""
    return f"Bearer {azure(env, lambda client: client.token(audience))}"


def azure(env: Mapping[str, str], work: Any) -> Any:
    """Runs `work(client)` against the sandbox, in a thread: a test may have a loop of its own."""

    async def inside() -> Any:
        async with Client(env) as client:
            return await work(client)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, inside()).result()


class Answer(NamedTuple):
    """What a call was answered; `body` is its JSON, None without one."""

    status: int
    headers: Mapping[str, str]
    body: Any


def ask(env: Mapping[str, str], method: str, path: str, version: str, body: Any = None, **headers: str) -> Answer:
    """One call of ARM, refusals of it too."""
    url = f"{ARM}{path}{'&' if '?' in path else '?'}api-version={version}"
    more = {"json": body, "headers": headers, "accept": tuple(range(400, 500))}
    status, told, text = azure(env, lambda client: client.send(method, url, ARM, **more))
    return Answer(status, told, json.loads(text) if text.strip() else None)


async def account_with_key(client: Client, group: str, name: str) -> tuple[str, str]:
    """A storage account in a group of that name, which is made; its ARM id and its first key."""
    made = await provision.storage_account(client, await provision.group(client, group), name)
    keys = await client.arm("POST", f"{made}/listKeys", "2023-05-01")
    return made, str(keys["keys"][0]["value"])


def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    """The status and the code by which a client's call is refused, wherever the client tells the code."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    code = getattr(caught.value, "error_code", None)
    if code is None and caught.value.response is not None:
        code = caught.value.response.headers.get("x-ms-error-code")
    return caught.value.status_code, str(getattr(code, "value", code))
