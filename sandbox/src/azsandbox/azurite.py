"""Azurite's blob service as a child process on a private Unix socket, and the one way to talk to it."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import aiohttp
from yarl import URL

from azsandbox.nodepackages import NODE_FILES, node, node_modules

# How the child learns the encryption scopes of an account, with each call: JSON, each scope's name with null, or
# with status, code and message where it cannot be used. No name of storage's own, so never part of a signature.
KNOWN_SCOPES = "azsandbox-scopes"
_START_SECONDS = 60
_STOP_SECONDS = 20
_CONNECTIONS = 64
_IDLE_SECONDS = 300  # well below the hour that the child keeps idle connections
_LAUNCHER = NODE_FILES / "blobs.js"
# In MiB. Each answer makes many small objects: with 16, as Node has it, collecting them is a sixth of its work.
_YOUNG = "--max-semi-space-size=64"


class AzuriteFailed(Exception):
    """The child did not start or does not answer."""


class Azurite:
    """Started once; ends with this process, however that ends, because its standard input then ends too."""

    def __init__(self, folder: Path, output: Path) -> None:
        self._folder, self._output = folder, output
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._sockets: Path | None = None
        self._talk = asyncio.Lock()

    async def start(self, hold: IO[bytes]) -> None:
        """Starts the child and waits until it listens. Raises AzuriteMissing, AzuriteFailed.

        The child inherits `hold`, the lock on the state folder: should this process be killed, the folder is
        free for another sandbox only when the child has saved.
        """
        # A folder of its own: a socket's path is limited to about 100 bytes, a state folder's is not.
        self._sockets = Path(tempfile.mkdtemp(prefix="azsandbox-"))
        socket = self._sockets / "blob"
        with self._output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                node(),
                _YOUNG,
                _LAUNCHER,
                node_modules(),
                self._folder,
                socket,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                pass_fds=(hold.fileno(),),
                start_new_session=True,  # a Ctrl-C in the terminal is not for the child
            )
        await self._reply()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(socket), limit=_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
        )

    async def _reply(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _START_SECONDS)
        except TimeoutError:
            raise AzuriteFailed(f"Azurite does not answer; see {self._output}") from None
        if not line:
            raise AzuriteFailed(f"Azurite has ended; see {self._output}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    async def set_accounts(self, accounts: Mapping[str, tuple[str, str]]) -> None:
        """Replaces the accounts and their two base64 keys; they hold when this returns."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._talk:
            self._process.stdin.write(json.dumps({"accounts": accounts}).encode() + b"\n")
            await self._process.stdin.drain()
            await self._reply()

    async def request(
        self,
        method: str,
        host: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> aiohttp.ClientResponse:
        """Sends one request with exactly these headers and this target; the caller releases the response."""
        assert self._session is not None
        url = URL(f"http://{host}{target}", encoded=True)
        return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)

    async def close(self) -> None:
        """Lets the child save and end; after some seconds it is killed."""
        if self._session is not None:
            await self._session.close()
        process = self._process
        if process is not None and process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
