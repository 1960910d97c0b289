"""Accounts with a hierarchical namespace, seen through the blob service by Microsoft's own client."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from azure.identity import EnvironmentCredential
from azure.storage.blob import BlobPrefix, BlobServiceClient, ContainerClient
from live import ask, azure, refused

from azsandbox import Sandbox, provision


def _keep(sandbox: Sandbox, name: str, settings: dict[str, object]) -> int:
    """The status of the answer to settings of the account's blob service."""

    return ask(
        sandbox.env, "PUT", f"{_path(sandbox, name)}/blobServices/default", "2023-05-01", {"properties": settings}
    ).status


def _path(sandbox: Sandbox, account: str) -> str:
    group = azure(sandbox.env, lambda client: provision.group(client, "lake-rg"))
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"


@pytest.fixture
def lake(azure_env: Sandbox) -> Iterator[ContainerClient]:
    """A container in an account with a hierarchical namespace."""
    name = f"lake{uuid.uuid4().hex[:12]}"

    body = {"location": "eastus2", "properties": {"isHnsEnabled": True}}
    path = _path(azure_env, name)
    azure(azure_env.env, lambda client: client.arm("PUT", path, "2023-05-01", body))
    with EnvironmentCredential() as credential:
        url = f"https://{name}.blob.core.windows.net"
        with BlobServiceClient(url, credential=credential, retry_total=0) as service:
            yield service.create_container("data")


def test_directories_are_listed_as_blobs_without_bytes(lake: ContainerClient) -> None:
    for name in ("a/b/one.csv", "a/two.csv", "three.csv"):
        lake.upload_blob(name, b"x" * len(name))
    found = {blob.name: blob for blob in lake.list_blobs(include=["metadata"])}
    assert sorted(found) == ["a", "a/b", "a/b/one.csv", "a/two.csv", "three.csv"]
    directories = {name for name, blob in found.items() if (blob.metadata or {}).get("hdi_isfolder") == "true"}
    assert directories == {"a", "a/b"} and {found[name].size for name in directories} == {0}


def test_each_path_says_whether_it_is_a_directory(lake: ContainerClient) -> None:
    lake.upload_blob("a/one.csv", b"x")
    told: list[str] = []
    for version in ("2020-10-02", "2020-08-04"):
        with EnvironmentCredential() as credential, ContainerClient.from_container_url(
            lake.url, credential=credential, api_version=version
        ) as client:  # fmt: skip
            list(client.list_blobs(raw_response_hook=lambda answer: told.append(answer.http_response.text())))
    types = [re.findall("<ResourceType>(.*?)</ResourceType>", text) for text in told]
    assert types == [["directory", "file"], []]


def test_with_a_delimiter_a_directory_is_a_prefix_even_when_empty(lake: ContainerClient) -> None:
    lake.upload_blob("a/b/one.csv", b"x")
    lake.upload_blob("z.csv", b"x")
    lake.delete_blob("a/b/one.csv")

    def walked(prefix: str) -> list[tuple[str, bool]]:
        return [(each.name, isinstance(each, BlobPrefix)) for each in lake.walk_blobs(prefix)]

    assert sorted(walked("")) == [("a/", True), ("z.csv", False)]
    assert walked("a/") == [("a/b/", True)]


def test_a_question_for_tags_is_a_wrong_one(lake: ContainerClient) -> None:
    lake.upload_blob("a/one.csv", b"x")
    blob = lake.get_blob_client("a/one.csv")
    wrong = (400, "InvalidQueryParameterValue")
    assert refused(blob.get_blob_tags) == wrong
    assert refused(lambda: blob.set_blob_tags({"a": "b"})) == wrong
    assert refused(lambda: list(lake.list_blobs(include=["metadata", "tags"]))) == wrong


def test_a_directory_is_deleted_when_it_is_empty(lake: ContainerClient) -> None:
    lake.upload_blob("a/one.csv", b"x")
    assert refused(lambda: lake.delete_blob("a")) == (409, "DirectoryIsNotEmpty")
    lake.delete_blob("a/one.csv")
    lake.delete_blob("a")
    assert list(lake.list_blobs()) == []


def test_blocks_and_copies_make_directories_too(lake: ContainerClient) -> None:
    blob = lake.get_blob_client("x/blocks")
    blob.stage_block("MDAx", b"x")
    assert [each.name for each in lake.list_blobs()] == []
    blob.commit_block_list(["MDAx"])
    lake.get_blob_client("y/z/copy").start_copy_from_url(blob.url)
    names = [each.name for each in lake.list_blobs()]
    assert names == ["x", "x/blocks", "y", "y/z", "y/z/copy"]


def test_index_tags_are_refused(lake: ContainerClient) -> None:
    assert refused(lambda: lake.upload_blob("t", b"x", tags={"a": "b"}))[0] == 409


def test_what_is_deleted_is_kept_and_what_is_written_over_is_not(
    azure_env: Sandbox, lake: ContainerClient
) -> None:
    name = str(lake.account_name)
    assert _keep(azure_env, name, {"isVersioningEnabled": True}) == 409
    assert _keep(azure_env, name, {"deleteRetentionPolicy": {"enabled": True, "days": 7}}) == 200
    for text in (b"1", b"2"):
        lake.upload_blob("a", text, overwrite=True)
    assert [one.name for one in lake.list_blobs(include=["deleted"]) if one.deleted] == []
    lake.delete_blob("a")
    [kept] = [one for one in lake.list_blobs(include=["deleted"]) if one.deleted]
    assert (kept.name, kept.snapshot) == ("a", None)
