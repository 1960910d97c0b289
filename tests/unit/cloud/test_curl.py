"""The head of an answer as libcurl hands it on."""

from __future__ import annotations

import pytest

from amlmigrate.cloud.curl import Head

OWN = b'HTTP/1.1 206 Partial Content\r\nETag: "0x1"\r\nx-ms-meta-note: a: b \r\ncontent-range:bytes 0-1/2\r\nEmpty:\r\n\r\n'
CONNECT = b"HTTP/1.1 200 Connection established\r\nETag: proxy\r\nVia: a proxy\r\n\r\n"


@pytest.mark.parametrize("lines", [OWN, CONNECT + OWN], ids=["alone", "after a proxy's"])
def test_it_is_the_one_of_the_service(lines: bytes) -> None:
    head = Head(lines)
    assert (head.status, head.reason) == (206, "Partial Content")
    assert dict(head.headers) == {
        "ETag": '"0x1"',
        "x-ms-meta-note": "a: b",
        "content-range": "bytes 0-1/2",
        "Empty": "",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ETag", '"0x1"'),
        ("etag", '"0x1"'),
        ("Content-Range", "bytes 0-1/2"),
        ("x-ms-meta-note", "a: b"),
        ("Empty", ""),
        ("Via", ""),
        ("note", ""),
        ("Tag", ""),
    ],
)
def test_a_header_is_found_by_its_whole_name_in_any_case(name: str, value: str) -> None:
    assert Head(CONNECT + OWN).get(name) == value == Head(CONNECT + OWN).headers.get(name, "")


def test_a_status_line_may_give_no_reason() -> None:
    head = Head(b"HTTP/1.1 404\r\n\r\n")
    assert (head.status, head.reason, dict(head.headers)) == (404, "", {})


def test_what_follows_the_chunks_of_an_empty_answer_is_none_of_its_head() -> None:
    head = Head(CONNECT + OWN + b"ETag: other\r\nHTTP/1.1: x\r\n\r\n")
    assert (head.status, head.get("ETag"), head.get("HTTP/1.1")) == (206, '"0x1"', "")
    assert head.headers.getall("ETag") == ['"0x1"']
