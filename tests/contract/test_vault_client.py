"""The product's way to a vault's keys, against real ones in the local Azure."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests import requestlogs
from tests.contract.sides import signed_in

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.vault import Vaults
from amlmigrate.core.keys import Rotation
from azsandbox import Sandbox, provision
from azsandbox.client import Client
from azsandbox.principals import Directory
from azsandbox.state import StateFolder


@pytest.fixture
async def local(azure_env: Sandbox) -> AsyncIterator[Client]:
    """The local Azure's own client."""
    async with Client(azure_env.env) as client:
        yield client


@pytest.fixture
async def vault(local: Client) -> str:
    name = uuid.uuid4().hex[:8]
    return await provision.vault(local, await provision.group(local, f"vault-{name}"), f"kv{name}")


@pytest.fixture
def vaults(side: Side) -> Vaults:
    return side.vaults


async def test_a_key_from_its_creation_to_its_rotation_policy(vaults: Vaults, vault: str) -> None:
    expires = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)

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


async def test_what_the_vault_refuses_has_its_own_code(vaults: Vaults, vault: str) -> None:
    uri = vaults.uri(vault)
    with pytest.raises(ServiceError) as caught:
        await vaults.wraps(f"{uri}/keys/none/{'0' * 32}")
    assert (caught.value.status, caught.value.code) == (404, "KeyNotFound")


async def _key(local: Client, vault: str, **attributes: Any) -> str:
    """A new key that is used as these attributes allow; its identifier."""
    made = (await provision.key(local, vault, "cmk")).url
    if attributes:
        body = {"attributes": attributes}
        await local.send("PATCH", f"{made}?api-version=7.4", "https://vault.azure.net", json=body)
    return made


async def test_the_vault_itself_wraps_and_unwraps(
    vaults: Vaults, local: Client, vault: str, azure_env: Sandbox
) -> None:
    key_id = await _key(local, vault)
    assert await vaults.wraps(key_id) is True
    assert await vaults.wraps(key_id.rpartition("/")[0]) is True, "the newest version is found by name"
    path = key_id.partition(".vault.azure.net")[2]
    asked = [row["path"] for row in requestlogs.rows(azure_env.env) if row["method"] == "POST"]
    for operation in ("wrapkey", "unwrapkey"):
        assert sum(f"{path}/{operation}" in each for each in asked) >= 2


@pytest.mark.parametrize(
    ("attributes", "code"), [({"enabled": False}, "KeyDisabled"), ({"exp": 1_700_000_000}, "KeyExpired")]
)
async def test_a_key_that_may_not_wrap_is_refused(
    vaults: Vaults, local: Client, vault: str, attributes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        await vaults.wraps(await _key(local, vault, **attributes))
    assert caught.value.code == code


async def test_a_caller_without_the_right_to_wrap_is_refused(
    local: Client, vault: str, azure_env: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the key, public half and all, which is enough to wrap by oneself."""
    key_id = await _key(local, vault)
    name = f"reader-{uuid.uuid4().hex[:8]}"
    made, secret = Directory(StateFolder(azure_env.state)).add(name, has_roles=False)
    await provision.assign(local, vault, "21090545-7ca7-4776-b22c-e363652d74d2", made.object_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", made.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    async with signed_in() as reader:
        with pytest.raises(ServiceError) as caught:
            await reader.vaults.wraps(key_id)
    assert caught.value.code == "ForbiddenByRbac"
