"""The blob service behind the front, by Microsoft's own client: authorization, copies, labels, conditions."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import MatchConditions
from azure.identity import ClientSecretCredential
from azure.storage.blob import (
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    StandardBlobTier,
    generate_container_sas,
)
from live import account_with_key, azure, refused, sync_credential

from azsandbox import Sandbox
from azsandbox.client import Client

SOURCE, TARGET = "frontsource", "fronttarget"


@dataclass
class Storage:
    """A container in each of two accounts, and what reads the first."""

    source: ContainerClient
    target: ContainerClient
    credential: ClientSecretCredential
    keys: dict[str, str]

    @property
    def bearer(self) -> str:
        return "Bearer " + self.credential.get_token("https://storage.azure.com/.default").token

    def sas(self, permissions: str = "r") -> str:
        expiry = datetime.now(UTC) + timedelta(hours=1)
        name = self.source.container_name
        return generate_container_sas(SOURCE, name, self.keys[SOURCE], permission=permissions, expiry=expiry)


@pytest.fixture(scope="session")
def account_keys(sandbox: Sandbox) -> dict[str, str]:
    async def make(client: Client) -> dict[str, str]:
        return {name: (await account_with_key(client, "front-rg", name))[1] for name in (SOURCE, TARGET)}

    made: dict[str, str] = azure(sandbox.env, make)
    return made


@pytest.fixture
def storage(azure_env: Sandbox, account_keys: dict[str, str]) -> Iterator[Storage]:
    credential = sync_credential()
    name = f"c{uuid.uuid4().hex}"
    with credential, _service(SOURCE, credential) as source, _service(TARGET, credential) as target:
        yield Storage(source.create_container(name), target.create_container(name), credential, account_keys)


def _service(account: str, credential: object) -> BlobServiceClient:
    return BlobServiceClient(f"https://{account}.blob.core.windows.net", credential=credential, retry_total=0)


def _put(container: ContainerClient, name: str, data: bytes, **arguments: object) -> BlobClient:
    return container.upload_blob(name, data, overwrite=True, **arguments)


def test_upload_list_download_and_delete(storage: Storage) -> None:
    names = ["a/ä ö.txt", "a/b+c%d.txt", "a//double", "z.txt"]
    for name in names:
        _put(storage.source, name, name.encode(), metadata={"CamelCase": "1"}, tags={"k": "v"})
    listed = list(storage.source.list_blobs(name_starts_with="a/", include=["metadata", "tags"]))
    assert sorted(blob.name for blob in listed) == sorted(names[:3])
    assert listed[0].metadata == {"CamelCase": "1"}
    for name in names:
        assert storage.source.get_blob_client(name).download_blob().readall() == name.encode()
    storage.source.delete_blob("z.txt")
    assert refused(lambda: storage.source.get_blob_client("z.txt").download_blob()) == (404, "BlobNotFound")


def test_shared_key_and_sas_are_checked_by_the_service(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"x")
    with _service(SOURCE, storage.keys[SOURCE]) as service:
        assert service.get_blob_client(blob.container_name, "x").download_blob().readall() == b"x"
    with _service(SOURCE, base64.b64encode(b"another key").decode()) as service:
        client = service.get_blob_client(blob.container_name, "x")
        assert refused(client.download_blob)[0] == 403
    with BlobClient.from_blob_url(f"{blob.url}?{storage.sas()}") as client:
        assert client.download_blob().readall() == b"x"
        assert refused(client.delete_blob)[0] == 403
    with BlobClient.from_blob_url(blob.url) as client:
        assert refused(client.download_blob) == (401, "NoAuthenticationInformation")


def test_a_token_that_nobody_signed_is_refused(storage: Storage) -> None:
    import jwt

    token = storage.bearer.removeprefix("Bearer ")
    forged = jwt.encode(jwt.decode(token, options={"verify_signature": False}), "x" * 32, algorithm="HS256")
    target = storage.target.get_blob_client("y")
    blob = _put(storage.source, "x", b"x")
    call = lambda: target.upload_blob_from_url(blob.url, source_authorization=f"Bearer {forged}")  # noqa: E731
    assert refused(call) == (401, "CannotVerifyCopySource")


def test_put_blob_from_url_with_bearer_and_with_sas(storage: Storage) -> None:
    blob = _put(storage.source, "dir/ü x", b"content", content_settings=ContentSettings("text/plain", "gzip"))
    for name, url, more in (
        ("by-token", blob.url, {"source_authorization": storage.bearer}),
        ("by-sas", f"{blob.url}?{storage.sas()}", {}),
    ):
        copy = storage.target.get_blob_client(name)
        copy.upload_blob_from_url(url, metadata={"A": "b"}, tags={"t": "1"}, **more)
        properties = copy.get_blob_properties()
        assert (properties.content_settings.content_type, properties.content_settings.content_encoding) == (
            "text/plain",
            "gzip",
        )
        assert properties.metadata == {"A": "b"}
        assert copy.get_blob_tags() == {"t": "1"}
        assert copy.download_blob(decompress=False).readall() == b"content"


def test_nothing_is_copied_from_a_url_of_more_than_two_kibibytes(storage: Storage) -> None:
    copy = storage.target.get_blob_client("long")
    for letters, code in ((200, None), (230, "OutOfRangeInput")):
        blob = _put(storage.source, "字" * letters, b"content")
        call = lambda url=blob.url: copy.upload_blob_from_url(url, source_authorization=storage.bearer)  # noqa: E731
        if code is None:
            call()
        else:
            assert refused(call) == (400, code)


def test_a_false_md5_label_stays_the_label_it_is(storage: Storage) -> None:
    false = bytearray(hashlib.md5(b"something else").digest())
    blob = _put(storage.source, "labelled", b"content")
    blob.set_http_headers(ContentSettings("text/plain", content_md5=false))
    copy = storage.target.get_blob_client("labelled")
    copy.upload_blob_from_url(blob.url, source_authorization=storage.bearer)
    assert copy.get_blob_properties().content_settings.content_md5 == false


def test_content_headers_can_be_left_behind(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"1", content_settings=ContentSettings("text/x-special"))
    copy = storage.target.get_blob_client("plain")
    copy.upload_blob_from_url(blob.url, source_authorization=storage.bearer, include_source_blob_properties=False)
    assert copy.get_blob_properties().content_settings.content_type == "application/octet-stream"


def test_the_tier_that_was_asked_for_and_the_tags_of_the_source(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"1", tags={"from": "source"})
    copy = storage.target.get_blob_client("cool")
    copy.upload_blob_from_url(
        blob.url,
        source_authorization=storage.bearer,
        standard_blob_tier=StandardBlobTier.COOL,
        headers={"x-ms-copy-source-tag-option": "COPY"},
    )
    assert copy.get_blob_properties().blob_tier == "Cool"
    assert copy.get_blob_tags() == {"from": "source"}


def test_a_wrong_source_md5_is_refused_and_nothing_is_written(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"content")
    copy = storage.target.get_blob_client("y")
    arguments = {"source_authorization": storage.bearer}
    wrong = bytearray(hashlib.md5(b"other").digest())
    assert refused(lambda: copy.upload_blob_from_url(blob.url, source_content_md5=wrong, **arguments)) == (
        400,
        "Md5Mismatch",
    )
    assert not copy.exists()
    copy.upload_blob_from_url(
        blob.url, source_content_md5=bytearray(hashlib.md5(b"content").digest()), **arguments
    )


def test_conditions_on_source_and_destination(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"one")
    etag = blob.get_blob_properties().etag
    copy = storage.target.get_blob_client("y")
    pinned = {"source_authorization": storage.bearer, "source_match_condition": MatchConditions.IfNotModified}
    copy.upload_blob_from_url(blob.url, source_etag=etag, **pinned)
    assert refused(lambda: copy.upload_blob_from_url(blob.url, overwrite=False, source_etag=etag, **pinned)) == (
        409,
        "BlobAlreadyExists",
    )
    _put(storage.source, "x", b"two")
    assert refused(lambda: copy.upload_blob_from_url(blob.url, overwrite=True, source_etag=etag, **pinned)) == (
        412,
        "SourceConditionNotMet",
    )
    stale = {"etag": '"0x1"', "match_condition": MatchConditions.IfNotModified, "overwrite": True}
    assert refused(lambda: copy.upload_blob_from_url(blob.url, source_authorization=storage.bearer, **stale)) == (
        412,
        "ConditionNotMet",
    )
    assert copy.download_blob().readall() == b"one"


def test_sources_that_cannot_be_read(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"1")
    copy = storage.target.get_blob_client("y")
    token = {"source_authorization": storage.bearer}
    call = copy.upload_blob_from_url
    assert refused(lambda: call(blob.url + "-not", **token)) == (404, "CannotVerifyCopySource")
    assert refused(lambda: call(blob.url)) == (403, "CannotVerifyCopySource")
    assert refused(lambda: call(f"{blob.url}?{storage.sas('l')}")) == (403, "CannotVerifyCopySource")
    assert refused(lambda: call("https://example.com/blob", **token)) == (404, "CannotVerifyCopySource")
    blob.set_standard_blob_tier(StandardBlobTier.ARCHIVE)
    assert refused(lambda: call(blob.url, **token)) == (409, "BlobArchived")
    assert not copy.exists()


def test_blocks_from_ranges_of_another_account(storage: Storage) -> None:
    data = os.urandom(3_000_000)
    blob = storage.source.get_blob_client("blocks")
    for index in range(3):
        blob.stage_block(f"{index:03}", data[index * 1_000_000 : (index + 1) * 1_000_000])
    blob.commit_block_list([f"{index:03}" for index in range(3)])
    assert blob.get_blob_properties().content_settings.content_md5 is None
    copy = storage.target.get_blob_client("blocks")
    for index, start in enumerate(range(0, len(data), 700_000)):
        part = data[start : start + 700_000]
        copy.stage_block_from_url(
            f"{index:03}",
            blob.url,
            start,
            len(part),
            source_content_md5=bytearray(hashlib.md5(part).digest()),
            source_authorization=storage.bearer,
        )
    copy.commit_block_list([f"{index:03}" for index in range(5)])
    assert copy.download_blob().readall() == data
    wrong = bytearray(hashlib.md5(b"").digest())
    assert refused(
        lambda: copy.stage_block_from_url(
            "x", blob.url, 0, 9, source_content_md5=wrong, source_authorization=storage.bearer
        )
    ) == (400, "Md5Mismatch")


def test_copy_blob_sync_and_async_across_accounts(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"content", metadata={"kept": "1"})
    copy = storage.target.get_blob_client("sync")
    copy.start_copy_from_url(blob.url, requires_sync=True, source_authorization=storage.bearer)
    assert copy.download_blob().readall() == b"content"
    copy = storage.target.get_blob_client("async")
    assert copy.start_copy_from_url(f"{blob.url}?{storage.sas()}")["copy_status"] in {"success", "pending"}
    assert copy.get_blob_properties().copy.status == "success"
    assert copy.get_blob_properties().metadata == {"kept": "1"}
    assert refused(lambda: copy.start_copy_from_url(blob.url))[1] == "CannotVerifyCopySource"
    within = storage.source.get_blob_client("within")
    within.start_copy_from_url(blob.url)
    assert within.download_blob().readall() == b"content"


def test_a_copy_outlives_its_source(storage: Storage) -> None:
    blob = _put(storage.source, "x", b"content")
    copy = storage.target.get_blob_client("y")
    copy.upload_blob_from_url(blob.url, source_authorization=storage.bearer)
    _put(storage.source, "x", b"changed")
    blob.delete_blob()
    assert copy.download_blob().readall() == b"content"


def test_copies_are_logged_once_and_without_signatures(storage: Storage, azure_env: Sandbox) -> None:
    blob = _put(storage.source, "logged", b"content")
    storage.target.get_blob_client("logged").upload_blob_from_url(f"{blob.url}?{storage.sas()}")
    with BlobClient.from_blob_url(f"{blob.url}?{storage.sas()}") as client:
        client.download_blob().readall()
    text = (azure_env.state / "log.jsonl").read_text()
    lines = [line for line in text.splitlines() if f"/{storage.source.container_name}/logged" in line]
    assert len(lines) == 3
    assert "sig=REDACTED" in lines[-1]
    assert storage.keys[SOURCE] not in text
