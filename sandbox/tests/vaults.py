"""Vaults of a test's own in the running sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live import azure, unique

from azsandbox import provision
from azsandbox.client import Client


def new_vault(env: Mapping[str, str], **options: Any) -> str:
    """A group and a vault in it; the vault's ARM id."""

    async def work(client: Client) -> str:
        group = await provision.group(client, unique("vaults-"))
        return await provision.vault(client, group, unique("kv"), **options)

    made: str = azure(env, work)
    return made


def url(vault_id: str) -> str:
    """A vault's address."""
    return f"https://{vault_id.rpartition('/')[2]}.vault.azure.net"
