"""What the headers of an answer say of a file, and what a rename is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from multidict import CIMultiDict

from amlmigrate.cloud.errors import OtherBytesError
from amlmigrate.cloud.fileclients import FileClients
from amlmigrate.cloud.fileshapes import file_of, has_labels, named_with
from amlmigrate.core.asset import FILE_KIND, Blob

MD5 = "XrY7u+Ae7tCTyyK7j1rNww=="
HEADERS = {
    "Content-Length": "11",
    "ETag": "0x8D",
    "Content-Type": "text/x",
    "Content-Language": "de",
    "Content-MD5": MD5,
    "X-Ms-Meta-Owner": "ada",
    "x-ms-file-attributes": "Archive",
    "x-ms-file-creation-time": "2021-02-03T04:05:06.1234567Z",
}
FILE = Blob(
    "d/a",
    11,
    '"0x8D"',
    md5=MD5,
    kind=FILE_KIND,
    headers=(("content_language", "de"), ("content_type", "text/x")),
    metadata=(("Owner", "ada"),),
    tags=None,
    attributes=(("attributes", "Archive"), ("created", "2021-02-03T04:05:06.1234567Z")),
)


def test_a_file_is_what_the_headers_show() -> None:
    assert file_of("d/a", CIMultiDict(HEADERS)) == FILE


def test_of_a_part_the_length_and_the_label_are_those_of_the_whole() -> None:
    part = {**HEADERS, "Content-Length": "4", "Content-Range": "bytes 0-3/11", "Content-MD5": "of the part"}
    assert file_of("d/a", CIMultiDict(part)) == replace(FILE, md5=None)
    assert file_of("d/a", CIMultiDict({**part, "x-ms-content-md5": MD5})) == FILE


@pytest.mark.parametrize("length", [{}, {"Content-Length": ""}, {"Content-Range": "bytes 0-3/*"}])
def test_of_an_answer_without_a_length_no_file_is_made(length: dict[str, str]) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "Content-Length"} | length
    with pytest.raises(OtherBytesError):
        file_of("d/a", CIMultiDict(headers))


def test_a_rename_is_told_all_that_it_can_give() -> None:
    assert named_with(FILE) == {
        "x-ms-file-attributes": "Archive",
        "x-ms-file-creation-time": "2021-02-03T04:05:06.1234567Z",
        "x-ms-meta-Owner": "ada",
        "x-ms-content-type": "text/x",
    }
    assert named_with(Blob("a", 0, "")) == {}


def test_what_a_rename_does_not_give_is_a_label() -> None:
    plain = replace(FILE, md5=None, headers=(("content_type", "text/x"),))
    assert has_labels(FILE) and not has_labels(plain) and has_labels(replace(plain, md5=MD5))
    assert has_labels(replace(plain, headers=FILE.headers))
    labels = FileClients.labels(FILE)
    assert (labels.content_type, labels.content_language, bytes(labels.content_md5).hex()[:4]) == (
        "text/x",
        "de",
        "5eb6",
    )
