"""Encryption scopes in the local Azure: made by ARM, kept by containers and blobs, refused where Azure refuses them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.storage.blob import (
    BlobBlock,
    BlobServiceClient,
    ContainerClient,
    ContainerEncryptionScope,
    StandardBlobTier,
)
from live import Answer, ask, azure, refused, sync_credential

from azsandbox import Sandbox, provision
from azsandbox.client import Client
from azsandbox.provision import Key

ACCOUNT = "scopedaccount"
STORAGE = "2024-01-01"
ARM = "https://management.azure.com"
MICROSOFTS, CUSTOMERS, LOST = "microsofts", "customers", "lost"


@dataclass
class Made:
    """An account under a customer's key with three scopes; `lost` has a key of its own."""

    id: str
    key: Key
    own: Key


@pytest.fixture(scope="module")
def made(sandbox: Sandbox) -> Made:
    async def make(client: Client) -> Made:
        group = await provision.group(client, "scopes-rg")
        vault = await provision.vault(client, group, "scopes-kv")
        user = await provision.identity(client, group, "scopes")
        await provision.assign(client, vault, provision.KEY_VAULT_CRYPTO_OFFICER, provision.OWNER_OBJECT_ID)
        role = provision.KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER
        await provision.assign(client, vault, role, user.principal_id)
        keys = [await provision.key(client, vault, name) for name in ("account", "scope")]
        account = await provision.storage_account(client, group, ACCOUNT, key=keys[0], identity=user)
        await provision.assign(client, account, provision.STORAGE_BLOB_DATA_CONTRIBUTOR, provision.OWNER_OBJECT_ID)
        await provision.encryption_scope(client, account, MICROSOFTS)
        await provision.encryption_scope(client, account, CUSTOMERS, key=keys[0])
        await provision.encryption_scope(client, account, LOST, key=keys[1])
        return Made(account, *keys)

    found: Made = azure(sandbox.env, make)
    return found


@pytest.fixture
def service(azure_env: Sandbox, made: Made) -> Iterator[BlobServiceClient]:
    url = f"https://{ACCOUNT}.blob.core.windows.net"
    with sync_credential() as who, BlobServiceClient(url, credential=who, retry_total=0) as client:
        yield client


def container(service: BlobServiceClient, scope: str | None = None, *, deny: bool = False) -> ContainerClient:
    policy = ContainerEncryptionScope(scope, prevent_encryption_scope_override=deny) if scope else None
    return service.create_container(f"c{uuid.uuid4().hex}", container_encryption_scope=policy)


def shown(client: ContainerClient) -> dict[str, str | None]:
    return {blob.name: blob.encryption_scope for blob in client.list_blobs()}


def test_what_is_written_has_the_containers_scope_or_its_own(service: BlobServiceClient) -> None:
    plain, scoped = container(service), container(service, CUSTOMERS)
    for client in (plain, scoped):
        client.upload_blob("default", b"1")
        client.upload_blob("own", b"1", encryption_scope=MICROSOFTS)
        client.upload_blob("account", b"1", encryption_scope="$account-encryption-key")
    assert shown(plain) == {"default": None, "own": MICROSOFTS, "account": None}
    assert shown(scoped) == {"default": CUSTOMERS, "own": MICROSOFTS, "account": None}
    assert scoped.get_blob_client("own").get_blob_properties().encryption_scope == MICROSOFTS
    assert scoped.get_blob_client("default").download_blob().properties.encryption_scope == CUSTOMERS
    told = {one.name: one.encryption_scope for one in service.list_containers()}
    assert told[plain.container_name].default_encryption_scope == "$account-encryption-key"
    assert told[scoped.container_name].default_encryption_scope == CUSTOMERS
    own = scoped.get_container_properties().encryption_scope
    assert (own.default_encryption_scope, own.prevent_encryption_scope_override) == (CUSTOMERS, False)


def test_overwriting_blocks_and_copies_take_the_scope_of_the_call(service: BlobServiceClient) -> None:
    client = container(service)
    blob = client.get_blob_client("b")
    blob.upload_blob(b"1", encryption_scope=MICROSOFTS)
    blob.upload_blob(b"2", overwrite=True)
    assert shown(client) == {"b": None}
    blob.stage_block("AAAA", b"3", encryption_scope=CUSTOMERS)
    assert refused(lambda: blob.commit_block_list([BlobBlock("AAAA")]))[0] == 409
    blob.commit_block_list([BlobBlock("AAAA")], encryption_scope=CUSTOMERS)
    assert shown(client) == {"b": CUSTOMERS}
    token = "Bearer " + client.credential.get_token("https://storage.azure.com/.default").token
    scoped = container(service, CUSTOMERS)
    for name, more in (("put", {}), ("own", {"encryption_scope": MICROSOFTS})):
        target = scoped.get_blob_client(name)
        target.upload_blob_from_url(blob.url, source_authorization=token, **more)
    copy = scoped.get_blob_client("copied")
    copy.start_copy_from_url(blob.url, requires_sync=True, source_authorization=token, encryption_scope=MICROSOFTS)
    assert shown(scoped) == {"put": CUSTOMERS, "own": MICROSOFTS, "copied": MICROSOFTS}


def test_another_scope_is_forbidden_where_the_container_says_so(service: BlobServiceClient) -> None:
    client = container(service, CUSTOMERS, deny=True)
    blob = client.get_blob_client("b")
    blob.upload_blob(b"1", encryption_scope=CUSTOMERS)
    forbidden = (403, "RequestForbiddenByContainerEncryptionPolicy")
    for scope in (MICROSOFTS, "$account-encryption-key"):
        assert refused(lambda: blob.upload_blob(b"2", overwrite=True, encryption_scope=scope)) == forbidden  # noqa: B023
        assert refused(lambda: blob.stage_block("AAAA", b"2", encryption_scope=scope)) == forbidden  # noqa: B023
    assert blob.download_blob().readall() == b"1"


def test_what_changes_a_blob_names_its_scope(service: BlobServiceClient) -> None:
    client = container(service)
    blob = client.get_blob_client("b")
    blob.upload_blob(b"1", encryption_scope=MICROSOFTS)
    assert refused(lambda: blob.set_blob_metadata({"a": "1"})) == (409, "BlobUsesCustomerSpecifiedEncryption")
    blob.set_blob_metadata({"a": "1"}, encryption_scope=MICROSOFTS)
    assert blob.get_blob_properties().metadata == {"a": "1"}


def test_a_blob_under_a_scope_gets_no_tier_of_its_own(service: BlobServiceClient) -> None:
    plain, scoped = container(service), container(service, CUSTOMERS)
    for client in (plain, scoped):
        client.upload_blob("b", b"1")
    plain.upload_blob("cool", b"1", standard_blob_tier=StandardBlobTier.COOL)
    plain.get_blob_client("b").set_standard_blob_tier(StandardBlobTier.ARCHIVE)
    unsupported = (409, "AccessTierNotSupportedWithEncryptionScope")
    writes: list[Callable[[], Any]] = [
        lambda: scoped.upload_blob("cool", b"1", standard_blob_tier=StandardBlobTier.COOL),
        lambda: plain.upload_blob(
            "own", b"1", encryption_scope=CUSTOMERS, standard_blob_tier=StandardBlobTier.COOL
        ),
        lambda: scoped.get_blob_client("b").set_standard_blob_tier(StandardBlobTier.ARCHIVE),
    ]
    assert [refused(write) for write in writes] == [unsupported] * 3
    scoped.get_blob_client("b").set_standard_blob_tier(StandardBlobTier.COOL)
    assert {blob.name: blob.blob_tier for blob in scoped.list_blobs()} == {"b": "Cool"}


def test_scopes_that_are_not_there_or_disabled_are_refused(
    service: BlobServiceClient, sandbox: Sandbox, made: Made
) -> None:
    client = container(service)
    blob = client.get_blob_client("b")
    assert refused(lambda: blob.upload_blob(b"1", encryption_scope="nobodys"))[0] == 404
    blob.upload_blob(b"1", encryption_scope=MICROSOFTS)
    azure(sandbox.env, lambda c: provision.encryption_scope(c, made.id, MICROSOFTS, state="Disabled"))
    try:
        for work in (
            blob.download_blob,
            blob.get_blob_properties,
            lambda: blob.upload_blob(b"2", overwrite=True, encryption_scope=MICROSOFTS),
            lambda: container(service, MICROSOFTS),
        ):
            assert refused(work)[0] == 403
        assert shown(client) == {"b": MICROSOFTS}
        client.upload_blob("other", b"1")
    finally:
        azure(sandbox.env, lambda c: provision.encryption_scope(c, made.id, MICROSOFTS))
    assert blob.download_blob().readall() == b"1"


async def _enable(client: Client, key: Key, *, enabled: bool) -> None:
    url = f"{key.url}?api-version=7.4"
    await client.send("PATCH", url, "https://vault.azure.net", json={"attributes": {"enabled": enabled}})


def test_a_scope_whose_key_is_disabled_answers_403_and_the_rest_goes_on(
    service: BlobServiceClient, sandbox: Sandbox, made: Made
) -> None:
    client = container(service)
    client.upload_blob("lost", b"1", encryption_scope=LOST)
    client.upload_blob("kept", b"1")
    azure(sandbox.env, lambda c: _enable(c, made.own, enabled=False))
    try:
        assert refused(client.get_blob_client("lost").download_blob) == (403, "KeyVaultEncryptionKeyNotFound")
        target = container(service).get_blob_client("copy")
        token = "Bearer " + client.credential.get_token("https://storage.azure.com/.default").token
        url = client.get_blob_client("lost").url
        assert refused(lambda: target.upload_blob_from_url(url, source_authorization=token))[0] == 403
        assert client.get_blob_client("kept").download_blob().readall() == b"1"
    finally:
        azure(sandbox.env, lambda c: _enable(c, made.own, enabled=True))
    assert client.get_blob_client("lost").download_blob().readall() == b"1"


def test_arm_checks_what_it_is_sent(sandbox: Sandbox, made: Made) -> None:
    def put(name: str, **properties: Any) -> int:
        path = f"{made.id}/encryptionScopes/{name}"
        return ask(sandbox.env, "PUT", path, STORAGE, {"properties": properties}).status

    vault = "Microsoft.KeyVault"
    assert put("ab") == put("Upper") == put("two--dashes") == put("-dash") == 400
    assert put("other", source="Microsoft.Nobody") == put("other", state="Off") == 400
    assert put("other", source=vault) == put("other", source=vault, keyVaultProperties={"keyUri": "x"}) == 400
    gone = made.key.url.rpartition("/")[0] + "gone"
    assert put("other", source=vault, keyVaultProperties={"keyUri": gone}) == 409
    assert (put("other", source="microsoft.storage"), put("other", state="disabled")) == (201, 200)

    path = f"{made.id}/encryptionScopes"
    one = ask(sandbox.env, "PATCH", f"{path}/other", STORAGE, {"properties": {"state": "Enabled"}}).body
    assert one["properties"]["state"] == "Enabled" and one["properties"]["source"] == "Microsoft.Storage"
    found = ask(sandbox.env, "GET", f"{path}?$filter=o&$include=Enabled", STORAGE).body
    assert [each["name"] for each in found["value"]] == ["other"]
    assert ask(sandbox.env, "DELETE", f"{path}/other", STORAGE).status == 405


def test_containers_by_arm_have_the_scope_that_they_were_made_with(
    sandbox: Sandbox, made: Made, service: BlobServiceClient
) -> None:
    base = f"{made.id}/blobServices/default/containers"

    def call(method: str, name: str = "", **properties: Any) -> Answer:
        return ask(
            sandbox.env, method, f"{base}{name}", STORAGE, {"properties": properties} if properties else None
        )

    plain = container(service).container_name
    put = call("PUT", "/byarm", defaultEncryptionScope=CUSTOMERS, denyEncryptionScopeOverride=True).body
    assert put["properties"]["defaultEncryptionScope"] == CUSTOMERS
    # The answer has what was sent, and nothing is changed.
    patched = call("PATCH", "/byarm", defaultEncryptionScope=MICROSOFTS, denyEncryptionScopeOverride=False).body
    assert patched["properties"]["defaultEncryptionScope"] == MICROSOFTS
    got = call("GET", "/byarm").body["properties"]
    assert (got["defaultEncryptionScope"], got["denyEncryptionScopeOverride"]) == (CUSTOMERS, True)
    for bad in (
        {"defaultEncryptionScope": CUSTOMERS},
        {"defaultEncryptionScope": "nobodys", "denyEncryptionScopeOverride": True},
    ):
        assert call("PUT", "/bad", **bad).body["error"]["code"] == "ContainerOperationFailure"
    assert call("GET", "/bad").status == 404
    scopes = {one["name"]: one["properties"]["defaultEncryptionScope"] for one in call("GET").body["value"]}
    assert scopes["byarm"] == CUSTOMERS and scopes[plain] == "$account-encryption-key"
