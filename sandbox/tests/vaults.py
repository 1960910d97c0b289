"""Vaults of a test's own in the running sandbox, by the clients that people have."""

from __future__ import annotations

import asyncio
import itertools
import os
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.identity.aio import ClientSecretCredential

from azsandbox import provision
from azsandbox.client import Client

_COUNT = itertools.count(1)
_RUN = uuid.uuid4().hex[:6]


def unique(stem: str) -> str:
    """A name that nobody else has: letters and digits."""
    return f"{stem}{_RUN}{next(_COUNT)}"


def credential(env: Mapping[str, str] | None = None) -> ClientSecretCredential:
    """The credential of the environment's principal."""
    known = env or os.environ
    return ClientSecretCredential(known["AZURE_TENANT_ID"], known["AZURE_CLIENT_ID"], known["AZURE_CLIENT_SECRET"])


def azure(env: Mapping[str, str], work: Any) -> Any:
    """Runs `work(client)` against the sandbox, in a thread: a test may have a loop of its own."""

    async def inside() -> Any:
        async with Client(env) as client:
            return await work(client)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, inside()).result()


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
