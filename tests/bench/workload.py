"""A workspace of any size, in one shape: names of ten versions, three in four of them with bytes of their own.

Of each hundred versions 45 are models, 30 data, 15 environments and 10 components, each component in an
environment. There are two and a half blobs for each version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.acceptance.world import VERSION, World

from azsandbox.client import Client
from azsandbox.seed import DEFAULT_CONTAINER, Seeder

VERSIONS = 10
_SHARES = {"models": 45, "data": 30, "environments": 15, "components": 10}
_WITH_BYTES = ("models", "data")
_STORE = "azureml://datastores/workspaceblobstore/paths"
_AT_ONCE = 32


@dataclass(frozen=True)
class Workload:
    """So many asset versions and so many blobs."""

    assets: int
    blobs: int

    def names(self) -> Iterator[tuple[str, str]]:
        """Kind and name of every asset."""
        for kind, share in _SHARES.items():
            for number in range(self.assets * share // 100 // VERSIONS):
                yield kind, f"{kind}-{number:05d}"

    def rows(self) -> list[dict[str, Any]]:
        """Every blob, as a seed file has them: spread evenly over the versions that have bytes."""
        places = [f"{kind}/{name}/{version}" for kind, name in self.names() if kind in _WITH_BYTES
                  for version in range(1, VERSIONS + 1)]  # fmt: skip
        return [
            {
                "container": DEFAULT_CONTAINER,
                "path": f"{places[n % len(places)]}/part-{n:06d}",
                "bytes": 200 + n % 800,
            }
            for n in range(self.blobs)
        ]


def _properties(kind: str, name: str, version: int, workspace: str) -> dict[str, Any]:
    described = {
        "description": f"{name} in its version {version}",
        "tags": {"team": "risk", "run": f"{name}-{version}"},
    }
    if kind == "models":
        return {**described, "modelType": "custom_model", "modelUri": f"{_STORE}/{kind}/{name}/{version}"}
    if kind == "data":
        return {**described, "dataType": "uri_folder", "dataUri": f"{_STORE}/{kind}/{name}/{version}"}
    if kind == "environments":
        return {**described, "image": f"mcr.microsoft.com/azureml/base:{name}.{version}"}
    environment = f"{workspace}/environments/environments-{int(name[-5:]):05d}/versions/{version}"
    spec = {
        "type": "command",
        "name": name,
        "version": str(version),
        "command": "python train.py --rate ${{inputs.rate}}",
        "environment": f"azureml:{environment}",
        "inputs": {"rate": {"type": "number", "default": "0.1"}, "folder": {"type": "uri_folder"}},
    }
    return {**described, "componentSpec": spec}


async def fill(client: Client, workspace: str, load: Workload) -> None:
    """Puts a workload into a workspace: versions of a name in order, all else in parallel."""
    seeder = await Seeder.of(client, workspace)
    rows = load.rows()
    for start in range(0, len(rows), 2000):
        await seeder.blobs(rows[start : start + 2000])

    async def name(pair: tuple[str, str]) -> None:
        kind, asset = pair
        for version in range(1, VERSIONS + 1):
            body = {"properties": _properties(kind, asset, version, workspace)}
            await client.arm("PUT", f"{workspace}/{kind}/{asset}/versions/{version}", VERSION, body)

    for kind in _SHARES:
        await _each([pair for pair in load.names() if pair[0] == kind], name)


async def _each(items: Iterable[Any], work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(worker())


def seed(world: World, load: Workload) -> None:
    """Fills the source of a world."""
    world.azure(lambda client: fill(client, world.documents["source"]["id"], load))
