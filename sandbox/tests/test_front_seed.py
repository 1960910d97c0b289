"""Seeding over the proxy: the demo, and files of real asset definitions."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from azsandbox import Options, Sandbox, provision
from azsandbox.cli import main
from azsandbox.client import Client
from azsandbox.seed import CODE_SHARE, FILE_SHARE, content, read_lines

VERSION = "2024-04-01"


async def test_a_pause_that_others_prolong_is_waited_out() -> None:
    client = Client({"AZURE_SUBSCRIPTION_ID": "s"})
    client._pause(0.05)
    waiting = asyncio.create_task(client._paused())
    await asyncio.sleep(0)
    client._pause(0.2)
    until = client._pause_until
    await waiting
    assert time.monotonic() >= until


async def _all(azure: Client, path: str) -> list[dict[str, Any]]:
    found, url = [], path
    while url:
        page = await azure.arm("GET", url, VERSION)
        found += page["value"]
        url = page.get("nextLink")
    return found


def test_the_demo_is_made_once(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["seed", "demo", "--json", "--state", str(sandbox.state)]
    assert main(arguments) == 0
    made = json.loads(capsys.readouterr().out)

    async def look() -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
        async with Client(sandbox.env) as azure:
            source = await azure.arm("GET", made["source"], VERSION)
            target = await azure.arm("GET", made["target"], VERSION)
            every = f"{made['source']}/models/credit-risk/versions?listViewType=All"
            return source, target, await _all(azure, every)

    source, target, models = asyncio.run(look())
    assert "encryption" not in source["properties"] or not source["properties"]["encryption"]
    assert target["properties"]["encryption"]["status"] == "Enabled"
    assert {(one["name"], one["properties"]["isArchived"]) for one in models} == {
        ("1", False),
        ("2", True),
        ("4", False),
    }
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == made
    assert asyncio.run(look())[2] == models


def test_the_demo_has_notebooks(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "demo", "--json", "--state", str(sandbox.state)]) == 0
    made = json.loads(capsys.readouterr().out)
    found = asyncio.run(_files(sandbox, made["source"], f"{CODE_SHARE}/Users/ann/credit-risk"))
    assert found == ["explore.ipynb", "helpers.py", "train.ipynb"]
    assert made["files"] == 6


def test_files_from_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [
        {"share": FILE_SHARE, "path": "a/b c/1.bin", "bytes": 5_000_000},
        {"share": FILE_SHARE, "path": "a/{1}.txt", "text": "{account}"},
        {"share": "own-share", "path": "ü.txt", "text": ""},
    ]
    (tmp_path / "files").write_text("".join(json.dumps(row) + "\n" for row in rows))

    async def make() -> str:
        async with Client(sandbox.env) as azure:
            return str((await provision.pair(azure, "files-rg", "files-source", "files-target")).source["id"])

    workspace = asyncio.run(make())
    for _ in range(2):
        arguments = ["--workspace", workspace, "--files", str(tmp_path / "files")]
        assert main(["seed", "--state", str(sandbox.state), *arguments]) == 0
    share = asyncio.run(_store(sandbox, workspace, "workspacefilestore"))["fileShareName"]
    assert asyncio.run(_files(sandbox, workspace, f"{share}/a")) == ["b c", "{1}.txt"]
    assert asyncio.run(_file(sandbox, workspace, f"{share}/a/b c/1.bin")) == content("a/b c/1.bin", 5_000_000)
    assert asyncio.run(_file(sandbox, workspace, f"{share}/a/{{1}}.txt")) == b"filessource"
    assert asyncio.run(_file(sandbox, workspace, "own-share/ü.txt")) == b""


class _Watched(Client):
    """Keeps what each answer says is left of the writes."""

    left: ClassVar[list[str]] = []

    async def send(
        self, method: str, url: str, audience: str, **arguments: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer = await super().send(method, url, audience, **arguments)
        if method == "PUT" and "x-ms-ratelimit-remaining-subscription-writes" in answer[1]:
            self.left.append(answer[1]["x-ms-ratelimit-remaining-subscription-writes"])
        return answer


def test_however_much_is_seeded_nothing_is_throttled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"properties": {"dataType": "uri_file", "dataUri": "azureml://datastores/workspaceblobstore/paths/a"}}
    rows = [{"kind": "data", "name": f"d{number}", "version": "1", **body} for number in range(20)]
    (tmp_path / "rows").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr("azsandbox.seeding.Client", _Watched)
    monkeypatch.setattr(_Watched, "left", [])
    with Sandbox(tmp_path / "throttled", Options(arm_limits="real")) as throttled:

        async def make() -> str:
            async with Client(throttled.env) as azure:
                return str((await provision.pair(azure, "seed-rg", "seed-source", "seed-target")).source["id"])

        arguments = ["--workspace", asyncio.run(make()), "--resources", str(tmp_path / "rows")]
        assert main(["seed", "--state", str(throttled.state), *arguments]) == 0
    assert len(_Watched.left) >= len(rows)
    assert set(_Watched.left) == {"199"}, "a write took a token"


def test_real_definitions_from_files(sandbox: Sandbox, shared: Path) -> None:
    folder = shared / "real" / "azureml-examples"
    resources, blobs = folder / "resources.jsonl", folder / "blobs.jsonl"

    async def make() -> str:
        async with Client(sandbox.env) as azure:
            pair = await provision.pair(azure, "seed-rg", "seed-source", "seed-target")
            return str(pair.source["id"])

    workspace = asyncio.run(make())
    arguments = ["seed", "--state", str(sandbox.state), "--workspace", workspace]
    assert main([*arguments, "--resources", str(resources), "--blobs", str(blobs)]) == 0
    rows = read_lines(resources)
    assert asyncio.run(_names(sandbox, workspace)) >= {row["name"] for row in rows if row["kind"] == "data"}
    one = next(row for row in read_lines(blobs) if row["bytes"] > 1000)
    assert asyncio.run(_blob(sandbox, workspace, one["path"])) == content(one["path"], one["bytes"])


async def _names(sandbox: Sandbox, workspace: str) -> set[str]:
    async with Client(sandbox.env) as azure:
        return {one["name"] for one in await _all(azure, f"{workspace}/data")}


async def _blob(sandbox: Sandbox, workspace: str, path: str) -> bytes:
    async with Client(sandbox.env) as azure:
        store = (await azure.arm("GET", f"{workspace}/datastores/workspaceblobstore", VERSION))["properties"]
        url = f"https://{store['accountName']}.blob.core.windows.net/{store['containerName']}/{path}"
        version = {"x-ms-version": "2023-11-03"}
        return (await azure.send("GET", url, "https://storage.azure.com", headers=version))[2]


async def _store(sandbox: Sandbox, workspace: str, name: str) -> dict[str, Any]:
    async with Client(sandbox.env) as azure:
        store: dict[str, Any] = await azure.arm("GET", f"{workspace}/datastores/{name}", VERSION)
        return store["properties"]


async def _file(sandbox: Sandbox, workspace: str, path: str, query: str = "") -> bytes:
    account = (await _store(sandbox, workspace, "workspacefilestore"))["accountName"]
    async with Client(sandbox.env) as azure:
        url = f"https://{account}.file.core.windows.net/{quote(path)}{query}"
        fields = {"x-ms-version": "2025-01-05", "x-ms-file-request-intent": "backup"}
        return (await azure.send("GET", url, "https://storage.azure.com", headers=fields))[2]


async def _files(sandbox: Sandbox, workspace: str, path: str) -> list[str]:
    page = ElementTree.fromstring(await _file(sandbox, workspace, path, "?restype=directory&comp=list"))
    return [name.text or "" for name in page.iterfind("Entries/*/Name")]
