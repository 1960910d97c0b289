"""What each client makes of each trouble: one table for ARM, blobs, file shares, vaults, leases and logs alike."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.acceptance.world import World, make_world

from amlmigrate.cloud import retrying
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.workspace import Location, Service
from azsandbox import provision

SHARE, DATA = "trouble", b"bytes"


@dataclass(frozen=True)
class Trouble:
    """What happens to the first call (to every one with `times` 0), and what is made of it.

    `served`: the work was done all the same. `ends`: the status that is told; None where the call goes on.
    """

    rule: dict[str, Any]
    times: int = 1
    served: bool = False
    ends: int | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.rule} x{self.times}"


def _status(status: int, **more: Any) -> dict[str, Any]:
    return {"action": "status", "status": status, **more}


TROUBLES = (
    Trouble({"action": "expired_token"}),
    Trouble({"action": "expired_token"}, times=0, ends=401),
    *(Trouble(_status(status), ends=status) for status in (403, 404, 409, 412)),
    Trouble(_status(429, retry_after=1), seconds=1.0),
    Trouble(_status(429)),
    Trouble(_status(500)),
    Trouble(_status(503)),
    Trouble(_status(503, retry_after=1), seconds=1.0),
    Trouble({"action": "drop", "when": "before"}),
    Trouble({"action": "drop", "when": "after"}, served=True),
)


@dataclass(frozen=True)
class Call:
    """One call of a client: how it shows in the request log, how it is made, and what shows that it was served.

    `number` tells calls of one kind apart. `taken`: a call that was served without an answer and is made again is
    refused with this status, marked as in doubt; whoever asked reads what is there. `again`: how many calls a lost
    answer takes.
    """

    method: str
    host: str
    path: str
    make: Callable[[Side, str], Awaitable[object]]
    there: Callable[[Side, str], Awaitable[bool]] | None = None
    taken: int | None = None
    again: int = 2


@pytest.fixture(scope="module")
def world(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(sandbox, tmp_path_factory.mktemp("clients"))
    made.make_share(SHARE)
    return made


@pytest.fixture(scope="module")
def vault(world: World) -> str:
    name = f"kvt{uuid.uuid4().hex[:10]}"

    async def work(client: Any) -> None:
        await provision.vault(client, await provision.group(client, world.group), name)

    world.azure(work)
    return f"https://{name}.vault.azure.net"


@pytest.fixture
def calls(world: World, vault: str, azure_env: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Call]]:
    """Every client's read and write."""
    monkeypatch.setattr(retrying, "_backoff", lambda _: 0.0)
    yield {**_of_arm(world), **_of_stores(world), **_of_vault(vault), **_of_leases(world), **_of_logs(world)}
    world.set_faults()


def _of_arm(world: World) -> dict[str, Call]:
    arm, workspace = r"^management\.azure\.com", world.documents["source"]["id"]
    body = {"properties": {"dataType": "uri_file", "dataUri": "https://example.org/x"}}

    def path(number: str) -> str:
        return f"{workspace}/data/trouble{number}/versions/1"

    async def there(side: Side, number: str) -> bool:
        return await side.arm.get(path(number)) is not None

    return {
        "arm-read": Call("GET", arm, "/workspaces/[^/]+$", lambda side, _: side.arm.get(workspace)),
        "arm-write": Call("PUT", arm, "/data/", lambda side, number: side.arm.put(path(number), body), there),
    }


def _of_stores(world: World) -> dict[str, Call]:
    async def listed(side: Side, _: str) -> object:
        return [one async for one in side.store(Service.FILE).list(files)]

    files = Location(world.account("source"), SHARE, service=Service.FILE)
    # A list of blobs that is refused with 403 is asked for again without the blobs' tags.
    found = {"file-list": Call("GET", r"\.file\.", f"/{SHARE}$", listed)}
    for service, container, taken in ((Service.BLOB, world.container("source"), 409), (Service.FILE, SHARE, None)):
        found |= _of_store(service, Location(world.account("source"), container, service=service), taken)
    return found


def _of_store(service: Service, root: Location, taken: int | None) -> dict[str, Call]:
    host = rf"\.{service.value}\."

    def place(number: str) -> Location:
        return root.below(f"trouble{number}")

    async def write(side: Side, number: str) -> object:
        return await side.store(service).write(Blob(place(number).path, len(DATA), ""), place(number), DATA)

    async def there(side: Side, number: str) -> bool:
        return await side.store(service).read(place(number), 100) == DATA

    return {
        f"{service.value}-read": Call(
            "HEAD", host, "/trouble0$", lambda side, _: side.store(service).head(place("0"))
        ),
        f"{service.value}-write": Call(
            "PUT", host, r"/trouble\d", write, there, taken, again=2 if service is Service.BLOB else 1
        ),
    }


def _of_vault(vault: str) -> dict[str, Call]:
    host = rf"^{vault.removeprefix('https://')}"

    async def make(side: Side, number: str) -> object:
        return await side.vaults.create(vault, f"k{number}", kind="RSA", size=2048, expires=None, tags={})

    async def there(side: Side, number: str) -> bool:
        # Each call makes a version: one is there, and never two.
        return len(await side.vaults.versions(vault, f"k{number}")) == 1

    async def key(side: Side, number: str) -> object:
        return await side.vaults.versions(vault, "none")

    return {
        "vault-read": Call("GET", host, "/versions$", key),
        "vault-write": Call("POST", host, "/create$", make, there, again=1),
    }


def _of_leases(world: World) -> dict[str, Call]:
    root = Location(world.account("source"), world.container("source"))

    async def make(side: Side, number: str) -> object:
        place, id_ = root.below(f"lease{number}"), str(uuid.uuid4())
        await side.leases.create(place, {})
        await side.leases.acquire(place, id_, lambda: None)
        return id_

    async def there(side: Side, number: str) -> bool:
        return (await side.leases.state(root.below(f"lease{number}"))).held

    return {
        "lease-read": Call("HEAD", r"\.blob\.", "/none$", lambda side, _: side.leases.state(root.below("none"))),
        "lease-write": Call("PUT", r"\.blob\.", "/lease", make, there),
    }


def _of_logs(world: World) -> dict[str, Call]:
    id_ = f"{world.documents['source']['id'].partition('/providers/')[0]}/providers/Microsoft.OperationalInsights/workspaces/l"
    world.arm("PUT", id_, "2023-09-01", {"location": "eastus2", "properties": {}})
    customer = world.arm("GET", id_, "2023-09-01")["properties"]["customerId"]

    async def asked(side: Side, _: str) -> object:
        return await side.logs.query(customer, "datatable(A: string)[]", timedelta(days=1))

    return {"log-query": Call("POST", r"^api\.loganalytics\.", "/query$", asked)}


CLIENTS = ("arm", "blob", "file", "vault", "lease")
NAMES = ("file-list", "log-query", *(f"{client}-{way}" for client in CLIENTS for way in ("read", "write")))


@pytest.mark.parametrize("name", NAMES)
async def test_each_trouble_comes_to_the_same_whichever_client_meets_it(
    side: Side, world: World, calls: dict[str, Call], name: str
) -> None:
    # Signed in, and knowing who gives tokens for it.
    await calls[name].make(side, "0")
    for number, trouble in enumerate(TROUBLES, 1):
        await _one(world, side, calls[name], trouble, str(number))


async def _one(world: World, side: Side, call: Call, trouble: Trouble, number: str) -> None:
    match = {"method": f"^{call.method}$", "host": call.host, "path": call.path, "times": trouble.times}
    since = await asyncio.to_thread(world.now)
    world.set_faults({"match": match, **trouble.rule})
    begun, error = time.monotonic(), await _made(side, call, number)
    took = time.monotonic() - begun
    world.set_faults()
    await asyncio.to_thread(world.now)
    rows = world.log(since)
    mine = [row for row in rows if row["method"] == call.method and re.search(call.path, row["path"])]
    ends = call.taken if trouble.served and call.taken else trouble.ends
    told = f"{trouble.name}: {error!r} after {[row.get('status') for row in mine]}"
    assert (error.status if isinstance(error, ServiceError) else error) == ends, told
    assert took >= trouble.seconds, told
    if isinstance(error, ServiceError):
        assert error.exit_code is (ExitCode.DENIED if ends in (401, 403) else ExitCode.UNEXPECTED), told
        assert error.doubtful is trouble.served, told
    if trouble.rule["action"] == "expired_token":
        # The refused token is forgotten: another one is asked for.
        assert any(row["method"] == "POST" and row["path"].endswith("/token") for row in rows), told
    elif trouble.ends:
        assert len(mine) == 1 or call.path == "/lease", told
    elif trouble.served and call.again == 1:
        assert len(mine) == 1, told
    else:
        assert len(mine) >= 2, told
    if call.there and (trouble.ends is None):
        assert await call.there(side, number), told


async def _made(side: Side, call: Call, number: str) -> Exception | None:
    try:
        await call.make(side, number)
    except (ServiceError, OutOfReachError) as error:
        return error
    return None
