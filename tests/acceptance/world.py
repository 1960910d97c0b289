"""Two workspaces of a test's own in a running sandbox, and the installed command."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobProperties, ContainerClient
from tests import requestlogs
from tests.acceptance import ready
from tests.builders.rows import blob, data, model, row

from azsandbox import provision
from azsandbox.cli import main as azsandbox
from azsandbox.client import Client
from azsandbox.principals import Directory, ServicePrincipal
from azsandbox.seed import Seeder
from azsandbox.state import StateFolder

MIGRATE = ready.MIGRATE
VERSION = "2025-12-01"
LEASE = ".aml-cmk-migrate/lease"


@dataclass
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]

    def event(self, name: str) -> dict[str, Any]:
        """The one event of that name."""
        [found] = [event for event in self.events if event["event"] == name]
        return found


@dataclass
class World:
    """A source under Microsoft's key and a target under a customer's, and a folder to work in."""

    env: dict[str, str]
    folder: Path
    group: str
    source: str
    target: str
    documents: dict[str, Any] = field(default_factory=dict)
    # The program that runs the commands: another has other kinds.
    program: Path = ready.PROGRAM

    @property
    def names(self) -> tuple[str, str, str, str]:
        """The two options that `plan` needs."""
        return ("--source", f"{self.group}/{self.source}", "--target", f"{self.group}/{self.target}")

    def migrate(self, *arguments: str, timeout: float = 180, **env: str) -> Result:
        """Runs the command in the folder, in a process of its own."""
        return Result(*ready.run(arguments, self.folder, {**os.environ, **self.env, **env}, timeout, self.program))

    def installed(self, *arguments: str, **env: str) -> Result:
        """Runs the installed command in the folder, as a user does."""
        done = subprocess.run(
            [str(MIGRATE), *arguments],
            cwd=self.folder,
            env={**os.environ, **self.env, **env},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str) -> Result:
        """Runs it and expects 0."""
        result = self.migrate(*arguments)
        assert result.code == 0, f"{arguments}: {result.code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
        return result

    def with_faults(self, rules: list[dict[str, Any]], *arguments: str) -> Result:
        """Runs the command while these rules of the sandbox are in force."""
        with self.faults(*rules):
            return self.migrate(*arguments)

    @contextmanager
    def faults(self, *rules: dict[str, Any]) -> Iterator[None]:
        """While it lasts, these rules of the sandbox are in force."""
        self.set_faults(*rules)
        try:
            yield
        finally:
            self.sandbox("faults", "clear")

    def set_faults(self, *rules: dict[str, Any]) -> None:
        """From now on these rules of the sandbox are in force, and no others."""
        path = self.folder / "faults.json"
        path.write_text(json.dumps({"rules": rules}))
        self.sandbox("faults", "set", str(path))

    def azure(self, work: Any, *arguments: Any, seeding: bool = False, **more: Any) -> Any:
        """Runs `work(client, ...)` against the sandbox; `seeding` as in `Client`."""

        async def inside() -> Any:
            async with Client({**self.env}, seeding=seeding) as client:
                return await work(client, *arguments, **more)

        # In a thread: a test may have a loop of its own.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, inside()).result()

    def principal(self, name: str, *, has_roles: bool = False) -> tuple[ServicePrincipal, dict[str, str]]:
        """Another application, begun with every right or none, and the environment in which it signs in."""
        state = StateFolder(Path(self.env["AZSANDBOX_STATE"]))
        made, secret = Directory(state).add(f"{name}-{uuid.uuid4().hex[:8]}", has_roles=has_roles)
        return made, {"AZURE_CLIENT_ID": made.client_id, "AZURE_CLIENT_SECRET": secret}

    def assign(self, scope: str, role: str, principal: str = "", **more: Any) -> str:
        """Gives a role, by its GUID, to a principal, or to somebody unknown; the ARM id of the assignment."""
        definitions = f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions"
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        told = {"roleDefinitionId": f"{definitions}/{role}", "principalId": principal or str(uuid.uuid4()), **more}
        self.arm("PUT", path, "2022-04-01", {"properties": told})
        return path

    def arm(self, method: str, path: str, version: str = VERSION, body: Any = None, **more: Any) -> Any:
        """What ARM answers a call; `accept=(404,)` is None then."""
        return self.azure(Client.arm, method, path, version, body, **more)

    def seed(self, resources: list[dict[str, Any]], blobs: list[dict[str, Any]], *, into: str = "source") -> None:
        """Puts resources and blobs into one of the workspaces."""

        async def work(client: Client) -> None:
            seeder = await Seeder.of(client, self.documents[into]["id"])
            await seeder.blobs(blobs)
            await seeder.resources(resources)

        self.azure(work, seeding=True)

    def put(self, path: str, body: dict[str, Any], *, into: str = "source") -> Any:
        """PUTs a document below one of the workspaces."""
        return self.arm("PUT", f"{self.documents[into]['id']}/{path}", VERSION, body)

    def has_run(self, job: str) -> None:
        """Waits until a job of the source has ended: while it goes on, it changes the source."""
        while self.get(f"jobs/{job}", of="source")["properties"]["status"] != "Completed":
            time.sleep(0.1)

    def get(self, path: str, *, of: str = "target") -> Any:
        """GETs a document below one of the workspaces."""
        return self.arm("GET", f"{self.documents[of]['id']}/{path}", VERSION)

    def status(self, which: str) -> int:
        """The status with which ARM answers for one of the workspaces."""

        async def work(client: Client) -> int:
            url = f"https://management.azure.com{self.documents[which]['id']}?api-version={VERSION}"
            return (await client.send("GET", url, "https://management.azure.com", accept=(404,)))[0]

        status: int = self.azure(work)
        return status

    def items(self, path: str, *, of: str = "target") -> list[dict[str, Any]]:
        """Every item of a collection below one of the workspaces."""

        async def work(client: Client) -> list[dict[str, Any]]:
            return [item async for item in items(client, f"{self.documents[of]['id']}/{path}")]

        found: list[dict[str, Any]] = self.azure(work)
        return found

    def blobs(self, which: str, container: str | None = None) -> dict[str, BlobProperties]:
        """The blobs of a workspace's default container, or of another of its account, by path.

        Without that of the lease, which is never content.
        """
        with self.container_client(which, container) as client:
            found = client.list_blobs(include=["metadata", "tags"])
            return {blob.name: blob for blob in found if blob.name != LEASE}

    def container_client(self, which: str, container: str | None = None) -> ContainerClient:
        """A client with the account's key, for looking at bytes and for spoiling them."""
        keys = self.arm("POST", f"{self.storage_id(which)}/listKeys", "2023-05-01")
        return ContainerClient(
            f"https://{self.account(which)}.blob.core.windows.net",
            container or self.container(which),
            credential=keys["keys"][0]["value"],
            proxies={"https": self.env["HTTPS_PROXY"]},
            connection_verify=self.env["SSL_CERT_FILE"],
        )

    def storage_id(self, which: str) -> str:
        """The ARM id of a workspace's storage account."""
        return str(self.documents[which]["properties"]["storageAccount"])

    def account(self, which: str) -> str:
        """The storage account of one of the workspaces."""
        return str(self.documents[which]["properties"]["storageAccount"]).rsplit("/", 1)[-1]

    def make_share(self, name: str, which: str = "source") -> None:
        """A file share of the storage account of one of the workspaces."""
        path = f"{self.storage_id(which)}/fileServices/default/shares/{name}"
        self.arm("PUT", path, "2023-05-01", {"properties": {}})

    def container(self, which: str) -> str:
        """The container behind a workspace's default datastore."""
        return f"azureml-blobstore-{self.documents[which]['properties']['workspaceId']}"

    def sandbox(self, *arguments: str) -> None:
        """Runs a command of the sandbox, as `faults set FILE`."""
        assert azsandbox([*arguments, "--state", self.env["AZSANDBOX_STATE"]]) == 0

    def now(self) -> str:
        """The time as the request log writes it, once what was answered before is in it and older."""
        requestlogs.settle(self.env)
        time.sleep(0.002)
        return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def log(self, since: str) -> list[dict[str, Any]]:
        """The sandbox's request log from a time on, with all that was answered so far."""
        return requestlogs.rows(self.env, since)

    def plan_lines(self, name: str | None = None) -> list[dict[str, Any]]:
        """The lines of a plan."""
        path = self.folder / "plans" / (name or self.source) / "plan.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def asset_findings(self, name: str | None = None) -> list[dict[str, Any]]:
        """The findings of a plan about what moves, without those about the target's key and rights."""
        return [f for f in self.plan_lines(name)[0]["findings"] if not f["address"].startswith(("/", "https://"))]


async def items(client: Client, path: str) -> AsyncIterator[dict[str, Any]]:
    """Every item of an ARM collection, over all its pages."""
    page = await client.arm("GET", path, VERSION)
    while True:
        for item in page["value"]:
            yield item
        if not page.get("nextLink"):
            return
        page = await client.arm("GET", page["nextLink"], VERSION)


_numbers = itertools.count(os.getpid() % 10_000 * 100)


def make_world(sandbox: Any, folder: Path) -> World:
    """Two fresh workspaces, named as nothing else in this sandbox."""
    number = next(_numbers)
    made = World(sandbox.env, folder, f"rg{number}", f"old{number}", f"new{number}")
    pair = made.azure(provision.pair, made.group, made.source, made.target, suffix=f"s{number}")
    made.documents = {"source": pair.source, "target": pair.target}
    return made


def seed_small(world: World) -> World:
    """A model of two versions, a data folder, an environment and a component, with their bytes."""
    spec = {
        "type": "command",
        "command": "true",
        "environment": f"{world.documents['source']['id']}/environments/py/versions/1",
    }
    world.seed(
        [
            row("environments", "py", image="mcr.microsoft.com/x:1"),
            *(model("m", f"m/{version}", version, tags={"team": "risk"}) for version in ("1", "2")),
            data("d", "d"),
            row("components", "c", componentSpec=spec),
        ],
        [blob(path, 1000 + n) for n, path in enumerate(("m/1/a", "m/1/b", "m/2/a", "d/1", "d/2", "d/x/3"))],
    )
    return world
