"""Two storage accounts of a test module's own, a container in each, and clients with the accounts' keys."""

from __future__ import annotations

from dataclasses import dataclass

from azure.storage.blob import ContainerClient
from live import account_with_key, azure, through

from azsandbox import Sandbox
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
            **through(self.sandbox.env),
        )


def two_accounts(sandbox: Sandbox, prefix: str) -> TwoAccounts:
    """Makes them; `prefix` keeps their names apart from others'."""
    names = {which: f"{prefix}{which}" for which in ("source", "target")}

    async def make(client: Client) -> dict[str, str]:
        found = {}
        for which, name in names.items():
            _, found[which] = await account_with_key(client, f"{prefix}-rg", name)
            await client.create_container(name, CONTAINER)
        return found

    return TwoAccounts(sandbox, names, azure(sandbox.env, make))
