"""How much is copied at once, and of how many blocks a blob is made: the local Azure keeps Azure's limits."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient
from live import azure
from twoaccounts import TwoAccounts, two_accounts

from azsandbox import Sandbox

MIB = 2**20


@pytest.fixture(scope="module")
def made(sandbox: Sandbox) -> TwoAccounts:
    return two_accounts(sandbox, "limits")


@pytest.fixture
def container(made: TwoAccounts) -> Iterator[ContainerClient]:
    with made.container_client("source") as client:
        yield client


def _new(container: ContainerClient) -> BlobClient:
    return container.get_blob_client(f"b{uuid.uuid4().hex}")


def _code(work: Callable[[], Any]) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as caught:
        work()
    return caught.value.status_code, str(getattr(caught.value.error_code, "value", caught.value.error_code))


@pytest.fixture
def long(container: ContainerClient) -> BlobClient:
    """A page blob of 5,001 MiB, of which no page was written."""
    blob = _new(container)
    blob.create_page_blob(5_001 * MIB)
    return blob


def _bearer(made: TwoAccounts) -> dict[str, str]:
    token = azure(made.sandbox.env, lambda client: client.token("https://storage.azure.com"))
    return {"source_authorization": f"Bearer {token}"}


def test_no_more_than_5000_mib_are_copied_at_once(
    made: TwoAccounts, container: ContainerClient, long: BlobClient
) -> None:
    copy = _new(container)
    refused = _code(lambda: copy.upload_blob_from_url(long.url, **_bearer(made)))
    assert refused == (413, "RequestBodyTooLarge") and not copy.exists()


def test_no_block_has_more_than_4000_mib(made: TwoAccounts, container: ContainerClient, long: BlobClient) -> None:
    def stage(length: int) -> None:
        _new(container).stage_block_from_url(
            "AAAA", long.url, source_offset=0, source_length=length, **_bearer(made)
        )

    assert _code(lambda: stage(4_000 * MIB + 1)) == (413, "RequestBodyTooLarge")
    stage(MIB)


def test_a_blob_is_made_of_no_more_than_50000_blocks(container: ContainerClient) -> None:
    blob = _new(container)
    blob.stage_block("AAAA", b"1")
    assert _code(lambda: blob.commit_block_list([BlobBlock("AAAA")] * 50_001)) == (400, "BlockListTooLong")
    blob.commit_block_list([BlobBlock("AAAA")] * 50_000)
    assert blob.get_blob_properties().size == 50_000
