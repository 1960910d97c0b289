"""A page of List Blobs as the service sends it: names, properties, metadata, tags, and the next page."""

from __future__ import annotations

import pytest

from amlmigrate.bytes.listings import listing_digest, unlike
from amlmigrate.cloud.bloblists import Reader
from amlmigrate.cloud.lists import ListError
from amlmigrate.cloud.sortedblobs import SortedBlobs
from amlmigrate.core.asset import SENT_KEY, Blob, Past

# In the shape of the service's own answers (learn.microsoft.com/rest/api/storageservices/list-blobs).
PAGE = """\ufeff<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://acct.blob.core.windows.net/" ContainerName="c"><Prefix>a/</Prefix>
<MaxResults>5000</MaxResults><Blobs>
<Blob><Name>a/b &amp; ü.csv</Name><Properties><Creation-Time>Mon, 01 Jan 2024 00:00:00 GMT</Creation-Time>
<Last-Modified>Mon, 01 Jan 2024 00:00:00 GMT</Last-Modified><Etag>0x8DC0A</Etag><Content-Length>12</Content-Length>
<Content-Type>text/csv</Content-Type><Content-Encoding /><Content-Language />
<Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5><Cache-Control>no-cache</Cache-Control><Content-Disposition />
<BlobType>BlockBlob</BlobType><AccessTier>Cool</AccessTier><LeaseStatus>unlocked</LeaseStatus></Properties>
<Metadata><upload_status>completed</upload_status><Empty /></Metadata>
<Tags><TagSet><Tag><Key>k 2</Key><Value>v</Value></Tag><Tag><Key>k</Key><Value>a=b</Value></Tag></TagSet></Tags></Blob>
<Blob><Name Encoded="true">a/%EF%BF%BE%25</Name><Properties><Etag>"0x2"</Etag><Content-Length>0</Content-Length>
<BlobType>AppendBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred></Properties>
<Metadata /><OrMetadata /></Blob>
</Blobs><NextMarker>2!76!MDAw</NextMarker></EnumerationResults>"""
FIRST = Blob(
    "a/b & ü.csv",
    12,
    '"0x8DC0A"',
    "1B2M2Y8AsgTpgAmY7PhCfg==",
    "BlockBlob",
    (("cache_control", "no-cache"), ("content_type", "text/csv")),
    (("Empty", ""), ("upload_status", "completed")),
    (("k", "a=b"), ("k 2", "v")),
    "Cool",
)
SECOND = Blob("a/\ufffe%", 0, '"0x2"', None, "AppendBlob", (), (), (), None)


def test_a_page_is_read_whole() -> None:
    reader = Reader(tagged=True)
    assert reader.page(PAGE.encode()) == [FIRST, SECOND]
    assert reader.marker == "2!76!MDAw"


def _entry(name: str, kind: str = "file", metadata: str = "", length: int = 0) -> str:
    properties = f"<Etag>0x1</Etag><Content-Length>{length}</Content-Length><ResourceType>{kind}</ResourceType>"
    return f"<Blob><Name>{name}</Name><Properties>{properties}</Properties><Metadata>{metadata}</Metadata></Blob>"


def test_directories_are_no_blobs_unless_nothing_else_says_that_they_are_there() -> None:
    mark, more = "<hdi_isfolder>true</hdi_isfolder>", "<hdi_isfolder>true</hdi_isfolder><team>risk</team>"
    entries = [
        _entry("a", "directory", mark),
        _entry("a-b", length=1),
        _entry("a/b", "directory", "<Hdi_isfolder>true</Hdi_isfolder>"),
        _entry("empty", "directory", mark),
        _entry("said", "directory", more),
        _entry("said/x", length=1),
        # In an account without such a namespace the same metadata are a blob's own.
        _entry("flat", metadata=mark).replace("<ResourceType>file</ResourceType>", ""),
        _entry("flat/x", length=1).replace("<ResourceType>file</ResourceType>", ""),
    ]
    # What fills a directory may come on another page than itself.
    pages = (entries, [_entry("a/b/c", length=1)])
    reader, listed = Reader(tagged=False, past=True), SortedBlobs()
    for page in pages:
        text = f"<EnumerationResults><Blobs>{''.join(page)}</Blobs><NextMarker /></EnumerationResults>"
        listed.add(reader.page(text.encode()))
        reader._asked.clear()
    found = list(listed)
    listed.drop_filled(reader.directories)
    assert list(listed.paths()) == ["a-b", "a/b/c", "empty", "flat", "flat/x", "said", "said/x"]
    # Tags were not asked for, and only what has a type of its own is known to have none.
    assert {blob.path for blob in found if blob.tags is None} == {"flat", "flat/x"}
    assert reader.past.directories == 3


def test_without_the_right_to_tags_they_are_not_known() -> None:
    assert [blob.tags for blob in Reader(tagged=False).page(PAGE.encode())] == [None, None]


def test_the_next_page_is_asked_for_until_there_is_none() -> None:
    reader = Reader(tagged=True)
    assert reader.query("a b/") == "restype=container&comp=list&include=metadata%2Ctags&prefix=a%20b%2F"
    reader.page(PAGE.encode())
    assert reader.query("").endswith("&marker=2%2176%21MDAw")
    last = PAGE.replace("<NextMarker>2!76!MDAw</NextMarker>", "<NextMarker />").replace("<Name>a/b", "<Name>a/c")
    reader.page(last.encode())
    assert reader.marker == ""
    assert "tags" not in Reader(tagged=False).query("")


NO_LISTINGS = [
    b"",
    b"<html><body>Sign in to the network</body></html>",
    b"<!doctype html><p>Sign in",
    b'{"value": []}',
    b"<Error><Code>Busy</Code></Error>",
    b'<EnumerationResults ServiceEndpoint="x"><Containers /><NextMarker /></EnumerationResults>',
    PAGE.encode()[:-40],
]


@pytest.mark.parametrize("data", NO_LISTINGS)
def test_a_success_that_is_no_listing_is_an_error_and_no_empty_container(data: bytes) -> None:
    with pytest.raises(ListError) as raised:
        Reader(tagged=True, url="https://acct.blob.core.windows.net/c").page(data)
    assert raised.value.code == "NotAList" and "acct" in raised.value.address


def test_a_container_without_blobs_is_a_listing() -> None:
    empty = b'<EnumerationResults ContainerName="c"><Blobs /><NextMarker /></EnumerationResults>'
    assert Reader(tagged=True).page(empty) == []


@pytest.mark.parametrize(
    ("marker", "name"), [("2!76!MDAw", "a/z"), ("another", "a/b")], ids=["the same marker", "the same page"]
)
def test_a_listing_that_goes_in_circles_is_an_error(marker: str, name: str) -> None:
    reader = Reader(tagged=True)
    reader.page(PAGE.encode())
    second = PAGE.replace("2!76!MDAw", marker).replace("<Name>a/b", f"<Name>{name}")
    with pytest.raises(ListError) as raised:
        reader.page(second.encode())
    assert raised.value.code == "ListInCircles"


def test_what_a_blob_is_encrypted_with_of_its_own_is_kept() -> None:
    scoped = PAGE.replace("<BlobType>BlockBlob", "<EncryptionScope>own</EncryptionScope><BlobType>BlockBlob")
    sent = "<CustomerProvidedKeySha256>3QFFFp=</CustomerProvidedKeySha256><BlobType>AppendBlob"
    found = Reader(tagged=True).page(scoped.replace("<BlobType>AppendBlob", sent).encode())
    assert [blob.encryption for blob in found] == ["own", f"{SENT_KEY}3QFFFp="]
    # It is no part of what a copy is compared by: a copy has the container's of the target.
    assert unlike(found[0], FIRST) == [] and listing_digest(found) == listing_digest([FIRST, SECOND])


PAST = """<EnumerationResults><Blobs>
<Blob><Name>a</Name><Snapshot>2024-01-01T00:00:00.0000000Z</Snapshot><Properties /></Blob>
<Blob><Name>a</Name><VersionId>1</VersionId><Properties><LegalHold>true</LegalHold></Properties></Blob>
<Blob><Name>a</Name><VersionId>2</VersionId><Properties /></Blob>
<Blob><Name>a</Name><VersionId>3</VersionId><IsCurrentVersion>true</IsCurrentVersion>
<Properties><Content-Length>1</Content-Length></Properties>
<Metadata><Snapshot>x</Snapshot><VersionId>y</VersionId></Metadata></Blob>
<Blob><Name>a</Name><Deleted>true</Deleted><Snapshot>2024-01-02T00:00:00.0000000Z</Snapshot><Properties /></Blob>
<Blob><Name>aa</Name><Deleted>true</Deleted><Properties><DeletedTime>Fri, 01 Jan 2027 00:00:00 GMT</DeletedTime>
<RemainingRetentionDays>5</RemainingRetentionDays><Content-Length>1</Content-Length></Properties></Blob>
<Blob><Name>b</Name><Properties><ImmutabilityPolicyUntilDate>Fri, 01 Jan 2027 00:00:00 GMT</ImmutabilityPolicyUntilDate>
<LegalHold>false</LegalHold><Content-Length>1</Content-Length></Properties></Blob>
</Blobs><NextMarker /></EnumerationResults>"""


def test_what_no_copy_takes_along_is_counted_and_not_listed() -> None:
    reader = Reader(tagged=True, past=True)
    assert (
        "include=metadata%2Ctags%2Csnapshots%2Cversions%2Cdeleted%2Cimmutabilitypolicy%2Clegalhold"
        in reader.query("")
    )
    assert [blob.path for blob in reader.page(PAST.encode())] == ["a", "b"]
    assert reader.past == Past(snapshots=1, versions=2, deleted=2, legal_holds=1, policies=1)
    assert not Reader(tagged=True).past.known


def _of(*blobs: str) -> bytes:
    return f"<EnumerationResults><Blobs>{''.join(blobs)}</Blobs><NextMarker /></EnumerationResults>".encode()


def _named(name: str, inside: str = "") -> str:
    return f'<Blob><Name>{name}</Name><Properties><Etag>"1"</Etag><Content-Length>1</Content-Length></Properties>{inside}</Blob>'


def test_the_leases_blob_is_none_of_them_and_what_is_named_like_it_is() -> None:
    """By its whole path: on a target, and on a source that was a target once."""
    like = (".aml-cmk-migrate", ".aml-cmk-migrate-2/x", ".aml-cmk-migrate/lease-2", ".aml-cmk-migrate/lease/x",
            ".aml-cmk-migrate/Lease", "x/.aml-cmk-migrate/lease", ".aml-cmk-migratelease")  # fmt: skip
    page = _of(_named(".aml-cmk-migrate/lease"), *map(_named, like), _named("%2Eaml-cmk-migrate/lease"))
    assert [blob.path for blob in Reader(tagged=True).page(page)] == [*like, "%2Eaml-cmk-migrate/lease"]
    encoded = _named(".aml-cmk-migrate%2Flease").replace("<Name>", '<Name Encoded="true">')
    assert Reader(tagged=True).page(_of(encoded)) == []


def test_its_folder_is_none_where_folders_are_blobs() -> None:
    """An account with a hierarchical namespace lists them; of a flat one it is somebody's blob."""
    folder = "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>"
    other = "<Metadata><hdi_isfolder>false</hdi_isfolder></Metadata>"
    page = _of(_named(".aml-cmk-migrate", folder), _named(".aml-cmk-migrate", other), _named("d", folder))
    assert [blob.path for blob in Reader(tagged=True).page(page)] == [".aml-cmk-migrate", "d"]


def test_its_snapshots_and_versions_are_nothing_that_a_copy_leaves_behind() -> None:
    past = (f"<{tag}>2026-01-01</{tag}>" for tag in ("Snapshot", "VersionId"))
    reader = Reader(tagged=True, past=True)
    assert reader.page(_of(*(_named(".aml-cmk-migrate/lease", one) for one in past))) == []
    assert reader.past == Past(0, 0, 0, 0, known=True)


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("<Name>a/b &amp; ü.csv</Name>", ""),
        PAGE.replace("<Name>a/b &amp; ü.csv</Name>", "<Name/>"),
        PAGE.replace("<Content-Length>12</Content-Length>", ""),
        PAGE.replace(">12<", ">-1<"),
        PAGE.replace(">12<", ">many<"),
        PAGE.replace('ContainerName="c"', 'ContainerName="d"'),
        PAGE.replace('ContainerName="c"', 'ContainerName="https://acct.blob.core.windows.net/cc"'),
    ],
)
def test_a_page_of_blobs_without_name_or_length_or_of_another_container_is_an_error(page: str) -> None:
    with pytest.raises(ListError):
        Reader(tagged=True, url="https://acct.blob.core.windows.net/c").page(page.encode())


@pytest.mark.parametrize(
    "named", ['ContainerName="https://acct.blob.core.windows.net/c"', "", 'ContainerName="c"']
)
def test_of_a_container_that_is_named_or_not_named_at_all_the_page_is_read(named: str) -> None:
    page = PAGE.replace('ContainerName="c"', named).encode()
    assert len(Reader(tagged=True, url="https://acct.blob.core.windows.net/c").page(page)) == 2
    web = PAGE.replace('ContainerName="c"', 'ContainerName="$web"').encode()
    assert len(Reader(tagged=True, url="https://acct.blob.core.windows.net/%24web").page(web)) == 2
