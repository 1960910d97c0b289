"""AzCopy copies a thousand blobs between two accounts, service to service."""

from __future__ import annotations

import asyncio
import ctypes.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from azsandbox import Sandbox, nodepackages, provision
from azsandbox.client import Client
from azsandbox.seed import Seeder, content

COUNT = 1000


@pytest.fixture
def azcopy(tmp_path: Path) -> Path:
    """The program, made executable; skips where it or a library it loads is missing."""
    found = [*(nodepackages.node_modules() / "@azure-tools").glob("azcopy-linux/dist/bin/azcopy_linux_amd64")]
    if not found:
        pytest.skip("the optional npm package @azure-tools/azcopy-linux is not installed")
    if ctypes.util.find_library("secret-1") is None:
        pytest.skip("AzCopy needs the library libsecret-1-0")
    program = tmp_path / "azcopy"
    shutil.copy(found[0], program)
    program.chmod(0o700)
    return program


async def _fill(env: dict[str, str]) -> None:
    async with Client(env) as azure:
        group = await provision.group(azure, "azcopy-rg")
        for account in ("azcopysource", "azcopytarget"):
            await provision.storage_account(azure, group, account)
            await azure.create_container(account, "data")
        rows = [{"container": "data", "path": f"tree/{i % 7}/blob {i}", "bytes": 500 + i} for i in range(COUNT)]
        await Seeder(azure, "", "azcopysource", "").blobs(rows)


def _environment(env: dict[str, str], folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        **env,
        "AZCOPY_AUTO_LOGIN_TYPE": "SPN",
        "AZCOPY_TENANT_ID": env["AZURE_TENANT_ID"],
        "AZCOPY_SPA_APPLICATION_ID": env["AZURE_CLIENT_ID"],
        "AZCOPY_SPA_CLIENT_SECRET": env["AZURE_CLIENT_SECRET"],
        "AZCOPY_LOG_LOCATION": str(folder / "logs"),
        "AZCOPY_JOB_PLAN_LOCATION": str(folder / "plans"),
        "AZCOPY_DISABLE_SYSLOG": "true",
    }


def test_a_thousand_blobs(sandbox: Sandbox, azcopy: Path, tmp_path: Path) -> None:
    asyncio.run(_fill(sandbox.env))
    source, target = (f"https://{name}.blob.core.windows.net/data" for name in ("azcopysource", "azcopytarget"))
    command = [azcopy, "copy", f"{source}/tree", target, "--recursive", "--output-type", "json"]
    done = subprocess.run(
        command, env=_environment(sandbox.env, tmp_path), capture_output=True, text=True, timeout=120, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    end = json.loads(next(line["MessageContent"] for line in lines if line["MessageType"] == "EndOfJob"))
    assert (end["JobStatus"], int(end["TransfersCompleted"])) == ("Completed", COUNT), done.stdout[-2000:]
    assert asyncio.run(_read(sandbox.env, "tree/3/blob 500")) == content("tree/3/blob 500", 1000)


async def _read(env: dict[str, str], path: str) -> bytes:
    async with Client(env) as azure:
        url = f"https://azcopytarget.blob.core.windows.net/data/{path.replace(' ', '%20')}"
        version = {"x-ms-version": "2023-11-03"}
        return (await azure.send("GET", url, "https://storage.azure.com", headers=version))[2]
