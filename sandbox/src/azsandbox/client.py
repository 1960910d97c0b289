"""A plain HTTP client with a token for the running sandbox, through its proxy like any other."""

from __future__ import annotations

import asyncio
import base64
import functools
import io
import json
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from azsandbox.messages import SEEDING

_ARM = "https://management.azure.com"
_RETRIES = 60
_POLL_SECONDS = 0.2  # the sandbox's long-running operations are short
_DONE = {"succeeded", "failed", "canceled"}
_STORAGE = "https://storage.azure.com"
_STORAGE_VERSION = "2023-11-03"
_BLOCK = 4 * 1024 * 1024


class Refused(Exception):
    """An answer of 400 and above that was not expected."""

    def __init__(self, method: str, url: str, status: int, text: str) -> None:
        super().__init__(f"{method} {url}: {status} {text}")
        self.status, self.text = status, text


@functools.cache
def _trusting(certificates: str) -> ssl.SSLContext:
    """Read once: a bundle of all the world's authorities takes longer to read than most answers."""
    return ssl.create_default_context(cafile=certificates)


class Client:
    """Asks ARM, storage and vaults. `environment` is what `azsandbox env` prints."""

    def __init__(self, environment: Mapping[str, str], *, seeding: bool = False) -> None:
        """`seeding`: its calls of ARM take no token of the buckets, since they make what was there before."""
        self._environment = environment
        self._seeding = {SEEDING: "1"} if seeding else {}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._pause_until = 0.0  # one pause for all tasks: asking again too early makes the wait longer
        self.subscription = f"/subscriptions/{environment['AZURE_SUBSCRIPTION_ID']}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_trusting(self._environment["SSL_CERT_FILE"]), limit=32),
            proxy=self._environment["HTTPS_PROXY"],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def token(self, audience: str) -> str:
        """A token for `https://management.azure.com` and the like, asked for once an hour."""
        until, token = self._tokens.get(audience, (0.0, ""))
        if time.time() > until:
            url = f"https://login.microsoftonline.com/{self._environment['AZURE_TENANT_ID']}/oauth2/v2.0/token"
            form = {
                "grant_type": "client_credentials",
                "client_id": self._environment["AZURE_CLIENT_ID"],
                "client_secret": self._environment["AZURE_CLIENT_SECRET"],
                "scope": f"{audience}/.default",
            }
            assert self._session is not None
            async with self._session.post(url, data=form) as response:
                granted = await response.json()
            token = granted["access_token"]
            self._tokens[audience] = (time.time() + granted["expires_in"] - 300, token)
        return token

    async def send(
        self,
        method: str,
        url: str,
        audience: str,
        *,
        data: bytes | None = None,
        accept: tuple[int, ...] = (),
        **arguments: Any,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers, body; waits and repeats at 429. Raises Refused, not for those in `accept`."""
        assert self._session is not None
        headers = self._seeding | arguments.pop("headers", {})
        for _ in range(_RETRIES):
            await self._paused()
            headers["Authorization"] = f"Bearer {await self.token(audience)}"
            body = io.BytesIO(data) if data is not None else None
            async with self._session.request(method, url, headers=headers, data=body, **arguments) as response:
                text = await response.read()
                if response.status == 429:
                    self._pause(float(response.headers.get("Retry-After", "1")))
                    continue
                if response.status >= 400 and response.status not in accept:
                    raise Refused(method, url, response.status, text.decode("utf-8", "replace"))
                return response.status, response.headers, text
        raise Refused(method, url, 429, "throttled for too long")

    async def _paused(self) -> None:
        """Waits out the pause, which others may prolong: who comes too early starts it anew (AZ-PACE-1)."""
        while (left := self._pause_until - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def _pause(self, seconds: float) -> None:
        self._pause_until = max(self._pause_until, time.monotonic() + seconds)

    async def arm(
        self, method: str, path: str, version: str, body: Any = None, *, accept: tuple[int, ...] = ()
    ) -> Any:
        """One ARM call, long-running operations waited for: the answer's JSON, None for a status in `accept`."""
        separator = "&" if "?" in path else "?"
        url = path if path.startswith("https://") else f"{_ARM}{quote(path, safe='/?&=$%')}"
        url = url if "api-version=" in url else f"{url}{separator}api-version={version}"
        # Without a body aiohttp would say application/octet-stream, which no operation of ARM takes.
        fields = {"Content-Type": "application/json"} if body is None and method == "POST" else {}
        status, headers, text = await self.send(method, url, _ARM, json=body, accept=accept, headers=fields)
        if status in accept:
            return None
        poll = headers.get("Azure-AsyncOperation") or (headers.get("Location") if status == 202 else None)
        if poll is not None and status in {201, 202} and method != "GET":
            await self._wait(poll)
            if method in {"PUT", "PATCH"}:
                return await self.arm("GET", path, version)
        return _json(text)

    async def _wait(self, url: str) -> None:
        while True:
            status, headers, text = await self.send("GET", url, _ARM)
            state = str((_json(text) or {}).get("status", "Succeeded")).lower()
            if status != 202 and state in _DONE:
                if state != "succeeded":
                    raise Refused("GET", url, status, text.decode("utf-8", "replace"))
                return
            await asyncio.sleep(min(float(headers.get("Retry-After", _POLL_SECONDS)), _POLL_SECONDS))

    async def upload(self, account: str, path: str, data: bytes, **headers: str) -> None:
        """Writes one block blob, `path` being container and name; `headers` with underscores for hyphens."""
        url = f"https://{account}.blob.core.windows.net/{quote(path)}"
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        fields["x-ms-version"] = _STORAGE_VERSION
        if len(data) > _BLOCK:  # as clients do with long blobs, which then have no Content-MD5
            await self._upload_blocks(url, data, fields)
            return
        fields["x-ms-blob-type"] = "BlockBlob"
        await self.send("PUT", url, _STORAGE, headers=fields, data=data)

    async def _upload_blocks(self, url: str, data: bytes, fields: Mapping[str, str]) -> None:
        version = {"x-ms-version": _STORAGE_VERSION}
        listed = ""
        for start in range(0, len(data), _BLOCK):
            block = base64.b64encode(f"{start:016}".encode()).decode()
            listed += f"<Latest>{block}</Latest>"
            part = data[start : start + _BLOCK]
            target = f"{url}?comp=block&blockid={quote(block, safe='')}"
            await self.send("PUT", target, _STORAGE, headers=version, data=part)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
        await self.send("PUT", f"{url}?comp=blocklist", _STORAGE, headers=fields, data=body.encode())

    async def create_container(self, account: str, container: str) -> None:
        """Makes a container; nothing happens if it is there."""
        url = f"https://{account}.blob.core.windows.net/{container}?restype=container"
        fields = {"x-ms-version": _STORAGE_VERSION}
        await self.send("PUT", url, _STORAGE, headers=fields, accept=(409,))


def _json(text: bytes) -> Any:
    return json.loads(text) if text.strip() else None
