"""Two sandboxes in one process and one event loop share nothing: no state outlives or leaves the server that made it."""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from azsandbox import Options, provision
from azsandbox.client import Client, Refused
from azsandbox.principals import Directory
from azsandbox.server import Server
from azsandbox.state import StateFolder

ARM, STORAGE, VAULT = "https://management.azure.com", "https://storage.azure.com", "https://vault.azure.net"
GROUPS, GROUPS_VERSION = "resourceGroups", "2022-09-01"


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[tuple[Server, Client]]:
    server = Server(StateFolder(folder), Options(arm_limits="off"))
    await server.start()
    try:
        async with Client(server.environment()) as client:
            yield server, client
    finally:
        await server.stop()


async def _work(client: Client, mark: str) -> dict[str, Any]:
    """A pair of workspaces, a key among them, and a blob: most of what a sandbox keeps. The target's document."""
    pair = await provision.pair(client, f"{mark}-rg", "source", "target", suffix="same")
    account = str(pair.source["properties"]["storageAccount"]).rpartition("/")[2]
    await client.create_container(account, mark)
    await client.upload(account, f"{mark}/blob", mark.encode())
    return pair.target


async def test_what_one_has_the_other_has_not(tmp_path: Path) -> None:
    async with _serving(tmp_path / "one") as (one, first), _serving(tmp_path / "other") as (other, second):
        assert one.port != other.port
        of_one = await _work(first, "of-one")
        # All names are taken in the first one's world, and free in this one.
        of_other = await _work(second, "of-other")
        assert of_one["properties"]["workspaceId"] != of_other["properties"]["workspaceId"]
        for client, mark in ((first, "of-one"), (second, "of-other")):
            found = await client.arm("GET", f"{client.subscription}/{GROUPS}", GROUPS_VERSION)
            assert [each["name"] for each in found["value"]] == [f"{mark}-rg"]
        assert not await _key_ids(first) & await _key_ids(second)


async def _key_ids(client: Client) -> set[str]:
    url = "https://targetsame-kv.vault.azure.net/keys/target-key/versions?api-version=7.4"
    _, _, text = await client.send("GET", url, VAULT)
    return {one["kid"] for one in json.loads(text)["value"]}


async def test_faults_rights_and_tokens_are_each_ones_own(tmp_path: Path) -> None:
    async with _serving(tmp_path / "one") as (one, first), _serving(tmp_path / "other") as (_, second):
        one.state.faults.write_text(
            '{"rules": [{"match": {"path": "resourceGroups$"}, "action": "status", "status": 409}]}'
        )
        with pytest.raises(Refused, match="409"):
            await first.arm("GET", f"{first.subscription}/{GROUPS}", GROUPS_VERSION)
        assert await second.arm("GET", f"{second.subscription}/{GROUPS}", GROUPS_VERSION) == {"value": []}
        # A principal of the first is nobody in the other, and its tokens are nobody's.
        made, _ = Directory(one.state).add("somebody")
        assert Directory(StateFolder(tmp_path / "other")).find(made.client_id) is None
        second._tokens[ARM] = (time.time() + 60, await first.token(ARM))
        with pytest.raises(Refused, match="401"):
            await second.arm("GET", f"{second.subscription}/{GROUPS}", GROUPS_VERSION)


def _module_state() -> dict[str, Any]:
    """Whatever can be changed and belongs to a module or a class of the sandbox."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "azsandbox":
            continue
        for member, value in vars(module).items():
            if not member.startswith("__"):
                found[f"{name}.{member}"] = value
            if isinstance(value, type) and value.__module__ == name:
                found |= {f"{name}.{member}.{each}": of for each, of in vars(value).items()}
    return {name: value for name, value in found.items() if isinstance(value, dict | list | set | bytearray)}


async def test_a_sandbox_keeps_nothing_in_modules(tmp_path: Path) -> None:
    async with _serving(tmp_path / "first") as (_, client):
        await _work(client, "warm")  # all modules are imported now
    before = _module_state()
    kept = {name: copy.deepcopy(value) if _is_plain(value) else len(value) for name, value in before.items()}
    async with _serving(tmp_path / "second") as (_, client):
        await _work(client, "marked")
        await client.arm("DELETE", f"{client.subscription}/{GROUPS}/marked-rg", GROUPS_VERSION)
    after = _module_state()
    assert set(after) == set(before)
    changed = {name for name, value in after.items() if kept[name] != (value if _is_plain(value) else len(value))}
    assert not changed


def _is_plain(value: Any) -> bool:
    """Whether it holds only what JSON has, so that it can be compared whole."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)
