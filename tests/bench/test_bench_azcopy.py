"""Against AzCopy, service to service: ten thousand small blobs, and one of two GiB."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.measuring import MIB, Figures, Spent, spent

from azsandbox import nodepackages
from azsandbox.client import Client

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
STORAGE = "https://storage.azure.com"
SMALL = 10_000
PIECE = 64 * MIB
PIECES = 32


@pytest.fixture
def azcopy(tmp_path: Path) -> Path:
    """AzCopy from npm, made executable; skips where it does not start, as without the library libsecret-1-0."""
    found = [*(nodepackages.node_modules() / "@azure-tools").glob("azcopy-linux/dist/bin/azcopy_linux_amd64")]
    if not found:
        pytest.skip("the optional npm package @azure-tools/azcopy-linux is not installed")
    program = tmp_path / "azcopy"
    shutil.copy(found[0], program)
    program.chmod(0o700)
    if subprocess.run([program, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("AzCopy does not start; it needs the library libsecret-1-0")
    return program


def _with_azcopy(azcopy: Path, world: World) -> Spent:
    """Copies what lies below `many` to a container of its own in the target's account."""
    world.azure(lambda client: client.create_container(world.account("target"), "azcopy"))
    host = "blob.core.windows.net"
    source = f"https://{world.account('source')}.{host}/{world.container('source')}/many"
    target = f"https://{world.account('target')}.{host}/azcopy"
    env = {
        **world.env,
        "AZCOPY_AUTO_LOGIN_TYPE": "SPN",
        "AZCOPY_TENANT_ID": world.env["AZURE_TENANT_ID"],
        "AZCOPY_SPA_APPLICATION_ID": world.env["AZURE_CLIENT_ID"],
        "AZCOPY_SPA_CLIENT_SECRET": world.env["AZURE_CLIENT_SECRET"],
        "AZCOPY_LOG_LOCATION": str(world.folder / "logs"),
        "AZCOPY_JOB_PLAN_LOCATION": str(world.folder / "plans-azcopy"),
        "AZCOPY_DISABLE_SYSLOG": "true",
    }
    done = spent([azcopy, "copy", source, target, "--recursive", "--output-type", "json"], world.folder, env)
    lines = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    end = json.loads(next(line["MessageContent"] for line in lines if line["MessageType"] == "EndOfJob"))
    assert end["JobStatus"] == "Completed", done.out[-2000:]
    assert int(end["TransfersCompleted"]) == len(world.blobs("source"))
    return done


def _with_migrate(world: World) -> Spent:
    """Runs a plan whose one asset lies on all the blobs."""
    world.ok("plan", *world.names)
    done = spent([MIGRATE, "run", "--json"], world.folder, world.env)
    assert {b.size for b in world.blobs("target").values()} == {b.size for b in world.blobs("source").values()}
    assert len(world.blobs("target")) == len(world.blobs("source"))
    return done


def _asset(world: World, blobs: list[dict[str, Any]]) -> None:
    uri = "azureml://datastores/workspaceblobstore/paths/many"
    properties = {"dataType": "uri_folder", "dataUri": uri}
    world.seed([{"kind": "data", "name": "many", "version": "1", "properties": properties}], blobs)


@dataclass(frozen=True)
class Turns:
    """What two turns came to, in which each went first once: seconds of the clock and of the processor."""

    theirs: tuple[Spent, Spent]
    ours: tuple[Spent, Spent]

    @staticmethod
    def mean(turns: tuple[Spent, Spent]) -> tuple[float, float]:
        """The mean of both turns."""
        return sum(one.wall for one in turns) / 2, sum(one.cpu for one in turns) / 2


def _in_turn(fresh: Callable[..., World], azcopy: Path, seed: Callable[[World], None]) -> Turns:
    """Whoever goes second finds warm caches: each does so once, in a sandbox of its own."""
    first, second = fresh(name="first"), fresh(name="second")
    seed(first)
    seed(second)
    theirs_cold, ours_warm = _with_azcopy(azcopy, first), _with_migrate(first)
    ours_cold, theirs_warm = _with_migrate(second), _with_azcopy(azcopy, second)
    return Turns((theirs_cold, theirs_warm), (ours_warm, ours_cold))


def _small(world: World) -> None:
    _asset(world, [{"container": "azureml-blobstore", "path": f"many/{n % 10}/part-{n:05d}", "bytes": 200 + n % 800}
                   for n in range(SMALL)])  # fmt: skip


def test_ten_thousand_small_blobs(fresh: Callable[..., World], azcopy: Path, figures: Figures) -> None:
    turns = _in_turn(fresh, azcopy, _small)
    theirs_wall, theirs_cpu = Turns.mean(turns.theirs)
    wall, cpu = Turns.mean(turns.ours)
    what = f"{SMALL} small blobs"
    figures.add(f"{what}: AzCopy", f"{theirs_wall:.1f} s, {theirs_cpu / SMALL * 1000:.2f} ms of processor a blob")
    slower = figures.add(
        f"{what}: `migrate run`",
        f"{wall:.1f} s, {wall / theirs_wall:.2f} of AzCopy's time",
        "not slower",
        holds=wall <= theirs_wall,
    )
    more = figures.add(
        f"{what}: its processor time",
        f"{cpu / SMALL * 1000:.2f} ms a blob, {cpu / theirs_cpu:.2f} of AzCopy's",
        "less than AzCopy's",
        holds=cpu < theirs_cpu,
    )
    assert slower and more


async def _large(client: Client, account: str, container: str) -> None:
    """A blob of two GiB, put together inside the service from one upload of 64 MiB."""
    host = f"https://{account}.blob.core.windows.net/{container}"
    await client.upload(account, f"{container}/seed/piece", os.urandom(1024) * (PIECE // 1024))
    listed = ""
    for number in range(PIECES):
        block = base64.b64encode(f"{number:08d}".encode()).decode()
        listed += f"<Latest>{block}</Latest>"
        headers = {
            "x-ms-version": "2023-11-03",
            "x-ms-copy-source": f"{host}/seed/piece",
            "x-ms-copy-source-authorization": f"Bearer {await client.token(STORAGE)}",
            "Content-Length": "0",
        }
        await client.send(
            "PUT", f"{host}/many/large?comp=block&blockid={quote(block, safe='')}", STORAGE, headers=headers
        )
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
    await client.send(
        "PUT", f"{host}/many/large?comp=blocklist", STORAGE, headers={"x-ms-version": "2023-11-03"}, data=body
    )
    await client.send("DELETE", f"{host}/seed/piece", STORAGE, headers={"x-ms-version": "2023-11-03"})


def _one_large(world: World) -> None:
    _asset(world, [])
    world.azure(lambda client: _large(client, world.account("source"), world.container("source")))
    assert [blob.size for blob in world.blobs("source").values()] == [PIECE * PIECES]


def test_one_blob_of_two_gib(fresh: Callable[..., World], azcopy: Path, figures: Figures) -> None:
    turns = _in_turn(fresh, azcopy, _one_large)
    theirs_wall, theirs_cpu = Turns.mean(turns.theirs)
    wall, cpu = Turns.mean(turns.ours)
    figures.add("one blob of 2 GiB: AzCopy", f"{theirs_wall:.1f} s, {theirs_cpu:.1f} s of processor")
    assert figures.add(
        "one blob of 2 GiB: `migrate run`",
        f"{wall:.1f} s, {cpu:.1f} s of processor",
        "not slower, and less",
        holds=wall <= theirs_wall and cpu < theirs_cpu,
    )
