"""The product lists an account with a hierarchical namespace, which has directories and no index tags."""

from __future__ import annotations

import uuid

from amlmigrate.cloud.session import Side
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


async def test_it_lists_files_alone_and_knows_that_there_are_no_tags(side: Side, azure_env: Sandbox) -> None:
    account = f"lake{uuid.uuid4().hex[:12]}"
    await _lake(azure_env, account)
    found, tagged = await side.blobs.listing(Location(account, "data"))
    with_past, tagged_too, _ = await side.blobs.listing_with_past(Location(account, "data"))
    assert [blob.path for blob in with_past] == [blob.path for blob in found] == ["a/one.csv"]
    assert tagged and tagged_too
