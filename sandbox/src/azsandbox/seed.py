"""Fills a workspace of a running sandbox through its proxy, as any client would."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from azsandbox.client import Client
from azsandbox.fileuploads import FileUploads

_VERSION = "2024-04-01"
_BLOBS_AT_ONCE = 24
_RESOURCES_AT_ONCE = 8
_PIECE = 1024 * 1024
# In the files, this container stands for the one behind the workspace's `workspaceblobstore`.
DEFAULT_CONTAINER = "azureml-blobstore"
# And this share for the one behind its `workspacefilestore`. Notebooks lie in another, which has the same name
# in every workspace.
FILE_SHARE = "azureml-filestore"
CODE_SHARE = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"


def content(path: str, length: int) -> bytes:
    """Bytes that follow from path and length alone."""
    pieces = range(0, length, _PIECE)
    return b"".join(
        hashlib.shake_256(f"{path}\n{length}\n{start}".encode()).digest(min(_PIECE, length - start))
        for start in pieces
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The documents of a file of JSON lines. Raises ValueError."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


class Seeder:
    """Fills one workspace; `account` and `container` are those of its `workspaceblobstore`."""

    def __init__(self, azure: Client, workspace: str, account: str, container: str) -> None:
        self.azure, self.workspace, self.account, self.container = azure, workspace, account, container

    @classmethod
    async def of(cls, azure: Client, workspace: str) -> Seeder:
        """Reads through ARM where the workspace keeps its bytes."""
        store = await azure.arm("GET", f"{workspace}/datastores/workspaceblobstore", _VERSION)
        properties = store["properties"]
        return cls(azure, workspace, properties["accountName"], properties["containerName"])

    async def blobs(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Uploads a blob for each row (`container`, `path`, and `bytes`, a length, or `text`); how many."""
        rows = list(rows)
        for name in {self._container(row["container"]) for row in rows}:
            await self.azure.create_container(self.account, name)
        turn = asyncio.Semaphore(_BLOBS_AT_ONCE)

        async def one(row: Mapping[str, Any]) -> None:
            async with turn:
                path = f"{self._container(row['container'])}/{row['path']}"
                await self.azure.upload(self.account, path, self._data(row), **row.get("headers", {}))

        async with asyncio.TaskGroup() as tasks:
            for row in rows:
                tasks.create_task(one(row))
        return len(rows)

    def _container(self, name: str) -> str:
        return self.container if name == DEFAULT_CONTAINER else name

    async def files(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Uploads a file for each row (`share`, `path`, and `bytes`, a length, or `text`); how many."""
        rows = list(rows)
        uploads = FileUploads(self.azure, self.account)
        for share in sorted({row["share"] for row in rows}):
            await uploads.create_share(self._share(share))
        for share, folder in sorted({(row["share"], row["path"].rpartition("/")[0]) for row in rows}):
            await uploads.create_directories(self._share(share), folder)
        turn = asyncio.Semaphore(_BLOBS_AT_ONCE)

        async def one(row: Mapping[str, Any]) -> None:
            async with turn:
                await uploads.upload(self._share(row["share"]), row["path"], self._data(row))

        async with asyncio.TaskGroup() as tasks:
            for row in rows:
                tasks.create_task(one(row))
        return len(rows)

    def _share(self, name: str) -> str:
        # Both default places end in the workspace's id.
        return self.container.replace(DEFAULT_CONTAINER, FILE_SHARE) if name == FILE_SHARE else name

    def _data(self, row: Mapping[str, Any]) -> bytes:
        return self._filled(row["text"]).encode() if "text" in row else content(row["path"], row["bytes"])

    async def resources(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """PUTs each row after those above that it names and after earlier versions of its name."""
        turn = asyncio.Semaphore(_RESOURCES_AT_ONCE)
        made: dict[str, asyncio.Task[None]] = {}
        count = 0

        async def one(path: str, body: Any, after: list[asyncio.Task[None]]) -> None:
            if after:
                await asyncio.gather(*after)
            async with turn:
                await self.azure.arm("PUT", f"{self.workspace}/{path}", _VERSION, body)

        async with asyncio.TaskGroup() as tasks:
            for row in rows:
                path, text = _path(row), self._filled(json.dumps(row["properties"]))
                container = f"{row['kind']}/{row['name']}"
                after = [task for name, task in made.items() if f"/{name}" in text]
                after += [made[container]] if container in made else []
                made[path] = made[container] = tasks.create_task(
                    one(path, {"properties": json.loads(text)}, after)
                )
                count += 1
        return count

    def _filled(self, text: str) -> str:
        host = f"https://{self.account}.blob.core.windows.net"
        path = self.workspace.lstrip("/").replace("/resourceGroups/", "/resourcegroups/")
        path = path.replace("/providers/Microsoft.MachineLearningServices/", "/")
        return (
            text.replace("{workspace}", self.workspace)
            .replace("{workspace_path}", path)
            .replace("{account}", self.account)
            .replace(f"{host}/{DEFAULT_CONTAINER}/", f"{host}/{self.container}/")
        )


def _path(row: Mapping[str, Any]) -> str:
    version = f"/versions/{row['version']}" if row.get("version") is not None else ""
    return f"{row['kind']}/{row['name']}{version}"
