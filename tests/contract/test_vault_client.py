"""The product's way to a vault's keys, against real ones in the local Azure."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import RunningSandbox

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.vault import Vaults
from amlmigrate.core.keys import Rotation
from azsandbox import provision
from azsandbox.client import Client


@pytest.fixture
def vault(azure_env: RunningSandbox) -> str:
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
