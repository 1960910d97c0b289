"""What lies under a customer's key answers only while that key can be used, and again when it can be."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arm_harness import usual_version
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys.aio import KeyClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.fileshare.aio import ShareServiceClient
from live import credential, unique
from vaults import url

from azsandbox import Sandbox, provision
from azsandbox.client import Client, Refused
from azsandbox.messages import COSMOS_APP_ID, COSMOS_OBJECT_ID

ARM = "https://management.azure.com"
VAULTS = "2023-07-01"


@dataclass(frozen=True)
class Encrypted:
    """A workspace and its account under one key: ARM ids, the key's name, the right of the identity."""

    workspace: str
    account: str
    vault: str
    key: str
    assignment: str


@pytest.fixture(scope="module")
def made(sandbox: Sandbox) -> Encrypted:
    async def make() -> Encrypted:
        async with Client(sandbox.env) as client:
            group = await provision.group(client, unique("cmk-"))
            vault = await provision.vault(client, group, unique("kv"))
            user = await provision.identity(client, group, "user")
            role = provision.KEY_VAULT_CRYPTO_USER
            assignment = await provision.assign(client, vault, role, user.principal_id)
            key = await provision.key(client, vault, "key", size=2048)
            account = await provision.storage_account(client, group, unique("cmk"), key=key, identity=user)
            workspace = await provision.workspace(
                client, group, unique("cmk"), storage_id=account, vault_id=vault, key=key, identity=user
            )
            return Encrypted(workspace["id"], account, vault, "key", assignment)

    return asyncio.run(make())


async def answer(client: Client, path: str, method: str = "GET") -> tuple[int, Any]:
    status, _, text = await client.send(
        method, f"{ARM}{path}?api-version={usual_version(path)}", ARM, accept=(403,)
    )
    return status, json.loads(text) if text.strip() else None


async def data_plane(made: Encrypted) -> list[str]:
    """The codes with which blobs and files refuse to be read; none where they answer, as that there is no such one.

    What needs no key answers all the while (`sealedcalls`).
    """
    name, codes = made.account.rpartition("/")[2], []
    async with credential() as who:
        async with BlobServiceClient(f"https://{name}.blob.core.windows.net", who) as blobs:
            [one async for one in blobs.list_containers()]
            try:
                await blobs.get_blob_client("container", "blob").download_blob()
            except ResourceNotFoundError:
                pass
            except HttpResponseError as error:
                codes.append(f"{error.status_code} {error.error_code}")
        host = f"https://{name}.file.core.windows.net"
        async with ShareServiceClient(host, who, token_intent="backup") as files:
            [one async for one in files.list_shares()]
            try:
                await files.get_share_client("share").get_file_client("file").download_file()
            except ResourceNotFoundError:
                pass
            except HttpResponseError as error:
                codes.append(f"{error.status_code} {error.error_code}")
    return codes


Change = Callable[[Client, KeyClient, Encrypted, bool], Awaitable[None]]


async def disable(client: Client, keys: KeyClient, made: Encrypted, broken: bool) -> None:
    await keys.update_key_properties(made.key, enabled=not broken)


async def delete(client: Client, keys: KeyClient, made: Encrypted, broken: bool) -> None:
    await (keys.delete_key(made.key) if broken else keys.recover_deleted_key(made.key))


async def revoke(client: Client, keys: KeyClient, made: Encrypted, broken: bool) -> None:
    if broken:
        await client.arm("DELETE", made.assignment, "2022-04-01")
        return
    found = await client.arm("GET", made.account, "2023-05-01")
    [user] = found["identity"]["userAssignedIdentities"].values()
    await provision.assign(client, made.vault, provision.KEY_VAULT_CRYPTO_USER, user["principalId"])


async def delete_vault(client: Client, keys: KeyClient, made: Encrypted, broken: bool) -> None:
    if broken:
        await client.arm("DELETE", made.vault, VAULTS)
        return
    body = {"location": provision.LOCATION, "properties": {"createMode": "recover"}}
    await client.arm("PUT", made.vault, VAULTS, body)


async def close_vault(client: Client, keys: KeyClient, made: Encrypted, broken: bool) -> None:
    rules = {"defaultAction": "Deny", "bypass": "None"} if broken else {"defaultAction": "Allow"}
    await client.arm("PATCH", made.vault, VAULTS, {"properties": {"networkAcls": rules}})


@pytest.mark.parametrize(
    ("change", "reason", "code"),
    [
        (disable, "KeyDisabled", "KeyVaultEncryptionKeyNotFound"),
        (delete, "KeyNotFound", "KeyVaultEncryptionKeyNotFound"),
        (revoke, "KeyVaultAccessForbidden", "KeyVaultEncryptionKeyNotFound"),
        (delete_vault, "KeyVaultNotFound", "KeyVaultVaultNotFound"),
        (close_vault, "KeyVaultNotReachable", "KeyVaultEncryptionKeyNotFound"),
    ],
)
async def test_without_its_key_a_workspace_is_shut(
    azure_env: Sandbox, made: Encrypted, change: Change, reason: str, code: str
) -> None:
    async with Client(os.environ) as client, credential() as who, KeyClient(url(made.vault), who) as keys:
        assert await data_plane(made) == []
        await change(client, keys, made, True)
        try:
            for path in ("", "/data", "/models/none/versions/1", "/datastores"):
                status, body = await answer(client, f"{made.workspace}{path}")
                assert (status, body["error"]["code"]) == (403, "Forbidden")
                assert "customer-managed key" in body["error"]["message"]
                assert f'"{reason}"' in json.dumps(body)
            # A lock or a role of the workspace is not its own business, nor is its place in a list.
            locks = f"{made.workspace}/providers/Microsoft.Authorization/locks"
            assert (await answer(client, locks))[0] == 200
            assert await data_plane(made) == [f"403 {code}"] * 2
        finally:
            await change(client, keys, made, False)
        assert (await answer(client, made.workspace))[0] == 200
        assert await data_plane(made) == []


async def test_a_shut_workspace_can_be_deleted(azure_env: Sandbox) -> None:
    async with Client(os.environ) as client:
        group = await provision.group(client, unique("cmk-"))
        vault = await provision.vault(client, group, unique("kv"))
        plain = await provision.vault(client, group, unique("kv"))
        storage = await provision.storage_account(client, group, unique("cmk"))
        key = await provision.key(client, vault, "key", size=2048)
        # The workspace's own identity gets its right from the service.
        made = await provision.workspace(client, group, unique("cmk"), storage_id=storage, vault_id=plain, key=key)
        assert (await answer(client, made["id"]))[0] == 200
        async with credential() as who, KeyClient(url(vault), who) as keys:
            await keys.delete_key("key")
        assert (await answer(client, made["id"]))[0] == 403
        assert (await answer(client, made["id"], "DELETE"))[0] == 202


async def test_a_key_without_version_is_followed_late(azure_env: Sandbox) -> None:
    """Until the service has looked, the version of before is in use (`test_following_keys` moves the clock)."""
    async with Client(os.environ) as client, credential() as who:
        group = await provision.group(client, unique("cmk-"))
        vault = await provision.vault(client, group, unique("kv"))
        user = await provision.identity(client, group, "user")
        await provision.assign(client, vault, provision.KEY_VAULT_CRYPTO_USER, user.principal_id)
        async with KeyClient(url(vault), who) as keys:
            first = await keys.create_rsa_key("key", size=2048)
            newest = provision.Key(vault, f"{url(vault)}/keys/key/")
            account = await provision.storage_account(client, group, unique("cmk"), key=newest, identity=user)
            plain = Encrypted("", account, vault, "key", "")
            await keys.create_rsa_key("key", size=2048)
            await keys.update_key_properties("key", enabled=False)
            assert await data_plane(plain) == []
            await keys.update_key_properties("key", first.properties.version, enabled=False)
            assert len(await data_plane(plain)) == 2


async def test_cosmos_is_found_in_the_directory(azure_env: Sandbox) -> None:
    graph = "https://graph.microsoft.com"
    async with Client(os.environ) as client:
        for path in (f"servicePrincipals(appId='{COSMOS_APP_ID}')", f"servicePrincipals/{COSMOS_OBJECT_ID}"):
            _, _, text = await client.send("GET", f"{graph}/v1.0/{path}", graph)
            assert json.loads(text)["id"] == COSMOS_OBJECT_ID
        query = f"$filter=appId eq '{os.environ['AZURE_CLIENT_ID']}'"
        _, _, text = await client.send("GET", f"{graph}/v1.0/servicePrincipals?{query}", graph)
        [owner] = json.loads(text)["value"]
        assert owner["displayName"] == "owner"
        status, _, _ = await client.send("GET", f"{graph}/v1.0/devices", graph, accept=(404,))
        assert status == 404


async def test_what_an_expired_key_holds_can_be_read_and_it_is_taken_for_nothing_new(
    azure_env: Sandbox, made: Encrypted
) -> None:
    """Expiry ends wrapping; what is stored is unwrapped (azure-security-docs, key-vault/includes/key-attributes)."""
    async with Client(os.environ) as client, credential() as who, KeyClient(url(made.vault), who) as keys:
        await keys.update_key_properties(made.key, expires_on=datetime.now(UTC) - timedelta(seconds=1))
        try:
            assert (await answer(client, made.workspace))[0] == 200
            assert await data_plane(made) == []
            found = await client.arm("GET", made.account, "2023-05-01")
            body = {name: found[name] for name in ("location", "identity", "sku", "kind")}
            encryption = {**found["properties"]["encryption"], "services": None}
            other = f"{made.account[:-4]}new1"
            with pytest.raises(Refused, match="KeyVaultKeyError"):
                await client.arm("PUT", other, "2023-05-01", {**body, "properties": {"encryption": encryption}})
        finally:
            await keys.update_key_properties(made.key, expires_on=datetime.now(UTC) + timedelta(days=1))
