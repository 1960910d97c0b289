"""Without the lease no changing request leaves the process, however long it waited for its turn."""

from __future__ import annotations

import ast
import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from azure.core import AsyncPipelineClient
from azure.core.rest import HttpRequest

from amlmigrate.cloud import fence as module
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.fence import KEPT_SECONDS, Fence
from amlmigrate.cloud.session import Logins, Session
from amlmigrate.cloud.transport import Transport
from amlmigrate.core import clock as ticking
from amlmigrate.core.errors import ExitCode, LeaseLostError

CHANGES = ("PUT", "PATCH", "POST", "DELETE")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def held(clock: Clock) -> Fence:
    """A fence with a lease that was taken just now."""
    fence = Fence(clock)
    fence.kept(fence.now(), "https://a/lease")
    return fence


@pytest.mark.parametrize("method", CHANGES)
def test_without_need_of_a_lease_all_is_let_through(method: str) -> None:
    Fence(Clock()).check(method)


@pytest.mark.parametrize("method", [*CHANGES, "put"])
def test_what_was_not_renewed_for_forty_seconds_changes_nothing(method: str) -> None:
    clock = Clock()
    fence = held(clock)
    clock.time += KEPT_SECONDS - 0.01
    fence.check(method)
    clock.time += 0.01
    with pytest.raises(LeaseLostError, match="could not be renewed for 40 s") as raised:
        fence.check(method)
    assert raised.value.exit_code is ExitCode.LOCKED and raised.value.address == "https://a/lease"
    fence.check("GET")
    fence.check("HEAD")


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    clock = Clock()
    fence = held(clock)
    clock.time += 30
    sent = fence.now()
    clock.time += 8
    fence.kept(sent)
    clock.time = sent + KEPT_SECONDS - 0.01
    fence.check("PUT")
    clock.time = sent + KEPT_SECONDS
    with pytest.raises(LeaseLostError):
        fence.check("PUT")


def test_a_renewal_that_is_answered_too_late_opens_nothing() -> None:
    """As when the process is stopped while it waits for the answer."""
    clock = Clock()
    fence = held(clock)
    clock.time += 10
    sent = fence.now()
    clock.time += 70
    fence.kept(sent)
    with pytest.raises(LeaseLostError):
        fence.check("DELETE")


def test_once_closed_it_stays_so() -> None:
    clock = Clock()
    fence = held(clock)
    fence.failed("503 ServerBusy")
    clock.time += 41
    with pytest.raises(LeaseLostError, match="503 ServerBusy"):
        fence.check("PUT")
    fence.kept(fence.now())
    with pytest.raises(LeaseLostError):
        fence.check("PUT")
    fence.lift()
    with pytest.raises(LeaseLostError):
        fence.check("PUT")


def test_a_lease_that_was_given_up_binds_nobody() -> None:
    clock = Clock()
    fence = held(clock)
    fence.lift()
    clock.time += 100
    fence.check("PUT")


def test_the_clock_is_one_that_neither_stops_nor_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting the time, by an hour to either side, neither opens nor closes it."""
    fence = Fence()
    fence.kept(fence.now())
    for hours in (-1, 1):
        monkeypatch.setattr(time, "time", lambda hours=hours: 1e9 + hours * 3600)
        fence.check("PUT")
    assert getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC) == ticking._LASTING


async def test_both_sides_of_a_session_are_behind_one_fence() -> None:
    async with Session(Logins(Login(tenant="a"), Login(tenant="b"))) as session:
        assert session.source is not session.target
        assert session.source.fence is session.target.fence is session.fence


class Server:
    """A server that counts what comes in, on a connection that a test may hold back."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.came.append((request.method, (await request.read()).decode()))
        return web.Response(status=503 if request.headers.get("again") else 200)


@asynccontextmanager
async def reached(fence: Fence, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Server]]:
    """A way of sending through the tool's transport, and the server that it goes to."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    runner = web.ServerRunner(web.Server(server))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    credential = Credential(Login())
    client: Any = AsyncPipelineClient(f"http://{host}:{port}", transport=Transport(credential, fence), policies=[])

    async def send(method: str, **headers: str) -> int:
        request = HttpRequest(method, f"http://{host}:{port}/x", headers=headers, content=b"body")
        status: int = (await client.send_request(request)).status_code
        return status

    try:
        yield send, server
    finally:
        await client.close()
        await credential.close()
        await runner.cleanup()


async def test_a_changing_request_is_refused_before_its_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    fence = held(clock)
    async with reached(fence, monkeypatch) as (send, server):
        assert await send("PUT") == 200
        clock.time += 41
        for method in CHANGES:
            with pytest.raises(LeaseLostError):
                await send(method)
        assert await send("GET") == 200
        await asyncio.sleep(0.05)
    assert [method for method, _ in server.came] == ["PUT", "GET"]


async def test_it_is_asked_after_the_wait_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes before a connection stands, and a stop of the process meanwhile, is not missed."""
    clock = Clock()
    fence = held(clock)
    connect = asyncio.get_running_loop().create_connection

    async def slowly(*arguments: Any, **named: Any) -> Any:
        made = await connect(*arguments, **named)
        clock.time += 70
        return made

    async with reached(fence, monkeypatch) as (send, server):
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "create_connection", slowly)
        with pytest.raises(LeaseLostError):
            await send("PUT")
        await asyncio.sleep(0.05)
    assert server.came == []


def test_every_way_of_changing_something_is_behind_the_fence() -> None:
    """But for the lease's own calls, which the service refuses to whoever does not have it."""
    folder = Path(module.__file__).parent
    made = {
        (path.name, ast.unparse(node))
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Transport"
    }
    assert made == {
        ("arm.py", "Transport(credential, fence)"),
        ("blobs.py", "Transport(credential, fence)"),
        ("fileaccess.py", "Transport(credential, fence)"),
        ("logs.py", "Transport(credential, fence)"),
        ("vault.py", "Transport(self._credential, self._fence)"),
        ("leases.py", "Transport(credential)"),
        # These only read, and sign in.
        ("anyblob.py", "Transport(credential, None)"),
        ("registries.py", "Transport(credential)"),
    }
    asked = re.findall(
        r'_asked\(client, "(\w+)", f"https://\{server\}/([\w/]+)"', (folder / "registries.py").read_text()
    )
    assert {path for method, path in asked if method != "GET"} == {"oauth2/exchange", "oauth2/token"}
    # Whoever brings a transport of its own only reads.
    clients = r"\b(ShareClient|ShareFileClient|ShareDirectoryClient|MLClient)\("
    own = {path.name for path in folder.glob("*.py") if re.search(clients, path.read_text())}
    assert own == {"sdk.py"}
    for name in own:
        changing = r"\.(begin_|create|delete|upload|set_|rename|archive|restore)\w*\("
        assert not re.search(changing, (folder / name).read_text()), name


def test_a_renewal_that_was_sent_too_long_ago_closes_it_at_once() -> None:
    clock = Clock()
    fence = Fence(clock)
    fence.kept(clock.time - KEPT_SECONDS - 1)
    assert fence.lost is not None
    other = Fence(clock)
    other.kept(clock.time - KEPT_SECONDS + 1)
    assert other.lost is None
