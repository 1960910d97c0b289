"""The XML of lists: of shares, and of the files and directories in a directory, a page at a time."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from multidict import CIMultiDict

from azsandbox.calls import Answer, HttpCall
from azsandbox.shares import times
from azsandbox.shares.entries import file_id
from azsandbox.shares.errors import ShareError
from azsandbox.shares.index import Entry, Share
from azsandbox.shares.permissions import key_of
from azsandbox.shares.places import Place

_LARGEST = 5000
# learn.microsoft.com/rest/api/storageservices: list-shares, list-directories-and-files. No share here has a
# snapshot, and deleted ones are not kept.
OF_SHARES = frozenset({"metadata", "snapshots", "deleted"})
OF_ENTRIES = frozenset({"timestamps", "etag", "attributes", "permissionkey"})
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Page:
    """What a caller asks of a list."""

    prefix: str
    marker: str
    sent: str
    include: frozenset[str]

    @property
    def size(self) -> int:
        """How many items there may be on the page."""
        return min(int(self.sent), _LARGEST) if self.sent else _LARGEST

    @classmethod
    def of(cls, call: HttpCall, known: frozenset[str]) -> Page:
        """Reads the query; `known` is what a list can include. Raises Refused."""
        query = call.query
        sent = query.get("maxresults", "")
        if sent and not re.fullmatch(r"\d{1,9}", sent):
            raise ShareError(
                "InvalidQueryParameterValue", QueryParameterName="maxresults", QueryParameterValue=sent
            )
        if sent and int(sent) == 0:
            raise ShareError(
                "OutOfRangeQueryParameterValue", QueryParameterName="maxresults", QueryParameterValue="0"
            )
        include = frozenset(query.get("include", "").lower().split(",")) - {""}
        if not include <= known:
            text = query["include"]
            raise ShareError("InvalidQueryParameterValue", QueryParameterName="include", QueryParameterValue=text)
        return cls(query.get("prefix", ""), query.get("marker", ""), sent, include)

    def head(self) -> str:
        """What was asked, as the answer repeats it."""
        parts = [_named("Prefix", self.prefix), _named("Marker", self.marker), _named("MaxResults", self.sent)]
        return "".join(part for part in parts if part)


def marker(name: str) -> str:
    """The marker of the page that begins with a name: `1!8!ZmlsZWEy`."""
    text = base64.b64encode(name.encode()).decode()
    return f"1!{len(text)}!{text}"


def marked(text: str) -> str:
    """The name in a marker; empty for none. Raises Refused."""
    if not text:
        return ""
    try:
        name = base64.b64decode(text.rpartition("!")[2], validate=True).decode()
    except ValueError:
        raise ShareError("InvalidContinuationToken") from None
    if marker(name) != text:
        raise ShareError("InvalidContinuationToken")
    return name


def shares_document(call: HttpCall, page: Page, found: list[Share]) -> str:
    """The list of shares; one share more than the page holds says that there is a next page."""
    items = "".join(_share(share, with_metadata="metadata" in page.include) for share in found[: page.size])
    more = f"/{found[-1].account}/{found[-1].name}" if len(found) > page.size else ""
    return (
        f"<EnumerationResults ServiceEndpoint={quoteattr(f'https://{call.host}/')}>{page.head()}"
        f"<Shares>{items}</Shares>{_next(more)}</EnumerationResults>"
    )


def entries_document(call: HttpCall, page: Page, place: Place, directory_id: int, found: list[Entry]) -> str:
    """The list of a directory, likewise."""
    items = "".join(_entry(entry, page.include) for entry in found[: page.size])
    more = marker(_last_name(found[-1])) if len(found) > page.size else ""
    encoded = ' Encoded="true"' if _NO_XML.search(place.path) else ""
    path = quote(place.path) if encoded else place.path
    return (
        f"<EnumerationResults ServiceEndpoint={quoteattr(f'https://{call.host}/')} "
        f"ShareName={quoteattr(place.share)}{encoded} DirectoryPath={quoteattr(path)}>{page.head()}"
        f"<DirectoryId>{file_id(directory_id)}</DirectoryId><Entries>{items}</Entries>{_next(more)}"
        "</EnumerationResults>"
    )


def xml(document: str) -> Answer:
    """An answer with an XML document, a byte order mark before it as the service has one."""
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?>{document}'.encode()
    return Answer(200, CIMultiDict({"Content-Type": "application/xml"}), body)


def _share(share: Share, *, with_metadata: bool) -> str:
    metadata = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in share.metadata.items())
    date = times.http_date(share.changed)
    return (
        f"<Share><Name>{share.name}</Name><Properties><Last-Modified>{date}</Last-Modified>"
        f"<Etag>{times.etag(share.changed)}</Etag><LeaseStatus>unlocked</LeaseStatus>"
        f"<LeaseState>available</LeaseState><Quota>{share.quota}</Quota><AccessTier>{escape(share.tier)}</AccessTier>"
        f"<AccessTierChangeTime>{date}</AccessTierChangeTime>"
        "<DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope>"
        "<DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride></Properties>"
        f"{f'<Metadata>{metadata}</Metadata>' if with_metadata else ''}</Share>"
    )


def _entry(entry: Entry, include: frozenset[str]) -> str:
    kind = "Directory" if entry.directory else "File"
    properties = "".join(_properties(entry, include))
    attributes = _named("Attributes", entry.attributes) if "attributes" in include else ""
    permission = _named("PermissionKey", key_of(entry)) if "permissionkey" in include else ""
    return (
        f"<{kind}>{_named('Name', _last_name(entry))}<FileId>{file_id(entry.id)}</FileId>"
        f"<Properties>{properties}</Properties>{attributes}{permission}</{kind}>"
    )


def _properties(entry: Entry, include: frozenset[str]) -> Iterable[str]:
    if not entry.directory:
        yield f"<Content-Length>{entry.size}</Content-Length>"
    if "timestamps" in include:
        yield f"<CreationTime>{escape(entry.created)}</CreationTime>"
        yield f"<LastAccessTime>{escape(entry.created)}</LastAccessTime>"
        yield f"<LastWriteTime>{escape(entry.written)}</LastWriteTime>"
        yield f"<ChangeTime>{times.iso(entry.changed)}</ChangeTime>"
        yield f"<Last-Modified>{times.http_date(entry.changed)}</Last-Modified>"
    if "etag" in include:
        yield f"<Etag>{times.etag(entry.changed)}</Etag>"


def _last_name(entry: Entry) -> str:
    return entry.path.rpartition("/")[2]


def _named(name: str, text: str) -> str:
    if not text:
        return ""
    if _NO_XML.search(text):
        return f'<{name} Encoded="true">{quote(text)}</{name}>'
    return f"<{name}>{escape(text)}</{name}>"


def _next(marker_: str) -> str:
    return _named("NextMarker", marker_) or "<NextMarker />"
