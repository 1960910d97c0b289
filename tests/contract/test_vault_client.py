"""The product's way to a vault's keys, against real ones in the local Azure."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.vault import Vaults
from amlmigrate.core.keys import Rotation
from azsandbox import Sandbox, provision
from azsandbox.client import Client
from azsandbox.principals import Directory
from azsandbox.state import StateFolder


@pytest.fixture
def vault(azure_env: Sandbox) -> str:
    name = uuid.uuid4().hex[:8]

    async def work() -> str:
        async with Client(azure_env.env) as client:
            group = await provision.group(client, f"vault-{name}")
            return await provision.vault(client, group, f"kv{name}")

    return asyncio.run(work())


def _with(work: Callable[[Vaults], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        side = Side(Login())
        try:
            return await work(side.vaults)
        finally:
            await side.close()

    return asyncio.run(inside())


def test_a_key_from_its_creation_to_its_rotation_policy(vault: str) -> None:
    expires = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)

    async def work(vaults: Vaults) -> None:
        uri = vaults.uri(vault)
        assert await vaults.key(uri, "cmk") is None
        made = await vaults.create(uri, "cmk", kind="RSA", size=3072, expires=expires, tags={"for": "ml"})
        assert (made.kind, made.size, made.version.enabled, made.version.expires) == ("RSA", 3072, True, expires)
        assert {"wrapKey", "unwrapKey"} <= set(made.operations)
        assert await vaults.key(uri, "cmk") == made
        assert await vaults.rotation(uri, "cmk") is None
        policy = Rotation(expires_in="P90D", before_expiry="P30D", notify_before_expiry="P15D")
        assert await vaults.set_rotation(uri, "cmk", policy) == policy
        assert await vaults.rotation(uri, "cmk") == policy
        newer = await vaults.create(uri, "cmk", kind="RSA", size=3072, expires=None, tags={})
        assert {one.id for one in await vaults.versions(uri, "cmk")} == {made.version.id, newer.version.id}
        assert await vaults.wraps(newer.version.id)

    _with(work)


def test_what_the_vault_refuses_has_its_own_code(vault: str) -> None:
    async def work(vaults: Vaults) -> None:
        uri = vaults.uri(vault)
        with pytest.raises(ServiceError) as caught:
            await vaults.wraps(f"{uri}/keys/none/{'0' * 32}")
        assert (caught.value.status, caught.value.code) == (404, "KeyNotFound")

    _with(work)


def _key(env: Sandbox, vault: str, **attributes: Any) -> str:
    """A new key that is used as these attributes allow; its identifier."""

    async def work() -> str:
        async with Client(env.env) as client:
            made = (await provision.key(client, vault, "cmk")).url
            if attributes:
                url = f"{made}?api-version=7.4"
                await client.send("PATCH", url, "https://vault.azure.net", json={"attributes": attributes})
            return made

    return asyncio.run(work())


def _code_of_wrapping(key_id: str) -> str:
    async def work(vaults: Vaults) -> str:
        with pytest.raises(ServiceError) as caught:
            await vaults.wraps(key_id)
        return caught.value.code

    return str(_with(work))


def test_the_vault_itself_wraps_and_unwraps(vault: str, azure_env: Sandbox) -> None:
    key_id = _key(azure_env, vault)

    async def work(vaults: Vaults) -> None:
        assert await vaults.wraps(key_id) is True
        assert await vaults.wraps(key_id.rpartition("/")[0]) is True, "the newest version is found by name"

    _with(work)
    command = [str(Path(sys.executable).with_name("azsandbox")), "log", "--state", str(azure_env.state)]
    log = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    path = key_id.partition(".vault.azure.net")[2]
    for operation in ("wrapkey", "unwrapkey"):
        assert sum(f"{path}/{operation}" in line and '"POST"' in line for line in log.splitlines()) >= 2


@pytest.mark.parametrize(
    ("attributes", "code"), [({"enabled": False}, "KeyDisabled"), ({"exp": 1_700_000_000}, "KeyExpired")]
)
def test_a_key_that_may_not_wrap_is_refused(
    vault: str, azure_env: Sandbox, attributes: dict[str, Any], code: str
) -> None:
    assert _code_of_wrapping(_key(azure_env, vault, **attributes)) == code


def test_a_caller_without_the_right_to_wrap_is_refused(
    vault: str, azure_env: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the key, public half and all, which is enough to wrap by oneself."""
    key_id = _key(azure_env, vault)
    name = f"reader-{uuid.uuid4().hex[:8]}"
    made, secret = Directory(StateFolder(azure_env.state)).add(name, has_roles=False)

    async def work() -> None:
        async with Client(azure_env.env) as client:
            await provision.assign(client, vault, "21090545-7ca7-4776-b22c-e363652d74d2", made.object_id)

    asyncio.run(work())
    monkeypatch.setenv("AZURE_CLIENT_ID", made.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    assert _code_of_wrapping(key_id) == "ForbiddenByRbac"
