"""The data plane of vaults by the real key client, and their control plane by the real management client."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.keyvault.keys import JsonWebKey, KeyRotationLifetimeAction, KeyRotationPolicy
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.keys.crypto import (
    CryptographyClient,
    EncryptionAlgorithm,
    KeyWrapAlgorithm,
    SignatureAlgorithm,
)
from azure.mgmt.keyvault import KeyVaultManagementClient
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from live import bearer, credential, sync_credential
from vaults import new_vault, url

from azsandbox import Sandbox
from azsandbox.client import Client


@pytest.fixture(scope="module")
def protected(sandbox: Sandbox) -> str:
    return new_vault(sandbox.env)


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox) -> str:
    return new_vault(sandbox.env, purge_protection=False)


@pytest.fixture
async def keys(azure_env: Sandbox, protected: str) -> AsyncIterator[KeyClient]:
    async with credential() as who, KeyClient(url(protected), who) as client:
        yield client


@pytest.fixture
async def plain_keys(azure_env: Sandbox, plain: str) -> AsyncIterator[KeyClient]:
    async with credential() as who, KeyClient(url(plain), who) as client:
        yield client


@pytest.fixture
def management(azure_env: Sandbox) -> Iterator[KeyVaultManagementClient]:
    with sync_credential() as who, KeyVaultManagementClient(who, os.environ["AZURE_SUBSCRIPTION_ID"]) as client:
        yield client


def test_a_call_without_token_is_told_where_to_get_one(sandbox: Sandbox, protected: str) -> None:
    options = {"proxies": {"https": sandbox.env["HTTPS_PROXY"]}, "verify": sandbox.env["SSL_CERT_FILE"]}
    answer = requests.get(f"{url(protected)}/keys?api-version=7.4", timeout=10, **options)
    assert answer.status_code == 401
    tenant = sandbox.env["AZURE_TENANT_ID"]
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{tenant}", resource="https://vault.azure.net"'
    )
    bad = requests.get(
        f"{url(protected)}/keys?api-version=7.4", headers={"Authorization": "Bearer x"}, timeout=10, **options
    )
    assert bad.status_code == 401
    assert 'resource="https://vault.azure.net"' in bad.headers["WWW-Authenticate"]


async def test_a_version_must_be_named_and_the_audience_be_the_vaults(sandbox: Sandbox, protected: str) -> None:
    async with Client(sandbox.env) as client:
        status, _, text = await client.send(
            "GET", f"{url(protected)}/keys", "https://vault.azure.net", accept=(400,)
        )
        assert status == 400
        assert b"BadParameter" in text
        arm = "https://management.azure.com"
        status, headers, text = await client.send(
            "GET", f"{url(protected)}/keys?api-version=7.4", arm, accept=(401,)
        )
        assert status == 401
        assert b"AKV10022" in text
        assert "WWW-Authenticate" in headers


async def test_a_key_lives_in_versions(keys: KeyClient) -> None:
    first = await keys.create_rsa_key("Versions", size=2048, tags={"a": "b"})
    second = await keys.create_rsa_key("versions", size=3072)
    assert first.properties.version != second.properties.version
    assert first.key.kid == f"{keys.vault_url}/keys/Versions/{first.properties.version}"
    assert (len(first.key.n), len(second.key.n)) == (256, 384)
    newest = await keys.get_key("VERSIONS")
    assert newest.properties.version == second.properties.version
    old = await keys.get_key("versions", first.properties.version)
    assert old.properties.tags == {"a": "b"}
    assert old.properties.recovery_level == "Recoverable"
    assert old.properties.recoverable_days == 90
    listed = [each.version async for each in keys.list_properties_of_key_versions("versions")]
    assert listed == [first.properties.version, second.properties.version]
    assert "Versions" in [each.name async for each in keys.list_properties_of_keys()]
    with pytest.raises(ResourceNotFoundError, match="KeyNotFound"):
        await keys.get_key("versions", "0" * 32)
    with pytest.raises(ResourceNotFoundError, match=r"\(name/id\) nothing was not found"):
        await keys.get_key("nothing")


async def test_lists_come_in_pages(plain_keys: KeyClient) -> None:
    for number in range(3):
        await plain_keys.create_ec_key(f"page-{number}")
    found = [each.name async for each in plain_keys.list_properties_of_keys(max_page_size=2)]
    assert {"page-0", "page-1", "page-2"} <= set(found)
    assert len(found) == len(set(found))


async def test_what_is_wrapped_is_unwrapped_by_the_same_version_only(keys: KeyClient) -> None:
    first = await keys.create_rsa_key("wrapping", size=2048)
    crypto = keys.get_cryptography_client("wrapping", key_version=first.properties.version)
    wrapped = await crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"data key")
    sealed = await crypto.encrypt(EncryptionAlgorithm.rsa_oaep, b"text")
    second = await keys.rotate_key("wrapping")
    assert second.properties.version != first.properties.version
    assert len(second.key.n) == 256
    assert (await crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key)).key == b"data key"
    assert (await crypto.decrypt(EncryptionAlgorithm.rsa_oaep, sealed.ciphertext)).plaintext == b"text"
    newest = keys.get_cryptography_client("wrapping")
    with pytest.raises(HttpResponseError, match="BadParameter"):
        await newest.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key)


@pytest.mark.parametrize("kind", ["RSA", "EC"])
async def test_what_is_signed_is_verified_by_the_public_part(keys: KeyClient, kind: str) -> None:
    if kind == "RSA":
        await keys.create_rsa_key("signing-rsa", size=2048, hardware_protected=True)
        algorithm, name = SignatureAlgorithm.ps256, "signing-rsa"
    else:
        await keys.create_ec_key("signing-ec")
        algorithm, name = SignatureAlgorithm.es256, "signing-ec"
    crypto = keys.get_cryptography_client(name)
    signature = (await crypto.sign(algorithm, b"d" * 32)).signature
    assert (await crypto.verify(algorithm, b"d" * 32, signature)).is_valid
    assert not (await crypto.verify(algorithm, b"e" * 32, signature)).is_valid


async def test_a_disabled_an_expired_and_an_early_key_are_refused(keys: KeyClient) -> None:
    made = await keys.create_rsa_key("states", size=2048)
    version, now = made.properties.version, datetime.now(UTC)
    # Wrapping is done by the client itself, signing by the vault.
    crypto = keys.get_cryptography_client("states")
    sealed = await crypto.encrypt(EncryptionAlgorithm.rsa_oaep, b"text")
    for change, reason, still in (
        ({"enabled": False}, "KeyDisabled", False),
        ({"enabled": True, "expires_on": now - timedelta(days=1)}, "KeyExpired", True),
        ({"expires_on": now + timedelta(days=9), "not_before": now + timedelta(days=1)}, "KeyNotYetValid", True),
    ):
        changed = await keys.update_key_properties("states", version, **change)
        assert changed.properties.enabled is change.get("enabled", True)
        assert (await keys.get_key("states")).properties.expires_on == changed.properties.expires_on
        for operation, allowed in (("sign", False), ("decrypt", still)):
            async with Raw(keys) as raw:
                status, error = await raw.use(f"states/{version}", operation, sealed.ciphertext)
            assert status == (200 if allowed else 403)
            if not allowed:
                assert (error["code"], error["innererror"]["code"]) == ("Forbidden", reason)


class Raw:
    """Uses a key at the vault, where the client would do it by itself or not at all."""

    def __init__(self, keys: KeyClient) -> None:
        self._url, self._client = keys.vault_url, Client(os.environ)

    async def __aenter__(self) -> Raw:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(None, None, None)

    async def post(self, path: str, body: dict[str, str]) -> tuple[int, str]:
        url = f"{self._url.rstrip('/')}{path}?api-version=7.4"
        status, _, text = await self._client.send("POST", url, "https://vault.azure.net", json=body, accept=(403,))
        return status, text.decode()

    async def use(self, key: str, operation: str, data: bytes) -> tuple[int, dict[str, Any]]:
        value = b"d" * 32 if operation == "sign" else data
        body = {
            "alg": "RS256" if operation == "sign" else "RSA-OAEP",
            "value": base64.urlsafe_b64encode(value).rstrip(b"=").decode(),
        }
        status, text = await self.post(f"/keys/{key}/{operation}", body)
        return status, json.loads(text).get("error", {})


async def test_rotation_policies(keys: KeyClient) -> None:
    await keys.create_rsa_key("rotating", size=2048)
    empty = await keys.get_key_rotation_policy("rotating")
    assert [each.action for each in empty.lifetime_actions] == ["Notify"]
    action = KeyRotationLifetimeAction("Rotate", time_before_expiry="P30D")
    await keys.update_key_rotation_policy(
        "rotating", KeyRotationPolicy(expires_in="P1Y", lifetime_actions=[action])
    )
    kept = await keys.get_key_rotation_policy("rotating")
    assert (kept.expires_in, kept.lifetime_actions[0].time_before_expiry) == ("P1Y", "P30D")
    rotated = await keys.rotate_key("rotating")
    assert rotated.properties.expires_on is not None
    days = (rotated.properties.expires_on - datetime.now(UTC)).days
    assert 363 <= days <= 365
    with pytest.raises(HttpResponseError, match="BadParameter"):
        await keys.update_key_rotation_policy("rotating", KeyRotationPolicy(expires_in="a year"))


async def test_a_deleted_key_can_be_recovered_and_with_protection_not_purged(keys: KeyClient) -> None:
    made = await keys.create_rsa_key("deleted", size=2048)
    deleted = await keys.delete_key("deleted")
    assert deleted.recovery_id == f"{keys.vault_url}/deletedkeys/deleted"
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=90)
    with pytest.raises(ResourceNotFoundError):
        await keys.get_key("deleted")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable state"):
        await keys.create_rsa_key("deleted", size=2048)
    assert [each.name async for each in keys.list_deleted_keys()] == ["deleted"]
    with pytest.raises(HttpResponseError, match="purge protection is enabled"):
        await keys.purge_deleted_key("deleted")
    await keys.recover_deleted_key("deleted")
    assert (await keys.get_key("deleted")).key.kid == made.key.kid


async def test_without_protection_a_deleted_key_is_purged(plain_keys: KeyClient) -> None:
    made = await plain_keys.create_rsa_key("purged", size=2048)
    assert made.properties.recovery_level == "Recoverable+Purgeable"
    await plain_keys.delete_key("purged")
    await plain_keys.purge_deleted_key("purged")
    with pytest.raises(ResourceNotFoundError):
        await plain_keys.get_deleted_key("purged")
    assert (await plain_keys.create_rsa_key("purged", size=2048)).key.kid != made.key.kid


@pytest.mark.parametrize(("name", "size"), [("odd-size", 1024), ("under_score", 2048)])
async def test_what_no_vault_makes_is_refused(keys: KeyClient, name: str, size: int) -> None:
    with pytest.raises(HttpResponseError, match="BadParameter"):
        await keys.create_rsa_key(name, size=size)


async def test_a_deleted_vault_has_no_host_and_comes_back_with_its_keys(azure_env: Sandbox) -> None:
    sandbox = azure_env
    vault = new_vault(sandbox.env)
    async with credential(sandbox.env) as who, KeyClient(url(vault), who, retry_total=0) as client:
        made = await client.create_rsa_key("kept", size=2048)
        async with Client(sandbox.env) as arm:
            await arm.arm("DELETE", vault, "2023-07-01")
            with pytest.raises((ServiceRequestError, ServiceResponseError)):
                await client.get_key("kept")
            body = {"location": "eastus2", "properties": {"createMode": "recover"}}
            await arm.arm("PUT", vault, "2023-07-01", body)
        assert (await client.get_key("kept")).key.kid == made.key.kid


async def test_a_vault_outlives_its_group_in_deleted_state(azure_env: Sandbox) -> None:
    vault = new_vault(azure_env.env)
    group, name = vault.partition("/providers/")[0], vault.rpartition("/")[2]
    async with credential() as who, KeyClient(url(vault), who) as client, Client(os.environ) as arm:
        made = await client.create_rsa_key("kept", size=2048)
        await arm.arm("DELETE", group, "2022-09-01")
        elsewhere = vault.replace(group, f"{group}-other")
        await arm.arm("PUT", f"{group}-other", "2022-09-01", {"location": "eastus2"})
        body = {"location": "eastus2", "properties": {}}
        assert await arm.arm("PUT", elsewhere, "2023-07-01", body, accept=(409,)) is None
        deleted = await arm.arm(
            "GET", f"{arm.subscription}/providers/Microsoft.KeyVault/deletedVaults", "2023-07-01"
        )
        assert name in [each["name"] for each in deleted["value"]]
        await arm.arm("PUT", group, "2022-09-01", {"location": "eastus2"})
        await arm.arm("PUT", vault, "2023-07-01", {**body, "properties": {"createMode": "recover"}})
        assert (await client.get_key("kept")).key.kid == made.key.kid


def test_the_control_plane_makes_a_key_once(management: KeyVaultManagementClient, protected: str) -> None:
    _, _, _, _, group, _, _, _, name = protected.split("/")
    parameters = {
        "properties": {"kty": "RSA", "keySize": 3072, "attributes": {"enabled": True}},
        "tags": {"x": "y"},
    }
    made = management.keys.create_if_not_exist(group, name, "by-arm", parameters)
    again = management.keys.create_if_not_exist(group, name, "by-arm", parameters)
    assert made.key_uri_with_version == again.key_uri_with_version
    assert made.key_uri == f"{url(protected)}/keys/by-arm"
    assert (made.kty, made.key_size, made.tags) == ("RSA", 3072, {"x": "y"})
    assert management.keys.get(group, name, "by-arm").key_uri == made.key_uri
    assert "by-arm" in [each.name for each in management.keys.list(group, name)]
    [version] = management.keys.list_versions(group, name, "by-arm")
    assert made.key_uri_with_version.endswith(f"/{version.name}")
    with pytest.raises(HttpResponseError, match="BadParameter"):
        management.keys.create_if_not_exist(group, name, "bad", {"properties": {"kty": "oct"}})


def test_access_policies_are_added_and_taken_away(management: KeyVaultManagementClient, plain: str) -> None:
    _, _, _, _, group, _, _, _, name = plain.split("/")

    def change(how: str, *permissions: str) -> list[str]:
        entry = {
            "tenantId": os.environ["AZURE_TENANT_ID"],
            "objectId": "0d5a3d0c-8ff0-4f62-9cf7-3d5b1f6a2c11",
            "permissions": {"keys": list(permissions)},
        }
        body = {"properties": {"accessPolicies": [entry]}}
        found = management.vaults.update_access_policy(group, name, how, body)
        return [each for one in found.properties.access_policies for each in one.permissions.keys_property]

    assert change("add", "get", "wrapKey") == ["get", "wrapKey"]
    assert change("add", "unwrapKey", "GET") == ["get", "wrapKey", "unwrapKey"]
    assert change("remove", "wrapKey") == ["get", "unwrapKey"]
    assert change("replace", "list") == ["list"]
    assert change("remove", "list") == []
    assert azure_policies(management, group, name) == []


def azure_policies(management: KeyVaultManagementClient, group: str, name: str) -> list[object]:
    return list(management.vaults.get(group, name).properties.access_policies or [])


WRAP = KeyWrapAlgorithm.rsa_oaep_256


async def test_wrapping_ends_with_a_keys_time_and_unwrapping_with_its_being_disabled(keys: KeyClient) -> None:
    await keys.create_rsa_key("times", size=2048)
    now = datetime.now(UTC)
    crypto = keys.get_cryptography_client("times")
    wrapped = (await crypto.wrap_key(WRAP, b"data key")).encrypted_key
    values = {"wrapkey": b"data key", "unwrapkey": wrapped}
    for change, wraps, unwraps in (
        ({"expires_on": now - timedelta(days=1)}, "KeyExpired", ""),
        ({"expires_on": now + timedelta(days=9), "not_before": now + timedelta(days=1)}, "KeyNotYetValid", ""),
        ({"enabled": False, "not_before": now - timedelta(days=1)}, "KeyDisabled", "KeyDisabled"),
        ({"enabled": True}, "", ""),
    ):
        changed = await keys.update_key_properties("times", **change)
        for operation, refused in (("wrapkey", wraps), ("unwrapkey", unwraps)):
            async with Raw(keys) as raw:
                value = base64.urlsafe_b64encode(values[operation]).decode().rstrip("=")
                body = {"alg": "RSA-OAEP-256", "value": value}
                status, text = await raw.post(f"/keys/times/{changed.properties.version}/{operation}", body)
            assert (status, refused in text) == (403 if refused else 200, True), (change, operation, text)


@pytest.mark.parametrize("kind", ["RSA", "EC"])
async def test_a_key_from_elsewhere_is_imported(keys: KeyClient, kind: str) -> None:
    made = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
    web_key = _web_key(made)
    name = f"imported-{kind}"
    first = await keys.import_key(name, web_key, tags={"from": "elsewhere"})
    assert (first.properties.tags, str(first.key_type.value)) == ({"from": "elsewhere"}, kind)
    signature = (await keys.get_cryptography_client(name).sign(_ALGORITHMS[kind], b"d" * 32)).signature
    local = CryptographyClient.from_jwk({**web_key.__dict__, "kid": "local", "key_ops": ["verify"]})
    assert local.verify(_ALGORITHMS[kind], b"d" * 32, signature).is_valid
    second = await keys.import_key(name, web_key)
    assert second.properties.version != first.properties.version
    web_key.d = None
    with pytest.raises(HttpResponseError, match="BadParameter"):
        await keys.import_key(name, web_key)


async def test_a_backup_outlives_its_key(
    azure_env: Sandbox, plain_keys: KeyClient, protected: str, plain: str
) -> None:
    first = await plain_keys.create_rsa_key("saved", size=2048, tags={"a": "1"})
    crypto = plain_keys.get_cryptography_client("saved", key_version=first.properties.version)
    wrapped = (await crypto.wrap_key(WRAP, b"data key")).encrypted_key
    await plain_keys.rotate_key("saved")
    backup = await plain_keys.backup_key("saved")
    assert b"PRIVATE" not in backup
    with pytest.raises(ResourceExistsError, match="already exists"):
        await plain_keys.restore_key_backup(backup)
    await plain_keys.delete_key("saved")
    with pytest.raises(ResourceExistsError, match="ObjectIsDeletedButRecoverable"):
        await plain_keys.restore_key_backup(backup)
    await plain_keys.purge_deleted_key("saved")
    async with credential() as who, KeyClient(url(protected), who) as others:
        restored = await others.restore_key_backup(backup)
        assert (restored.name, restored.properties.tags) == ("saved", {"a": "1"})
        assert len([each async for each in others.list_properties_of_key_versions("saved")]) == 2
        other = others.get_cryptography_client("saved", key_version=first.properties.version)
        assert (await other.unwrap_key(WRAP, wrapped)).key == b"data key"
    with pytest.raises(HttpResponseError, match="BadParameter"):
        await plain_keys.restore_key_backup(b"no backup at all")


_ALGORITHMS = {"RSA": SignatureAlgorithm.ps256, "EC": SignatureAlgorithm.es256}


def _bytes(number: int, length: int = 0) -> bytes:
    return number.to_bytes(length or (number.bit_length() + 7) // 8, "big")


def _web_key(made: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> JsonWebKey:
    if isinstance(made, ec.EllipticCurvePrivateKey):
        point, d = made.public_key().public_numbers(), made.private_numbers().private_value
        return JsonWebKey(kty="EC", crv="P-256", x=_bytes(point.x, 32), y=_bytes(point.y, 32), d=_bytes(d, 32))
    numbers = made.private_numbers()
    parts = {
        "p": numbers.p,
        "q": numbers.q,
        "d": numbers.d,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    public = {"n": numbers.public_numbers.n, "e": numbers.public_numbers.e}
    return JsonWebKey(kty="RSA", **{name: _bytes(number) for name, number in (parts | public).items()})


@pytest.mark.parametrize(
    "path",
    ["keys?maxresult=1", "keys?$filter=a", "keys/any?maxresults=1", "deletedkeys?force=true", "keys?maxresults=x"],
)
def test_a_query_parameter_that_an_operation_has_not_is_refused(
    azure_env: Sandbox, protected: str, path: str
) -> None:
    headers = {"Authorization": bearer(azure_env.env, "https://vault.azure.net")}
    answer = requests.get(f"{url(protected)}/{path}&api-version=7.4", headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
    assert "query parameter" in answer.json()["error"]["message"]
