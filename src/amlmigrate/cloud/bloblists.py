"""Reads a page of List Blobs: the XML of the service to blobs, without an object for each of its members."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree

from amlmigrate.cloud.lists import ListError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.asset import SENT_KEY, Blob, Past
from amlmigrate.core.lease import FOLDER, is_lease

_HEADERS = (
    ("cache_control", "Cache-Control"),
    ("content_disposition", "Content-Disposition"),
    ("content_encoding", "Content-Encoding"),
    ("content_language", "Content-Language"),
    ("content_type", "Content-Type"),
)
_TAGS_OF_HEADERS = tuple(tag for _, tag in _HEADERS)
# Many blobs have the same headers: each is then put together once.
_KNOWN = 4_096
_FOLDER_MARK = {"hdi_isfolder"}
_PAST = ("snapshots", "versions", "deleted", "immutabilitypolicy", "legalhold")
Pairs = tuple[tuple[str, str], ...]


class Reader:
    """Reads the pages of one listing; what many blobs have in common is kept once."""

    def __init__(self, *, tagged: bool, past: bool = False, url: str = "") -> None:
        self._tagged = tagged
        # The container's, for errors; and the markers that were followed.
        self._url = url
        self._asked: set[str] = set()
        self._begun: set[tuple[str, str, str]] = set()
        self._past = past
        self._beside: Counter[str] = Counter()
        self._known: dict[Pairs, Pairs] = {}
        self._directories = SortedBlobs()
        # Whether of each blob it is known which index tags it has.
        self.tags_known = True
        self.marker = ""

    def query(self, prefix: str) -> str:
        """The query of the next page."""
        include = ["metadata", *(["tags"] if self._tagged else []), *(_PAST if self._past else [])]
        asked = {"restype": "container", "comp": "list", "include": ",".join(include)}
        if prefix:
            asked["prefix"] = prefix
        if self.marker:
            asked["marker"] = self.marker
        return urlencode(asked, quote_via=quote)

    def page(self, data: bytes) -> list[Blob]:
        """The blobs of one page, in its order; `marker` is then that of the next, '' after the last.

        Raises ListError for what is no page of a listing, and for one whose next page came before.
        """
        root = self._root(data)
        self._turn(root.findtext("NextMarker") or "", root.find("Blobs/Blob"))
        # By its place: a blob's metadata may well have members that are called `Blob` or `NextMarker`.
        found = root.iterfind("Blobs/Blob")
        # Of one page alone: each blob may have metadata of its own.
        self._known.clear()
        blobs = ((name, element) for element in found if not _of_lease(name := _name(element), element))
        read = [self._blob(name, one) for name, one in blobs if not (self._past and self._beside_it(one))]
        self._directories.add(blob for blob, directory in read if directory)
        self.tags_known = self.tags_known and all(blob.tags is not None for blob, _ in read)
        return [blob for blob, _ in read]

    @property
    def directories(self) -> Iterator[str]:
        """Those that the pages had, by path. No copy is of one that what lies in it makes anyway.

        An account with a hierarchical namespace lists them beside its files (learn.microsoft.com, list-blobs).
        One that is empty, or has metadata of its own, is kept: nothing else would say that it is there.
        """
        return self._directories.paths()

    def _root(self, data: bytes) -> ElementTree.Element:
        """The listing in an answer. Raises ListError for one that calls itself a success and is none."""
        try:
            # The service's own answer over TLS; expat bounds what its entities may grow to.
            root = ElementTree.fromstring(data)  # noqa: S314
        except ElementTree.ParseError as error:
            raise self._error("NotAList", "the answer is not a list of blobs") from error
        # Of a container without blobs too the service names the member (learn.microsoft.com, list-blobs).
        if root.tag != "EnumerationResults" or root.find("Blobs") is None:
            raise self._error("NotAList", "the answer is not a list of blobs")
        # Until 2013 the name was the container's URL (learn.microsoft.com, list-blobs).
        named = root.get("ContainerName")
        asked = unquote(urlsplit(self._url).path).strip("/").partition("/")[0]
        if named and asked and named.rpartition("/")[2] != asked:
            raise self._error("ListOfAnother", f"the answer lists another container, '{named}'")
        return root

    def _turn(self, marker: str, first: ElementTree.Element | None) -> None:
        """To the next page. Raises ListError for one that was asked for before, or begins like one before it."""
        if marker and marker in self._asked:
            raise self._error("ListInCircles", "its marker of the next page leads back")
        self._asked.add(marker)
        self.marker = marker
        if first is not None:
            begins = (_name(first), first.findtext("Snapshot") or "", first.findtext("VersionId") or "")
            if begins in self._begun:
                raise self._error("ListInCircles", "a page begins like one that came before")
            self._begun.add(begins)

    def _error(self, code: str, message: str) -> ListError:
        return ListError(200, code, message, method="GET", url=self._url)

    @property
    def past(self) -> Past:
        """What the pages showed beside the blobs as they are now."""
        return Past(**self._beside, known=self._past, directories=len(self._directories))

    def _beside_it(self, element: ElementTree.Element) -> bool:
        """Whether it is a snapshot, an earlier version or deleted, which is counted and not listed."""
        snapshot = bool(element.findtext("Snapshot"))
        # With versioning switched on each blob has a version that is the blob itself.
        version = bool(element.findtext("VersionId")) and element.findtext("IsCurrentVersion") != "true"
        # Kept for a while by the account: of these too there are snapshots (list-blobs, `include=deleted`). With
        # versions a deleted blob is told by these alone (Azure/azure-sdk-for-java#19335). In a hierarchical
        # namespace a deleted directory is one of these, and what lay in it is in no list (Azure/
        # azure-rest-api-specs#33223, microsoft/AzureStorageExplorer#4808): there are so many or more.
        deleted = element.findtext("Deleted") == "true"
        self._beside.update(
            snapshots=int(snapshot and not deleted),
            versions=int(version and not snapshot and not deleted),
            deleted=int(deleted),
            legal_holds=int(element.findtext("Properties/LegalHold") == "true"),
            policies=int(element.find("Properties/ImmutabilityPolicyUntilDate") is not None),
        )
        return snapshot or version or deleted

    def _blob(self, path: str, element: ElementTree.Element) -> tuple[Blob, bool]:
        """A blob, and whether it is a directory without metadata of its own.

        Members are looked up by their names: a path is compiled and walked anew for each blob, which takes longer.
        """
        members = {child.tag: child for child in element}
        properties = {child.tag: child.text for child in members.get("Properties", ()) if child.text}
        metadata = members.get("Metadata", ())
        # Said of what lies in a hierarchical namespace alone, where nothing has index tags (learn.microsoft.com,
        # list-blobs; storage-feature-support).
        typed = properties.get("ResourceType")
        # Every blob of every page has both: without them it would be another, or of no length.
        length = properties.get("Content-Length", "0" if typed == "directory" else "")
        if not path or not length.isdecimal():
            raise self._error("NotAList", f"a blob of the listing has no name or no length: '{path}'")
        directory = typed == "directory" and {one.tag.lower() for one in metadata} <= _FOLDER_MARK
        # A tier that nobody set is the account's default, and so will be that of the copy (AZ-BLOB-8).
        tier = None if properties.get("AccessTierInferred") == "true" else properties.get("AccessTier")
        blob = Blob(
            path=path,
            length=int(length),
            etag=quoted(properties.get("Etag", "")),
            md5=properties.get("Content-MD5"),
            kind=sys.intern(properties.get("BlobType", "BlockBlob")),
            headers=_headers(tuple(map(properties.get, _TAGS_OF_HEADERS))),
            metadata=self._once([(child.tag, child.text or "") for child in metadata]),
            tags=self._once(_tags(members.get("Tags"))) if self._tagged or typed else None,
            tier=sys.intern(tier) if tier else None,
            encryption=encryption(properties.get("EncryptionScope"), properties.get("CustomerProvidedKeySha256")),
        )
        return blob, directory

    def _once(self, pairs: list[tuple[str, str]]) -> Pairs:
        """Pairs by their names; most blobs have none."""
        if not pairs:
            return ()
        made = tuple(sorted(pairs))
        return self._known.setdefault(made, made)


@lru_cache(_KNOWN)
def _headers(values: tuple[str | None, ...]) -> Pairs:
    """The headers of a blob, by their values in the order of `_HEADERS`."""
    return tuple((name, value) for (name, _), value in zip(_HEADERS, values, strict=True) if value)


def encryption(scope: str | None, sent_key: str | None) -> str | None:
    """`Blob.encryption` from what the service names."""
    found = scope or (f"{SENT_KEY}{sent_key}" if sent_key else None)
    return sys.intern(found) if found else None


def quoted(etag: str) -> str:
    """An ETag as conditions name it; a listing leaves the quotes out."""
    return etag if etag.startswith('"') else f'"{etag}"'


def _name(element: ElementTree.Element) -> str:
    """A name that XML cannot hold comes percent-encoded and says so."""
    name = element.find("Name")
    text = (name.text or "") if name is not None else ""
    return unquote(text) if name is not None and name.get("Encoded") == "true" else text


def _of_lease(name: str, element: ElementTree.Element) -> bool:
    """Nor are its earlier versions what a copy leaves behind."""
    if not name.startswith(FOLDER):
        return False
    return is_lease(name, tuple((child.tag, child.text or "") for child in element.findall("Metadata/*")))


def _tags(element: ElementTree.Element | None) -> list[tuple[str, str]]:
    tags = element.findall("TagSet/Tag") if element is not None else ()
    return [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in tags]
