"""Ranges of files copied from files, by Microsoft's own client: whose right counts, what is refused, what is sparse."""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.storage.fileshare import (
    ContentSettings,
    ShareClient,
    ShareFileClient,
    ShareServiceClient,
    generate_share_sas,
)
from live import account_with_key, azure, connection, refused, sync_credential

from azsandbox import Sandbox
from azsandbox.shares import crc64
from azsandbox.shares.written import added, removed, within

NAMES = ("copyfrom", "copyto")
STORAGE = "https://storage.azure.com/.default"
BACKUP = {"x-ms-file-request-intent": "backup", "x-ms-version": "2025-05-05"}


@dataclass
class Pair:
    """A share in each of two accounts, under one name."""

    source: ShareClient
    target: ShareClient
    keys: tuple[str, str]
    token: str

    def sas(self, permission: str = "r", hours: float = 1) -> str:
        expiry = datetime.now(UTC) + timedelta(hours=hours)
        return generate_share_sas(
            NAMES[0], self.source.share_name, self.keys[0], permission=permission, expiry=expiry
        )


@pytest.fixture(scope="session")
def keys(sandbox: Sandbox) -> tuple[str, str]:
    async def both(client: Any) -> tuple[str, ...]:
        return tuple([(await account_with_key(client, "share-copies", name))[1] for name in NAMES])

    made = azure(sandbox.env, both)
    return made[0], made[1]


@pytest.fixture
def pair(azure_env: Sandbox, keys: tuple[str, str]) -> Iterator[Pair]:
    with sync_credential() as who:
        token: AccessToken = who.get_token(STORAGE)
        made = []
        for name in NAMES:
            url = f"https://{name}.file.core.windows.net"
            service = ShareServiceClient(
                url, credential=who, token_intent="backup", retry_total=0, allow_trailing_dot=True,
                allow_source_trailing_dot=True,
            )  # fmt: skip
            made.append(service.create_share(f"c{uuid.uuid4().hex}" if not made else made[0].share_name))
        yield Pair(made[0], made[1], keys, f"Bearer {token.token}")


def _copied(pair: Pair, source: ShareFileClient, target: ShareFileClient, **more: Any) -> None:
    """As a copy goes: an empty file of the same length, then each range that was written."""
    shown = source.get_file_properties()
    target.create_file(
        shown.size, content_settings=shown.content_settings, metadata=shown.metadata,
        file_creation_time=shown.creation_time, file_last_write_time=shown.last_write_time,
    )  # fmt: skip
    for part in source.list_ranges():
        for start in range(part.start, part.end + 1, 2**22):
            length = min(2**22, part.end + 1 - start)
            target.upload_range_from_url(
                source.url, start, length, start, source_authorization=pair.token, file_last_write_mode="preserve", **more
            )  # fmt: skip


@pytest.mark.parametrize("name", ["a b+c%.ipynb", "Ü & [x]=1.txt", "日本.py", "#1~.txt", "end.", "quote's;.txt"])
def test_a_file_is_copied_with_a_bearer_token(pair: Pair, name: str) -> None:
    data = os.urandom(5 * 2**20 + 7)
    source = pair.source.get_file_client(name)
    source.upload_file(data, metadata={"who": "me"}, file_last_write_time=datetime(2020, 1, 2, tzinfo=UTC))
    target = pair.target.get_file_client(name)
    _copied(pair, source, target)
    assert target.download_file().readall() == data
    before, after = source.get_file_properties(), target.get_file_properties()
    assert (after.metadata, after.last_write_time) == (before.metadata, before.last_write_time)
    assert after.creation_time == before.creation_time


def test_a_sparse_and_an_empty_file(pair: Pair) -> None:
    sparse, empty = pair.source.get_file_client("sparse"), pair.source.get_file_client("empty")
    sparse.create_file(2**40)
    sparse.upload_range(b"begin", 0, 5)
    sparse.upload_range(b"middle", 2**30, 6)
    sparse.upload_range(b"end", 2**40 - 3, 3)
    empty.create_file(0)
    for file in (sparse, empty):
        _copied(pair, file, pair.target.get_file_client(file.file_name))
    target = pair.target.get_file_client("sparse")
    shown = [(part.start, part.end) for part in target.list_ranges()]
    assert shown == [(0, 4), (2**30, 2**30 + 5), (2**40 - 3, 2**40 - 1)]
    assert target.download_file(offset=2**30, length=6).readall() == b"middle"
    assert list(pair.target.get_file_client("empty").list_ranges()) == []
    target.clear_range(2**30, 512)
    target.resize_file(1000)
    assert [(part.start, part.end) for part in target.list_ranges()] == [(0, 4)]
    assert [(part.start, part.end) for part in target.list_ranges(offset=2, length=2)] == [(2, 3)]


def test_a_signature_does_as_well_and_the_time_moves_unless_preserved(pair: Pair) -> None:
    source, target = pair.source.get_file_client("f"), pair.target.get_file_client("f")
    source.upload_file(b"0123456789")
    target.create_file(10, file_last_write_time=datetime(2020, 1, 2, tzinfo=UTC))
    url = f"{source.url}?{pair.sas()}"
    target.upload_range_from_url(url, 2, 5, 4, file_last_write_mode="preserve")
    assert target.download_file().readall() == b"\0\0" + b"45678" + b"\0\0\0"
    assert target.get_file_properties().last_write_time == datetime(2020, 1, 2, tzinfo=UTC)
    target.upload_range_from_url(url, 0, 1, 0)
    assert target.get_file_properties().last_write_time.year > 2020


def _refusal(call: Any) -> tuple[int, str, str]:
    """Status and code of what is refused, and the status that the source had."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    assert caught.value.response is not None
    headers = caught.value.response.headers
    return (
        caught.value.status_code or 0,
        str(headers["x-ms-error-code"]),
        headers.get("x-ms-copy-source-status-code", ""),
    )


def test_sources_that_cannot_be_read(pair: Pair) -> None:
    source, target = pair.source.get_file_client("f"), pair.target.get_file_client("f")
    source.upload_file(b"0123456789")
    pair.source.create_directory("d")
    target.create_file(10)

    def copied(url: str = source.url, **more: Any) -> tuple[int, str, str]:
        return _refusal(lambda: target.upload_range_from_url(url, 0, 10, 0, **more))

    verify = "CannotVerifyCopySource"
    base = source.url.removesuffix("/f")
    assert copied() == (401, verify, "401")  # nobody's, though the caller could read it
    assert copied(source_authorization="Bearer no.such.token") == (401, verify, "401")
    for url in (
        f"{base}/gone",
        f"{base}/gone/f",
        f"{base}/d",
        base.replace(pair.source.share_name, "gone") + "/f",
    ):
        assert copied(url, source_authorization=pair.token) == (404, verify, "404")
    assert copied(f"{source.url}?{pair.sas('w')}") == (403, verify, "403")
    assert copied(f"{source.url}?{pair.sas(hours=-1)}") == (403, verify, "403")
    other = source.url.replace(NAMES[0], NAMES[1])
    assert copied(f"{other}?{pair.sas()}")[0] == 403
    assert copied("https://example.com/f")[:2] == (404, verify)
    assert copied(f"{source.url}?{'x' * 2050}")[:2] == (400, "OutOfRangeInput")
    assert target.download_file().readall() == bytes(10)


def test_ranges_that_cannot_be(pair: Pair) -> None:
    source, target = pair.source.get_file_client("f"), pair.target.get_file_client("f")
    source.upload_file(bytes(10))
    target.create_file(2**23)

    def copied(to: int, length: int, of: int) -> tuple[int, str]:
        return refused(
            lambda: target.upload_range_from_url(source.url, to, length, of, source_authorization=pair.token)
        )

    assert copied(0, 11, 0) == copied(0, 1, 10) == copied(2**23, 1, 0) == (416, "InvalidRange")
    assert copied(0, 2**22 + 1, 0) == (413, "RequestBodyTooLarge")
    missing = pair.target.get_file_client("gone")
    assert refused(
        lambda: missing.upload_range_from_url(source.url, 0, 1, 0, source_authorization=pair.token)
    ) == (404, "ResourceNotFound")


def test_nobody_has_a_file_open(pair: Pair) -> None:
    source = pair.source.get_file_client("f")
    source.upload_file(b"0123456789")
    assert list(source.list_handles()) == []
    gone = pair.source.get_file_client("gone")
    assert refused(lambda: list(gone.list_handles())) == (404, "ResourceNotFound")
    pair.source.create_directory("d")
    for name in ("", "d"):
        assert list(pair.source.get_directory_client(name).list_handles(recursive=True)) == []
    gone = pair.source.get_directory_client("gone")
    assert refused(lambda: list(gone.list_handles(recursive=True))) == (404, "ResourceNotFound")


def test_checksums_of_a_source(pair: Pair) -> None:
    source, target = pair.source.get_file_client("f"), pair.target.get_file_client("f")
    source.upload_file(b"0123456789")
    target.create_file(10)
    # The check value of CRC-64/NVME, which has this polynomial.
    assert int.from_bytes(base64.b64decode(crc64.of(b"123456789")), "little") == 0xAE8B14860A799888
    right, wrong = (bytearray(base64.b64decode(crc64.of(each))) for each in (b"0123456789", b"x"))

    def copied(**more: Any) -> Any:
        return target.upload_range_from_url(source.url, 0, 10, 0, source_authorization=pair.token, **more)

    copied(source_content_crc64=right, source_if_match_crc64=right, source_if_none_match_crc64=wrong)
    assert target.download_file().readall() == b"0123456789"
    assert refused(lambda: copied(source_content_crc64=wrong)) == (400, "Crc64Mismatch")
    assert refused(lambda: copied(source_if_match_crc64=wrong)) == (412, "SourceConditionNotMet")
    assert refused(lambda: copied(source_if_none_match_crc64=right)) == (412, "SourceConditionNotMet")


def test_headers_that_a_client_never_forgets(pair: Pair, azure_env: Sandbox) -> None:
    source, target = pair.source.get_file_client("f"), pair.target.get_file_client("f")
    source.upload_file(b"0123456789")
    target.create_file(10)
    raw = connection(azure_env.env, f"{NAMES[1]}.file.core.windows.net")
    whole = {
        **BACKUP, "Authorization": pair.token, "x-ms-copy-source": source.url, "x-ms-write": "update",
        "x-ms-copy-source-authorization": pair.token, "x-ms-range": "bytes=0-9", "x-ms-source-range": "bytes=0-9",
    }  # fmt: skip

    def sent(body: bytes = b"", query: str = "?comp=range", **change: str | None) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in change.items()}
        headers = {name: value for name, value in {**whole, **named}.items() if value is not None}
        raw.request("PUT", f"/{pair.target.share_name}/f{query}", body=body, headers=headers)
        with raw.getresponse() as response:
            response.read()
            return response.status, response.headers.get("x-ms-error-code", "")

    assert (
        sent(x_ms_write=None)
        == sent(x_ms_range=None)
        == sent(x_ms_source_range=None)
        == (400, "MissingRequiredHeader")
    )
    assert sent(x_ms_write="clear") == sent(x_ms_source_range="bytes=0-8") == (400, "InvalidHeaderValue")
    assert sent(b"x") == (400, "InvalidHeaderValue")
    assert sent(x_ms_source_if_match="*") == (400, "UnsupportedHeader")
    assert sent(query="") == (501, "NotImplemented")  # Copy File
    assert sent(**{"x_ms_copy_source": source.url.replace(".file.", ".blob.")}) == (501, "NotImplemented")
    assert target.download_file().readall() == bytes(10)
    assert sent() == (201, "")
    raw.close()


def test_a_read_only_file_is_written_last(pair: Pair) -> None:
    source, target = pair.source.get_file_client("f"), pair.target.get_file_client("f")
    source.upload_file(b"0123456789")
    target.create_file(10, file_attributes="ReadOnly")

    def copy() -> Any:
        return target.upload_range_from_url(source.url, 0, 10, 0, source_authorization=pair.token)

    for call in (copy, lambda: target.upload_range(b"x", 0, 1), lambda: target.create_file(1), target.delete_file):
        assert refused(call) == (409, "ReadOnlyAttribute")
    target.set_http_headers(ContentSettings(), file_attributes="None")
    copy()
    target.set_http_headers(ContentSettings(), file_attributes="ReadOnly")
    assert target.download_file().readall() == b"0123456789"
    other = pair.target.get_file_client("other")
    other.create_file(1)
    over: dict[str, Any] = {"overwrite": True}
    assert refused(lambda: other.rename_file("f", **over)) == (409, "ReadOnlyAttribute")
    other.rename_file("f", **over, ignore_read_only=True)
    assert target.get_file_properties().size == 1


@pytest.mark.parametrize(
    ("spans", "start", "length", "more", "less"),
    [
        ([], 0, 0, [], []),
        ([], 5, 5, [[5, 9]], []),
        ([[0, 4], [10, 14]], 5, 5, [[0, 14]], [[0, 4], [10, 14]]),
        ([[0, 4], [10, 14]], 3, 9, [[0, 14]], [[0, 2], [12, 14]]),
        ([[0, 9]], 3, 3, [[0, 9]], [[0, 2], [6, 9]]),
        ([[0, 4], [10, 14]], 20, 1, [[0, 4], [10, 14], [20, 20]], [[0, 4], [10, 14]]),
        ([[5, 9]], 0, 100, [[0, 99]], []),
    ],
)
def test_bytes_that_were_written(spans: Any, start: int, length: int, more: Any, less: Any) -> None:
    assert added(spans, start, length) == more
    assert removed(spans, start, length) == less
    assert within(more, 0, start) == [[low, min(high, start - 1)] for low, high in more if low < start]
