"""Listings of containers, which are whole (AZ-BLOB-23), and how a blob compares with its copy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import cast

from amlmigrate.cloud import absence
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.sortedblobs import Below, ByPath, SortedBlobs
from amlmigrate.cloud.store import Store
from amlmigrate.core.asset import Blob, Past
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Location, Service, address_of

# Metadata by which azure-ai-ml knows that an upload is whole; it is kept like all other metadata.
FIELDS = ("length", "md5", "headers", "metadata", "tags", "tier", "folder", "attributes")
# Headers, metadata and tags that many blobs have alike are written once as JSON.
_KNOWN = 4_096
# The same for a missing role and for a firewall: which of the two it is may change, the item does not.
_RIGHT = "a role such as Storage File Data Privileged Reader is missing, or the account's firewall is in the way"


@dataclass(slots=True)
class Listing:
    """The blobs of one container by path; `tagged` says whether their index tags could be read."""

    place: Location
    blobs: Mapping[str, Blob] = field(default_factory=dict)
    tagged: bool = True
    exists: bool = True
    # What a copy leaves behind: None where nobody asked, or the service does not say.
    past: Past | None = None
    # What keeps its blobs from being changed or deleted in the source.
    holds: tuple[str, ...] = ()
    # Why it could not be listed, of a share: what it holds is not known then.
    refused: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.blobs, ByPath):
            self.blobs = ByPath(SortedBlobs(self.blobs.values()))

    @property
    def sorted(self) -> SortedBlobs:
        """The blobs in the order of their paths."""
        assert isinstance(self.blobs, ByPath)
        return self.blobs.sorted

    def below(self, prefix: str) -> Below:
        """The blobs that are the prefix itself or lie in the folder of that name, by path.

        A container may hold as many prefixes as blobs, so that each must cost no more than what it holds.
        """
        return self.sorted.below(prefix)


def renamed_on_the_way(path: str) -> bool:
    """Whether a name has a segment of dots, which clients resolve before they ask: it names another."""
    return not {".", ".."}.isdisjoint(path.split("/"))


def beside(past: Past) -> list[str]:
    """What there is beside the blobs as they are now, to be told: as `2 snapshots`."""
    counts = (
        (past.snapshots, "snapshot", "snapshots"),
        (past.versions, "earlier version", "earlier versions"),
        (past.legal_holds, "blob under a legal hold", "blobs under a legal hold"),
        (past.policies, "blob under an immutability policy", "blobs under an immutability policy"),
    )
    return [many(count, one, more) for count, one, more in counts if count]


def not_sorted(listings: Iterable[Listing]) -> Iterator[Finding]:
    """Of each list that did not come in the order by which two sides are compared.

    The service's order is that of code points but for signs above U+FFFF (AZ-BLOB-25); in a hierarchical namespace
    it goes folder by folder (AZ-BLOB-26).
    """
    for listing in listings:
        if not listing.sorted.rising:
            place = listing.place
            yield Finding(
                "warning",
                str(address_of(place.at(""))),
                f"The list of '{place.container}' in '{place.account}' did not come in the order of code points,"
                " or had a name twice: it was sorted on disk before it was compared.",
                "Nothing is needed where the account has a hierarchical namespace, or names have signs beyond"
                " U+FFFF; elsewhere Azure documents another order: look who answers for the account.",
                code="list-not-sorted",
            )


async def list_container(store: Store, place: Location, *, past: bool = False, tolerant: bool = False) -> Listing:
    """Lists what lies below a place; a container or share that is not there is an empty listing that says so.

    `tolerant`: so is a share that may not be read.
    """
    seen: Past | None = None
    try:
        if past and place.service is Service.BLOB:
            found, tagged, seen = await cast(Blobs, store).listing_with_past(place)
        else:
            found, tagged = await store.listing(place)
    except ServiceError as error:
        if absence.of_container(error) or absence.of_share(error):
            return Listing(place, exists=False)
        if tolerant and place.service is Service.FILE and error.status == 403:
            why = error.key_trouble.says if error.key_trouble else _RIGHT
            return Listing(place, refused=f"{why} ({error.code})")
        raise
    return Listing(place, ByPath(SortedBlobs.of(found)), tagged, past=seen)


def goal_path(source: Location, goal: Location, path: str) -> str:
    """Where a blob below `source` goes below `goal`."""
    if not source.path:
        return goal.below(path).path
    # What follows begins with a slash or is nothing; a name may well have two slashes, or end with one.
    return goal.path + path.removeprefix(source.path)


def source_path(source: Location, goal: Location, path: str) -> str:
    """Where a blob below `goal` would come from, below `source`: `goal_path` the other way round."""
    rest = path.removeprefix(goal.path)
    return source.path + rest if source.path else rest.removeprefix("/") if goal.path else rest


def unlike(source: Blob, target: Blob) -> list[str]:
    """The fields in which a copy is not like its source, as far as a listing shows them.

    A missing MD5 proves nothing either way: the service may add one when it writes.
    """
    found = []
    for name in FIELDS:
        left, right = getattr(source, name), getattr(target, name)
        if name in ("md5", "tags") and (left is None or right is None):
            continue
        if left != right:
            found.append(name)
    return found


@lru_cache(_KNOWN)
def _encoded(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def listing_line(blob: Blob) -> bytes:
    """A blob as a digest takes it: a line of JSON, put together by hand, since each blob of each list has one."""
    # Many blobs have the same of these.
    same = _encoded((blob.headers, blob.metadata, blob.tags or None))[1:-1]
    md5 = "null" if blob.md5 is None else _quoted(blob.md5)
    line = f"[{_quoted(blob.path)},{blob.length},{_quoted(blob.etag)},{md5},{same},{_encoded(blob.tier)}]\n"
    return line.encode()


class ListingDigest:
    """SHA-256 over listed blobs, added in the order of their paths: `listing_digest` says of what.

    `blobs` is how many were added, `bytes` the sum of their lengths.
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.blobs = self.bytes = 0

    @classmethod
    def of(cls, blobs: Iterable[Blob]) -> ListingDigest:
        """Of some blobs, which come in that order."""
        found = cls()
        for blob in blobs:
            found.add(blob)
        return found

    def add(self, blob: Blob, line: bytes = b"") -> None:
        """The next one; `line` is its `listing_line`, where that is known."""
        self._sha.update(line or listing_line(blob))
        self.blobs += 1
        self.bytes += blob.length

    def hexdigest(self) -> str:
        """Of all so far."""
        return self._sha.hexdigest()


def listing_digest(blobs: Iterable[Blob]) -> str:
    """SHA-256 over the listed blobs of a prefix, ETags included: it changes when any of them is written.

    Tags are part of it, since writing them leaves the ETag as it is. A blob without tags counts the same
    whether or not tags could be read; one that has some is not proven to be the same without reading them.
    """
    # What was listed is in order, and too much to be held.
    listed = isinstance(blobs, SortedBlobs | Below)
    return ListingDigest.of(blobs if listed else sorted(blobs, key=lambda one: one.path)).hexdigest()
