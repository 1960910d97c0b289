"""Seeding over the proxy: the demo, and files of real asset definitions."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import RunningSandbox

from azsandbox import provision
from azsandbox.cli import main
from azsandbox.client import Client
from azsandbox.seed import content, read_lines

VERSION = "2024-04-01"


async def _all(azure: Client, path: str) -> list[dict[str, Any]]:
    found, url = [], path
    while url:
        page = await azure.arm("GET", url, VERSION)
        found += page["value"]
        url = page.get("nextLink")
    return found


def test_the_demo_is_made_once(sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_real_definitions_from_files(sandbox: RunningSandbox, shared: Path) -> None:
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


async def _names(sandbox: RunningSandbox, workspace: str) -> set[str]:
    async with Client(sandbox.env) as azure:
        return {one["name"] for one in await _all(azure, f"{workspace}/data")}


async def _blob(sandbox: RunningSandbox, workspace: str, path: str) -> bytes:
    async with Client(sandbox.env) as azure:
        store = (await azure.arm("GET", f"{workspace}/datastores/workspaceblobstore", VERSION))["properties"]
        url = f"https://{store['accountName']}.blob.core.windows.net/{store['containerName']}/{path}"
        version = {"x-ms-version": "2023-11-03"}
        return (await azure.send("GET", url, "https://storage.azure.com", headers=version))[2]
