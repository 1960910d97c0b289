"""A key whose creation was served and not answered is found, not made again: each such call makes a version."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.keyvault.keys import KeyVaultKey

from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.vault import Vaults

VAULT = "https://kv.vault.azure.net"


class Client:
    """A vault that has some versions of one key, and loses the answers to so many creations of more."""

    def __init__(self, there: int, lost: int, *, served: bool) -> None:
        self.versions, self.lost, self.served, self.asked = there, lost, served, 0

    async def get_key(self, name: str, version: str | None) -> KeyVaultKey:
        return KeyVaultKey(f"{VAULT}/keys/{name}/{self.versions:032x}", {"kty": "RSA", "n": b"\1" * 256})

    async def create_rsa_key(self, name: str, **_: Any) -> KeyVaultKey:
        self.asked += 1
        lost = self.asked <= self.lost
        self.versions += self.served or not lost
        if lost:
            raise ServiceResponseError("reset by peer")
        return await self.get_key(name, None)


@pytest.mark.parametrize(("there", "lost"), [(1, 0), (1, 1), (3, 1), (3, 2)])
@pytest.mark.parametrize("served", [True, False])
def test_one_creation_makes_one_version(
    monkeypatch: pytest.MonkeyPatch, there: int, lost: int, served: bool
) -> None:
    async def now(_: float) -> None:
        return None

    client = Client(there, lost, served=served)
    login = Login()
    vaults = Vaults(login, Credential(login))
    monkeypatch.setattr(asyncio, "sleep", now)
    monkeypatch.setattr(vaults, "_client", lambda _: client)
    made = asyncio.run(vaults.create(VAULT, "cmk", kind="RSA", size=2048, expires=None, tags={}))
    assert client.versions == there + 1, "a version too many, or none"
    assert made.version.id == f"{VAULT}/keys/cmk/{there + 1:032x}"
    assert client.asked == (min(lost, 1) or 1 if served else lost + 1)
