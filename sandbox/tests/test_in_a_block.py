"""`with Sandbox() as azure:`: it runs for as long as the block does, tells why it cannot, and shares nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azsandbox import Sandbox, provision
from azsandbox.client import Client, Refused
from azsandbox.faultrules import BadRules
from azsandbox.lifetime import CannotStart

GROUPS = "resourceGroups"
STORAGE = "https://storage.azure.com"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    """Two at once."""
    with Sandbox() as one, Sandbox() as other:
        yield one, other


async def _group_names(azure: Sandbox) -> list[str]:
    async with azure.client() as client:
        found = await client.arm("GET", f"{client.subscription}/{GROUPS}", "2022-09-01")
    return [each["name"] for each in found["value"]]


def _gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_it_ends_with_the_block_and_leaves_nothing() -> None:
    azure = Sandbox()
    with pytest.raises(RuntimeError, match="use it inside"):
        azure.client()
    with azure:
        state = azure.state
        assert await _group_names(azure) == []
    assert not state.exists()
    with pytest.raises(RuntimeError, match="does not run"):
        azure.requests()


async def test_a_folder_that_is_named_is_kept_for_the_next(tmp_path: Path) -> None:
    azure = Sandbox(tmp_path / "state")
    with azure:
        async with azure.client() as client:
            await provision.group(client, "kept")
    with azure:
        assert await _group_names(azure) == ["kept"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = f"""
import json, os, pathlib, signal
from azsandbox import Sandbox
with Sandbox(pathlib.Path({str(tmp_path)!r})) as azure:
    print(json.loads((azure.state / "running.json").read_text())["pid"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    process = int(done.stdout)
    deadline = time.monotonic() + 30
    while not _gone(process):
        assert time.monotonic() < deadline, "the sandbox goes on without whoever started it"
        time.sleep(0.05)


def test_why_it_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZSANDBOX_NODE_MODULES", str(tmp_path))
    with (
        pytest.raises(CannotStart, match=r"the npm package azurite is not in .*: run: azsandbox setup"),
        Sandbox(),
    ):
        pass


def test_requests_are_told_by_what_they_were(pair: tuple[Sandbox, Sandbox]) -> None:
    azure, _ = pair
    asyncio.run(_group_names(azure))
    deadline = time.monotonic() + 30
    while not (found := azure.requests(host="management", path=f"{GROUPS}$", status="200")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert {each["method"] for each in found} == {"GET"}
    assert azure.requests(status="599") == []


async def test_faults_hold_for_the_time_of_a_block(pair: tuple[Sandbox, Sandbox]) -> None:
    azure, other = pair
    rule = {"match": {"path": f"{GROUPS}$"}, "action": "status", "status": 409}
    with azure.faults([rule]):
        with pytest.raises(Refused, match="409"):
            await _group_names(azure)
        await _group_names(other)
    await _group_names(azure)
    with pytest.raises(BadRules), azure.faults([{"action": "nothing"}]):
        pass


async def test_two_share_nothing(pair: tuple[Sandbox, Sandbox]) -> None:
    one, other = pair
    for name in ("HTTPS_PROXY", "SSL_CERT_FILE", "AZURE_CLIENT_SECRET", "AZSANDBOX_STATE"):
        assert one.env[name] != other.env[name]
    async with one.client() as client:
        await provision.storage_account(client, await provision.group(client, "of-one"), "sameaccount")
        await client.create_container("sameaccount", "of-one")
        token = await client.token("https://management.azure.com")
    assert "of-one" in await _group_names(one)
    assert "of-one" not in await _group_names(other)
    async with other.client() as client:
        # The name of an account is one in the world, and theirs are two worlds.
        await provision.storage_account(client, await provision.group(client, "of-other"), "sameaccount")
        url = "https://sameaccount.blob.core.windows.net/of-one?restype=container&comp=list"
        with pytest.raises(Refused, match="ContainerNotFound"):
            await client.send("GET", url, STORAGE, headers={"x-ms-version": "2023-11-03"})
        with pytest.raises(Refused, match="401"):
            await _with_token(client, token)
    assert not [each for each in other.requests() if "of-one" in each["path"] and each["status"] < 400]


async def _with_token(client: Client, token: str) -> None:
    """Asks with a token that another sandbox signed."""
    client._tokens["https://management.azure.com"] = (time.time() + 60, token)
    await client.arm("GET", f"{client.subscription}/{GROUPS}", "2022-09-01")
