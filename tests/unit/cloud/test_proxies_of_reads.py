"""Reads go through a proxy as all other calls do: with the same login, however it is written, and never tell it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from amlmigrate.cloud import curl
from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.cloud.transport import proxy_of

URL = "https://acct.blob.core.windows.net/c/x"
LOGINS = [
    "",
    "user:geheim@",
    "user@",
    "user:@",
    ":geheim@",
    "us%40er:ge%2Fheim@",
    "user:my geheim@",
    "us er:geheim@",
    "user:ge@heim@",
    "user:ge%heim@",
    "user:geheimé|^@",
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "ALL_PROXY", "NO_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@asynccontextmanager
async def _proxy(heads: list[str]) -> AsyncIterator[str]:
    """One that notes what it is asked, and refuses; its host and port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        writer.write(b"HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


def _login(head: str) -> list[str]:
    return [line for line in head.split("\r\n") if line.lower().startswith("proxy-authorization:")]


async def _read(proxy: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A read through a proxy that refuses: what is told of it."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    proxy_of.cache_clear()
    curl._way.cache_clear()
    reads = curl.Curl()
    try:
        with pytest.raises(OutOfReachError) as refused:
            await reads.get(URL, ["Authorization: Bearer T"], lambda head: lambda piece: None)
    finally:
        reads.close()
        proxy_of.cache_clear()
        curl._way.cache_clear()
    return str(refused.value)


@pytest.mark.parametrize("login", LOGINS)
async def test_a_proxy_is_shown_the_login_that_all_other_calls_show(
    login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[str] = []
    async with _proxy(heads) as place:
        told = await _read(f"http://{login}{place}", monkeypatch)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientHttpProxyError):
                await session.get(URL, proxy=f"http://{login}{place}")
    ours, others = heads
    assert _login(ours) == _login(others) and "Bearer" not in ours
    assert "heim" not in told and "502" in told


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("rest", ["http://{}127.0.0.1:9", "socks9://{}127.0.0.1:9", " http://{}127.0.0.1:9/ "])
async def test_no_error_of_a_proxy_tells_the_login(login: str, rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "heim" not in await _read(rest.format(login), monkeypatch)


async def test_a_login_of_the_url_goes_before_that_of_the_netrc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password pw\n")
    (tmp_path / ".netrc").chmod(0o600)
    heads: list[str] = []
    async with _proxy(heads) as place:
        await _read(f"http://user:pw@{place}", monkeypatch)
        await _read(f"http://{place}", monkeypatch)
    assert [_login(head) for head in heads] == [
        ["Proxy-Authorization: Basic dXNlcjpwdw=="],
        ["Proxy-Authorization: Basic b3RoZXI6cHc="],
    ]
