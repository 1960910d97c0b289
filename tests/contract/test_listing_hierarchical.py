"""The product lists an account with a hierarchical namespace, which has directories and no index tags."""

from __future__ import annotations

import asyncio
import uuid

from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.core.workspace import Location
from azsandbox import Sandbox, provision
from azsandbox.client import Client


async def _lake(azure_env: Sandbox, account: str) -> None:
    """An account with a hierarchical namespace, and in it a container with a blob in a directory."""
    async with Client(azure_env.env) as azure:
        group = await provision.group(azure, "lake-rg")
        path = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
        await azure.arm("PUT", path, "2023-05-01", {"location": "eastus2", "properties": {"isHnsEnabled": True}})
        await azure.create_container(account, "data")
        await azure.upload(account, "data/a/one.csv", b"x")


def test_it_lists_files_alone_and_knows_that_there_are_no_tags(azure_env: Sandbox) -> None:
    account = f"lake{uuid.uuid4().hex[:12]}"

    async def listed() -> tuple[list[str], list[bool]]:
        await _lake(azure_env, account)
        credential = Credential(Login())
        side = Blobs(Login(), credential)
        try:
            found, tagged = await side.listing(Location(account, "data"))
            with_past, tagged_too, _ = await side.listing_with_past(Location(account, "data"))
            assert [blob.path for blob in with_past] == [blob.path for blob in found]
            return [blob.path for blob in found], [tagged, tagged_too]
        finally:
            await side.close()
            await credential.close()
            await asyncio.sleep(0.3)

    assert asyncio.run(listed()) == (["a/one.csv"], [True, True])
