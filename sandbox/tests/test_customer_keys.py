"""Keys that clients send along: what the local Azure answers of blobs that were written with one."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from azure.storage.blob import BlobBlock, BlobClient, BlobType, ContainerClient, CustomerProvidedEncryptionKey
from live import azure, refused
from twoaccounts import TwoAccounts, two_accounts

from azsandbox import Sandbox

USES = (409, "BlobUsesCustomerSpecifiedEncryption")
USES_NOT = (409, "BlobDoesNotUseCustomerSpecifiedEncryption")
MISMATCH = (409, "BlobCustomerSpecifiedEncryptionMismatch")
DATA = b"0123456789" * 10


def _key(sign: bytes) -> CustomerProvidedEncryptionKey:
    bytes_ = sign * 32
    return CustomerProvidedEncryptionKey(
        base64.b64encode(bytes_).decode(), base64.b64encode(hashlib.sha256(bytes_).digest()).decode()
    )


OURS, OTHER = _key(b"o"), _key(b"x")


@pytest.fixture(scope="module")
def made(sandbox: Sandbox) -> TwoAccounts:
    return two_accounts(sandbox, "cpk")


@pytest.fixture
def container(made: TwoAccounts) -> Iterator[ContainerClient]:
    with made.container_client("source") as client:
        yield client


def _blob(container: ContainerClient, **options: Any) -> BlobClient:
    client = container.get_blob_client(f"b{uuid.uuid4().hex}")
    client.upload_blob(DATA, metadata={"k": "v"}, **options)
    return client


WORKS: dict[str, Callable[..., Any]] = {
    "read": lambda blob, **key: blob.download_blob(**key).readall(),
    "properties": lambda blob, **key: blob.get_blob_properties(**key),
    "metadata": lambda blob, **key: blob.set_blob_metadata({"a": "b"}, **key),
}


@pytest.mark.parametrize("what", WORKS)
def test_only_the_very_key_opens_a_blob(container: ContainerClient, what: str) -> None:
    work, blob, plain = WORKS[what], _blob(container, cpk=OURS), _blob(container)
    work(blob, cpk=OURS)
    assert refused(lambda: work(blob)) == USES
    assert refused(lambda: work(blob, cpk=OTHER)) == MISMATCH
    assert refused(lambda: work(plain, cpk=OURS)) == USES_NOT
    work(plain)


def test_what_is_read_with_the_key_is_what_was_written(container: ContainerClient) -> None:
    blob = _blob(container, cpk=OURS)
    assert blob.download_blob(cpk=OURS).readall() == DATA
    found = blob.get_blob_properties(cpk=OURS)
    assert (found.encryption_key_sha256, found.metadata) == (OURS.key_hash, {"k": "v"})
    assert blob.download_blob(cpk=OURS).properties.encryption_key_sha256 == OURS.key_hash


def test_a_list_names_the_key_and_no_metadata(container: ContainerClient) -> None:
    """Of which the client gives neither: the service's own words."""
    blob, plain = _blob(container, cpk=OURS), _blob(container)
    seen: list[str] = []
    list(
        container.list_blobs(
            include=["metadata"], raw_response_hook=lambda one: seen.append(one.http_response.text())
        )
    )
    listed = {found.findtext("Name"): found for found in ElementTree.fromstring(seen[0]).iterfind("Blobs/Blob")}
    ours, theirs = listed[blob.blob_name], listed[plain.blob_name]
    assert ours.findtext("Properties/CustomerProvidedKeySha256") == OURS.key_hash
    assert ours.findtext("Properties/Content-Length") == str(len(DATA))
    assert [(one.attrib, list(one)) for one in ours.iterfind("Metadata")] == [({"Encrypted": "true"}, [])]
    assert theirs.find("Properties/CustomerProvidedKeySha256") is None
    assert theirs.findtext("Metadata/k") == "v"


def test_what_needs_no_key_needs_none(container: ContainerClient) -> None:
    blob = _blob(container, cpk=OURS)
    blob.set_http_headers()
    blob.set_blob_tags({"a": "b"})
    blob.create_snapshot()
    blob.delete_blob(delete_snapshots="include")


def test_overwriting_takes_the_key_of_the_call(container: ContainerClient) -> None:
    blob = _blob(container, cpk=OURS)
    blob.upload_blob(b"2", overwrite=True)
    assert blob.download_blob().readall() == b"2"
    blob.upload_blob(b"3", overwrite=True, cpk=OTHER)
    assert refused(lambda: blob.download_blob().readall()) == USES


def test_blocks_and_their_blob_have_one_key(container: ContainerClient) -> None:
    blob = container.get_blob_client(f"b{uuid.uuid4().hex}")
    blob.stage_block("AAAA", DATA, cpk=OURS)
    assert refused(lambda: blob.commit_block_list([BlobBlock("AAAA")])) == USES
    assert refused(lambda: blob.commit_block_list([BlobBlock("AAAA")], cpk=OTHER)) == MISMATCH
    blob.commit_block_list([BlobBlock("AAAA")], cpk=OURS)
    assert refused(lambda: blob.download_blob().readall()) == USES
    assert blob.download_blob(cpk=OURS).readall() == DATA


def test_what_is_appended_has_the_key_of_its_blob(container: ContainerClient) -> None:
    blob = container.get_blob_client(f"b{uuid.uuid4().hex}")
    blob.upload_blob(b"1", blob_type=BlobType.APPENDBLOB, cpk=OURS)
    assert refused(lambda: blob.append_block(b"2")) == USES
    blob.append_block(b"2", cpk=OURS)
    assert blob.download_blob(cpk=OURS).readall() == b"12"


@pytest.mark.parametrize("how", ["put", "block", "copy"])
def test_nothing_is_copied_from_one(made: TwoAccounts, container: ContainerClient, how: str) -> None:
    blob = _blob(container, cpk=OURS)
    client = made.container_client("target" if how != "copy" else "source")
    with client as target:
        copy = target.get_blob_client(f"c{uuid.uuid4().hex}")
        if how == "copy":
            assert refused(lambda: copy.start_copy_from_url(blob.url)) == USES
            return
        options = {
            "source_authorization": f"Bearer {azure(made.sandbox.env, lambda c: c.token('https://storage.azure.com'))}"
        }
        work = (
            copy.upload_blob_from_url
            if how == "put"
            else lambda url, **more: copy.stage_block_from_url("AAAA", url, **more)
        )
        assert refused(lambda: work(blob.url, **options)) == (409, "CannotVerifyCopySource")


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ({"x-ms-encryption-key": OURS.key_value}, "MissingRequiredHeader"),
        ({"x-ms-encryption-key-sha256": OURS.key_hash}, "MissingRequiredHeader"),
        ({"x-ms-encryption-algorithm": "AES256"}, "MissingRequiredHeader"),
    ],
)
def test_a_part_of_a_key_is_none(container: ContainerClient, key: dict[str, str], status: str) -> None:
    blob = container.get_blob_client(f"b{uuid.uuid4().hex}")
    assert refused(lambda: blob.upload_blob(DATA, headers=key)) == (400, status)


@pytest.mark.parametrize(
    "key",
    [
        CustomerProvidedEncryptionKey(base64.b64encode(b"short").decode(), OURS.key_hash),
        CustomerProvidedEncryptionKey(OURS.key_value, OTHER.key_hash),
    ],
    ids=["length", "digest"],
)
def test_what_is_no_key_is_refused(container: ContainerClient, key: CustomerProvidedEncryptionKey) -> None:
    blob = container.get_blob_client(f"b{uuid.uuid4().hex}")
    assert refused(lambda: blob.upload_blob(DATA, cpk=key)) == (400, "InvalidHeaderValue")
