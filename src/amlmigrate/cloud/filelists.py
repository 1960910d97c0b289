"""Reads a page of List Directories and Files: from XML to files, without an object for each of their members."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree

from amlmigrate.cloud.fileshapes import file_in_list
from amlmigrate.cloud.lists import ListError
from amlmigrate.core.asset import FOLDER_ETAG, FOLDER_KIND, Blob

# What a list asks for beside names and lengths; with any of it this header has to be sent
# (learn.microsoft.com, list-directories-and-files).
_INCLUDED = "Timestamps,Etag,Attributes"
EXTENDED = {"x-ms-file-extended-info": "true"}


class FolderReader:
    """Reads the pages of one directory of a share, whose URL is given; '' is the root."""

    def __init__(self, url: str, folder: str) -> None:
        self._url, self._folder = url, folder
        self._asked: set[str] = set()
        self._seen: set[str] = set()
        self.marker = ""

    def query(self) -> str:
        """The query of the next page."""
        asked = {"restype": "directory", "comp": "list", "include": _INCLUDED}
        return urlencode(asked | ({"marker": self.marker} if self.marker else {}), quote_via=quote)

    def page(self, data: bytes) -> list[Blob]:
        """The files and directories of one page; `marker` is then that of the next, '' after the last.

        Raises ListError for what is no page of a list, and for one whose next page came before.
        """
        entries = self._entries(data)
        found = [self._entry(element) for element in entries]
        if found and not {one.path for one in found} - self._seen:
            raise self._error("ListInCircles", "a page holds nothing but what came before")
        self._seen.update(one.path for one in found)
        return found

    def _entries(self, data: bytes) -> ElementTree.Element:
        try:
            # The service's own answer over TLS; expat bounds what its entities may grow to.
            root = ElementTree.fromstring(data)  # noqa: S314
        except ElementTree.ParseError as error:
            raise self._error("NotAList", "the answer is not a list of files") from error
        entries = root.find("Entries")
        if root.tag != "EnumerationResults" or entries is None:
            raise self._error("NotAList", "the answer is not a list of files")
        share = unquote(urlsplit(self._url).path).strip("/").partition("/")[0]
        if root.get("ShareName", share) != share:
            raise self._error("ListOfAnother", f"the answer lists another share, '{root.get('ShareName')}'")
        marker = _text(root.find("NextMarker"))
        if marker and marker in self._asked:
            raise self._error("ListInCircles", "its marker of the next page leads back")
        self._asked.add(marker)
        self.marker = marker
        return entries

    def _entry(self, element: ElementTree.Element) -> Blob:
        """A file, of whose headers and metadata nothing is said, or a directory, of which only that it is."""
        name = _text(element.find("Name"))
        path = f"{self._folder}/{name}" if self._folder else name
        if not name or element.tag not in ("File", "Directory"):
            raise self._error("NotAList", f"an entry of the list has no name, or is no file: '{element.tag}'")
        if element.tag == "Directory":
            return Blob(path, 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None)
        own = element.find("Properties")
        properties = {child.tag: child.text or "" for child in own} if own is not None else {}
        length = properties.get("Content-Length", "")
        if not length.isdecimal() or not properties.get("Etag"):
            raise self._error("NotAList", f"a file of the list has no length or no version: '{path}'")
        attributes = element.findtext("Attributes") or properties.get("Attributes", "")
        return file_in_list(path, int(length), properties | {"Attributes": attributes})

    def _error(self, code: str, message: str) -> ListError:
        return ListError(200, code, message, method="GET", url=self._url)


def _text(element: ElementTree.Element | None) -> str:
    """A text that XML cannot hold comes percent-encoded and says so."""
    text = (element.text or "") if element is not None else ""
    return unquote(text) if element is not None and element.get("Encoded") == "true" else text
