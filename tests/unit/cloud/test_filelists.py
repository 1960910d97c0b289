"""The list of a directory: what is on its pages, and what is no list of it."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from amlmigrate.cloud.filelists import FolderReader
from amlmigrate.cloud.lists import ListError
from amlmigrate.core.asset import FILE_KIND, FOLDER_ETAG, FOLDER_KIND, Blob

URL = "https://acct.file.core.windows.net/notes/Users/ann"
OLD = "2021-02-03T04:05:06.1234567Z"
TIMES = f"<CreationTime>{OLD}</CreationTime><LastWriteTime>{OLD}</LastWriteTime>"


def _file(name: str = "<Name>a</Name>", length: str = "11", etag: str = '"0x8D"') -> str:
    own = f"<Content-Length>{length}</Content-Length>{TIMES}<Etag>{etag}</Etag>"
    return f"<File>{name}<Properties>{own}</Properties><Attributes>Archive</Attributes></File>"


def _page(entries: str, marker: str = "", root: str = 'ShareName="notes"') -> bytes:
    text = f"<EnumerationResults {root}><Entries>{entries}</Entries><NextMarker>{marker}</NextMarker>"
    return f'\ufeff<?xml version="1.0" encoding="utf-8"?>{text}</EnumerationResults>'.encode()


def _reader() -> FolderReader:
    return FolderReader(URL, "Users/ann")


def test_files_and_directories_are_what_the_page_shows() -> None:
    reader = _reader()
    folder = "<Directory><Name>src</Name><Properties /></Directory>"
    encoded = _file('<Name Encoded="true">%EF%BF%BE b</Name>')
    shown = (("attributes", "Archive"), ("created", OLD), ("written", OLD))
    assert reader.page(_page(_file() + folder + encoded)) == [
        Blob("Users/ann/a", 11, '"0x8D"', kind=FILE_KIND, tags=None, attributes=shown),
        Blob("Users/ann/src", 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None),
        Blob("Users/ann/\ufffe b", 11, '"0x8D"', kind=FILE_KIND, tags=None, attributes=shown),
    ]
    assert reader.marker == ""
    assert [one.path for one in FolderReader(URL, "").page(_page(_file()))] == ["a"]


def test_the_next_page_is_asked_for_by_its_marker() -> None:
    reader = _reader()
    assert "marker" not in parse_qs(reader.query())
    reader.page(_page(_file(), "1!4!YQ=="))
    assert parse_qs(reader.query())["marker"] == ["1!4!YQ=="]
    assert parse_qs(reader.query())["include"] == ["Timestamps,Etag,Attributes"]
    assert reader.page(_page("", "next")) == [], "a page may be empty"
    with pytest.raises(ListError, match="leads back"):
        reader.page(_page(_file("<Name>b</Name>"), "1!4!YQ=="))


def test_a_page_that_came_before_ends_the_list() -> None:
    reader = _reader()
    reader.page(_page(_file(), "1"))
    with pytest.raises(ListError, match="came before"):
        reader.page(_page(_file(), "2"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Sign in</html>",
        b"<EnumerationResults><Shares /></EnumerationResults>",
        _page(_file(), root='ShareName="others"'),
        _page(_file("<Name />")),
        _page(_file(length="")),
        _page(_file(length="-1")),
        _page(_file(etag="")),
        _page("<Link><Name>a</Name><Properties /></Link>"),
    ],
)
def test_what_is_no_list_of_files_is_none(data: bytes) -> None:
    with pytest.raises(ListError):
        _reader().page(data)
