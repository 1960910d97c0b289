"""Accounts, scopes and registries under a key without a version go over to a newer one late; fixed ones never do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from arm_harness import GROUP, TENANT, WORKSPACE, ArmClient, Time, client, principal

from azsandbox.arm.clock import Clock
from azsandbox.messages import Request

HOST = "kv.vault.azure.net"
KEY = f"https://{HOST}/keys/k"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
USER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry"
HOUR, DAY = 3600, 86400


@dataclass
class World:
    """A vault whose keys an identity may use, and the clock."""

    arm: ArmClient
    time: Time
    client_id: str

    async def vault(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call of the vault's own."""
        who = principal(audience="https://vault.azure.net")
        url = f"/keys/k{path}"
        request = Request(
            method, HOST, url, {"api-version": "7.4"}, {}, json.dumps(body).encode(), who, f"{url}?api-version=7.4"
        )
        response = await self.arm.arm.vault.handle(request)
        found: dict[str, Any] = json.loads(response.body)
        assert response.status == 200, found
        return found

    async def version(self) -> str:
        """A new version of the key; its identifier."""
        made = await self.vault("POST", "/create", {"kty": "RSA", "key_size": 2048})
        return str(made["key"]["kid"])

    async def enable(self, identifier: str, *, on: bool) -> None:
        """Enables a version, or disables it."""
        await self.vault("PATCH", f"/{identifier.rpartition('/')[2]}", {"attributes": {"enabled": on}})

    async def account(self, version: str = "") -> None:
        """Puts the account under the key, by a version or none."""
        named = {"keyvaulturi": f"https://{HOST}", "keyname": "k", "keyversion": version.rpartition("/")[2]}
        encryption = {
            "keySource": "Microsoft.Keyvault",
            "keyvaultproperties": named,
            "identity": {"userAssignedIdentity": USER},
        }
        body = {"identity": self.identity, "properties": {"encryption": encryption}}
        await self.arm.ok("PATCH", ACCOUNT, body)

    @property
    def identity(self) -> dict[str, Any]:
        return {"type": "UserAssigned", "userAssignedIdentities": {USER: {}}}

    async def registry(self, identifier: str) -> None:
        """A registry under the key."""
        key = {"keyIdentifier": identifier, "identity": self.client_id}
        body = {
            "location": "eastus2",
            "sku": {"name": "Premium"},
            "identity": self.identity,
            "properties": {"encryption": {"status": "enabled", "keyVaultProperties": key}},
        }
        await self.arm.ok("PUT", REGISTRY, body)

    async def workspace(self, identifier: str) -> None:
        """A workspace under the key."""
        encryption = {
            "status": "Enabled",
            "identity": {"userAssignedIdentity": USER},
            "keyVaultProperties": {"keyVaultArmId": VAULT, "keyIdentifier": identifier},
        }
        body = self.arm.workspace_body(enableServiceSideCMKEncryption=True, encryption=encryption)
        await self.arm.done("PUT", WORKSPACE, {**body, "identity": self.identity})

    async def adopt(self, identifier: str) -> None:
        """Points the workspace to a version."""
        key = {"keyVaultProperties": {"keyIdentifier": identifier}}
        await self.arm.done("PATCH", WORKSPACE, {"properties": {"encryption": key}})

    async def used(self, id_: str = ACCOUNT) -> str:
        """The version that ARM shows in use."""
        encryption = (await self.arm.ok("GET", id_))["properties"]["encryption"]
        key = encryption.get("keyvaultproperties") or encryption.get("keyVaultProperties")
        return str(key.get("currentVersionedKeyIdentifier") or key["versionedKeyIdentifier"])

    def refusal(self) -> str:
        """The code with which the account's data answers; empty where it does."""
        found = self.arm.arm.storage_refusal("acct", None, "")
        return found[1] if found else ""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    time = Time()
    arm = client(tmp_path, clock=Clock(time), operation_seconds=0)
    await arm.group()
    await arm.ok("PATCH", VAULT, {"properties": {"enablePurgeProtection": True, "tenantId": TENANT}})
    user = await arm.ok("PUT", USER, {"location": "eastus2"})
    await arm.allow(user["properties"]["principalId"], "get", "wrapKey", "unwrapKey")
    await arm.allow(principal().object_id, "create", "update")
    yield World(arm, time, user["properties"]["clientId"])
    await arm.arm.close()


async def test_an_account_without_a_version_follows_within_a_day_and_needs_the_old_one_until_then(
    world: World,
) -> None:
    first = await world.version()
    await world.account()
    assert await world.used() == first
    world.time.seconds += HOUR
    second = await world.version()
    world.time.seconds += DAY - 1
    assert await world.used() == first
    # As long as that the old version is in use: disabled, it takes the data with it.
    await world.enable(first, on=False)
    assert world.refusal() == "KeyVaultEncryptionKeyNotFound"
    await world.enable(first, on=True)
    assert world.refusal() == ""
    world.time.seconds += 1
    assert await world.used() == second
    await world.enable(first, on=False)
    assert world.refusal() == ""
    # What is in use and is disabled later is not given up for an older one.
    world.time.seconds += HOUR
    await world.enable(second, on=False)
    assert (await world.used(), world.refusal()) == (second, "KeyVaultEncryptionKeyNotFound")


async def test_an_account_stays_on_a_fixed_version_until_it_is_changed(world: World) -> None:
    first = await world.version()
    await world.account(first)
    second = await world.version()
    world.time.seconds += 3 * DAY
    assert await world.used() == first
    await world.account(second)
    assert await world.used() == second
    await world.enable(second, on=False)
    assert world.refusal() == "KeyVaultEncryptionKeyNotFound"


async def test_another_change_of_an_account_neither_hurries_nor_undoes_the_change_of_version(world: World) -> None:
    first = await world.version()
    await world.account()
    world.time.seconds += 1
    second = await world.version()
    for body in ({"tags": {"a": "b"}}, {"properties": {"minimumTlsVersion": "TLS1_2"}}):
        await world.arm.ok("PATCH", ACCOUNT, body)
    await world.account()
    assert await world.used() == first
    world.time.seconds += DAY
    await world.arm.ok("PATCH", ACCOUNT, {"tags": {"a": "c"}})
    assert await world.used() == second


async def test_a_version_that_is_disabled_when_it_is_looked_for_is_passed_over(world: World) -> None:
    first = await world.version()
    await world.account()
    second = await world.version()
    await world.enable(second, on=False)
    world.time.seconds += 2 * DAY
    assert (await world.used(), world.refusal()) == (first, "")


async def test_a_scope_follows_as_its_account_does(world: World) -> None:
    first = await world.version()
    await world.account()
    scope = f"{ACCOUNT}/encryptionScopes/own"
    named = {"source": "Microsoft.KeyVault", "keyVaultProperties": {"keyUri": KEY}}
    await world.arm.ok("PUT", scope, {"properties": named})
    second = await world.version()
    for days, expected in ((0, first), (1, second)):
        world.time.seconds += days * DAY
        shown = (await world.arm.ok("GET", scope))["properties"]["keyVaultProperties"]
        [listed] = (await world.arm.ok("GET", f"{ACCOUNT}/encryptionScopes"))["value"]
        assert shown["currentVersionedKeyIdentifier"] == expected
        assert listed["properties"]["keyVaultProperties"] == shown
    assert world.arm.arm.storage_scopes("acct") == {"own": None}
    await world.enable(second, on=False)
    refusal = world.arm.arm.storage_scopes("acct")["own"]
    assert refusal is not None
    assert refusal[1] == "KeyVaultEncryptionKeyNotFound"


async def test_a_registry_follows_within_the_hour_and_a_fixed_one_only_when_it_is_changed(world: World) -> None:
    first = await world.version()
    await world.registry(KEY)
    assert await world.used(REGISTRY) == first
    second = await world.version()
    world.time.seconds += HOUR - 1
    assert await world.used(REGISTRY) == first
    world.time.seconds += 1
    assert await world.used(REGISTRY) == second
    shown = (await world.arm.ok("GET", REGISTRY))["properties"]["encryption"]["keyVaultProperties"]
    assert (shown["keyIdentifier"], shown["keyRotationEnabled"]) == (KEY, True)
    await world.registry(first)
    world.time.seconds += DAY
    assert await world.used(REGISTRY) == first
    # Given a key without a version it follows from then on.
    await world.registry(KEY)
    assert await world.used(REGISTRY) == second


async def test_a_workspace_never_follows_and_needs_every_version_that_it_has_used(world: World) -> None:
    first = await world.version()
    await world.workspace(KEY)
    second = await world.version()
    world.time.seconds += 30 * DAY
    # Named without a version, it is on the one of its creation still (AZ-KEY-14).
    await world.enable(second, on=False)
    await world.arm.ok("GET", WORKSPACE)
    await world.enable(second, on=True)
    await world.adopt(second)
    for one in (first, second):
        await world.enable(one, on=False)
        await world.arm.error(403, "GET", WORKSPACE, says="customer-managed key")
        await world.enable(one, on=True)
    await world.arm.ok("GET", WORKSPACE)


async def test_nothing_is_adopted_that_cannot_be_used(world: World) -> None:
    first, second = await world.version(), await world.version()
    await world.workspace(first)
    await world.account(first)
    await world.registry(first)
    await world.enable(second, on=False)
    key = {"keyVaultProperties": {"keyIdentifier": second}}
    await world.arm.error(400, "PATCH", WORKSPACE, {"properties": {"encryption": key}}, says="disabled key")
    named = {"keyvaulturi": f"https://{HOST}", "keyname": "k", "keyversion": second.rpartition("/")[2]}
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": named,
        "identity": {"userAssignedIdentity": USER},
    }
    await world.arm.error(
        409, "PATCH", ACCOUNT, {"properties": {"encryption": encryption}}, code="KeyVaultKeyError"
    )
    other = {"keyVaultProperties": {"keyIdentifier": second, "identity": world.client_id}, "status": "enabled"}
    await world.arm.error(403, "PATCH", REGISTRY, {"properties": {"encryption": other}})
    assert await world.used() == await world.used(REGISTRY) == first
