"""Two storage accounts of a test module's own, a container in each, and clients with the accounts' keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import ContainerClient

from azsandbox import Sandbox, provision
from azsandbox.client import Client

CONTAINER = "data"


@dataclass(frozen=True)
class TwoAccounts:
    """`source` and `target`: names of accounts, and the key of each."""

    sandbox: Sandbox
    names: dict[str, str]
    keys: dict[str, str]

    def container_client(self, which: str) -> ContainerClient:
        """A client with the account's key, through the sandbox without its variables."""
        return ContainerClient(
            f"https://{self.names[which]}.blob.core.windows.net",
            CONTAINER,
            credential=self.keys[which],
            proxies={"https": self.sandbox.env["HTTPS_PROXY"]},
            connection_verify=self.sandbox.env["SSL_CERT_FILE"],
        )

    def azure(self, work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
        """Runs `work(client)` against the sandbox."""
        return asyncio.run(_inside(self.sandbox, work))


async def _inside(sandbox: Sandbox, work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async with Client(sandbox.env) as client:
        return await work(client)


def two_accounts(sandbox: Sandbox, prefix: str) -> TwoAccounts:
    """Makes them; `prefix` keeps their names apart from others'."""
    names = {which: f"{prefix}{which}" for which in ("source", "target")}

    async def make(client: Client) -> dict[str, str]:
        group = await provision.group(client, f"{prefix}-rg")
        found = {}
        for which, name in names.items():
            account = await provision.storage_account(client, group, name)
            await client.create_container(name, CONTAINER)
            keys = await client.arm("POST", f"{account}/listKeys", "2023-05-01")
            found[which] = keys["keys"][0]["value"]
        return found

    return TwoAccounts(sandbox, names, asyncio.run(_inside(sandbox, make)))
