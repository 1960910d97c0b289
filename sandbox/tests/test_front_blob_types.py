"""Blobs of other types copied from URLs, and names that XML cannot hold, by Microsoft's own client."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest
import requests
import test_front_storage as front
from azure.storage.blob import BlobClient, BlobType, ContentSettings
from live import refused
from test_front_storage import Storage

storage, account_keys = front.storage, front.account_keys

_FIRST, _LAST = b"a" * 512, b"z" * 512


def _pages(storage: Storage, name: str, size: int, written: dict[int, bytes]) -> BlobClient:
    blob = storage.source.get_blob_client(name)
    blob.create_page_blob(size, content_settings=ContentSettings(content_type="disk"), metadata={"of": "pages"})
    for offset, page in written.items():
        blob.upload_page(page, offset, len(page))
    return blob


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (1536, {0: _FIRST, 512: _LAST, 1024: _FIRST}),
        (1536, {1024: _LAST}),
        (1536, {512: _FIRST}),
        (1024, {}),
        (0, {}),
    ],
)
def test_a_page_blob_becomes_a_block_blob(storage: Storage, size: int, written: dict[int, bytes]) -> None:
    blob = _pages(storage, "disk", size, written)
    wanted = bytearray(size)
    for offset, page in written.items():
        wanted[offset : offset + len(page)] = page
    md5 = bytearray(hashlib.md5(wanted, usedforsecurity=False).digest())
    target = storage.target.get_blob_client("copy")
    target.upload_blob_from_url(blob.url, source_authorization=storage.bearer, source_content_md5=md5)
    copied = target.get_blob_properties()
    assert copied.blob_type is BlobType.BLOCKBLOB
    assert copied.content_settings.content_type == "disk" and copied.content_settings.content_md5 is None
    assert target.download_blob().readall() == bytes(wanted)
    blob.delete_blob()
    assert target.download_blob().readall() == bytes(wanted)


def test_a_page_blob_is_read_in_blocks_too(storage: Storage) -> None:
    blob = _pages(storage, "disk", 1024, {512: _LAST})
    target = storage.target.get_blob_client("blocks")
    target.stage_block_from_url("MDAx", blob.url, 500, 24, source_authorization=storage.bearer)
    target.commit_block_list(["MDAx"])
    assert target.download_blob().readall() == b"\0" * 12 + b"z" * 12


def test_a_page_blob_stays_one_by_pages_or_by_copy(storage: Storage) -> None:
    blob = _pages(storage, "disk", 1024, {0: _FIRST, 512: _LAST})
    pages = storage.target.get_blob_client("pages")
    pages.create_page_blob(1024)
    # Without its authorization a source is not read, in whatever account.
    own = storage.source.get_blob_client("own")
    own.create_page_blob(512)
    for each in (pages, own):
        copied = refused(lambda each=each: each.upload_pages_from_url(blob.url, 0, 512, 512))
        assert copied == (403, "CannotVerifyCopySource")
    pages.upload_pages_from_url(blob.url, 0, 512, 512, source_authorization=storage.bearer)
    assert pages.download_blob().readall() == _LAST + b"\0" * 512
    assert [(one.start, one.end) for one in pages.list_page_ranges()] == [(0, 511)]
    whole = storage.source.get_blob_client("whole")
    whole.start_copy_from_url(blob.url)
    assert whole.get_blob_properties().blob_type is BlobType.PAGEBLOB
    assert whole.download_blob().readall() == _FIRST + _LAST


def test_an_append_blob_is_copied_and_appended_to(storage: Storage) -> None:
    blob = storage.source.get_blob_client("log")
    blob.create_append_blob()
    for piece in (b"one ", b"two"):
        blob.append_block(piece)
    block, log = (storage.target.get_blob_client(name) for name in ("block", "log"))
    block.upload_blob_from_url(blob.url, source_authorization=storage.bearer)
    assert block.get_blob_properties().blob_type is BlobType.BLOCKBLOB
    assert block.download_blob().readall() == b"one two"
    log.create_append_blob()
    log.append_block_from_url(blob.url, 4, 3, source_authorization=storage.bearer)
    log.append_block_from_url(blob.url, source_authorization=storage.bearer)
    assert log.download_blob().readall() == b"twoone two"
    wrong = {"source_authorization": storage.bearer, "source_content_md5": bytearray(16)}
    assert refused(lambda: log.append_block_from_url(blob.url, **wrong)) == (400, "Md5Mismatch")


@pytest.mark.parametrize("type_", ["page", "append"])
def test_a_copy_at_once_takes_block_blobs_alone(storage: Storage, type_: str) -> None:
    blob = storage.source.get_blob_client(type_)
    blob.create_append_blob() if type_ == "append" else blob.create_page_blob(512)
    target = storage.target.get_blob_client("copy")
    arguments = {"requires_sync": True, "source_authorization": storage.bearer}
    assert refused(lambda: target.start_copy_from_url(blob.url, **arguments)) == (409, "InvalidBlobType")


_NAMES = ["x/é\uffff#%+.b", "x/d\ufffe/ü", "x/\U0001f600", "x/\ue000", "\ufffe"]


def _list(storage: Storage, version: str, **query: str) -> bytes:
    url = f"{storage.source.url}?restype=container&comp=list"
    url += "".join(f"&{name}={quote(value, safe='')}" for name, value in query.items())
    answer = requests.get(url, headers={"Authorization": storage.bearer, "x-ms-version": version}, timeout=30)
    assert answer.status_code == 200
    return answer.content


def test_names_that_xml_cannot_hold_are_listed_encoded(storage: Storage) -> None:
    for name in _NAMES:
        storage.source.upload_blob(name, name.encode())
    assert sorted(blob.name for blob in storage.source.list_blobs()) == sorted(_NAMES)
    walked = {blob.name for blob in storage.source.walk_blobs("x/")}
    assert walked == {"x/é\uffff#%+.b", "x/d\ufffe/", "x/\U0001f600", "x/\ue000"}
    by_one = storage.source.list_blobs(results_per_page=1).by_page()
    assert [blob.name for page in by_one for blob in page] == [blob.name for blob in storage.source.list_blobs()]
    text = _list(storage, "2021-02-12", prefix="x/é\uffff").decode()
    encoded = "x/%C3%A9%EF%BF%BF"
    assert f'<Prefix Encoded="true">{encoded}</Prefix>' in text
    assert f'<Name Encoded="true">{encoded}%23%25%2B.b</Name>' in text
    assert "<Name>x/\ue000</Name>" in _list(storage, "2021-02-12", prefix="x/\ue000").decode()


def test_before_2021_they_are_listed_as_they_are(storage: Storage) -> None:
    storage.source.upload_blob("a\uffff", b"")
    text = _list(storage, "2020-12-06").decode()
    assert "<Name>a\uffff</Name>" in text and "Encoded" not in text


@pytest.mark.parametrize("character", [*map(chr, range(1, 9)), "\n", "\r", "\x1f", "\x7f", "\x80", "\x9f"])
def test_no_name_holds_a_control_character(storage: Storage, character: str) -> None:
    blob = storage.source.get_blob_client(f"a{character}b")
    assert refused(lambda: blob.upload_blob(b"x")) == (400, "InvalidUri")
    assert refused(blob.delete_blob) == (400, "InvalidUri")
