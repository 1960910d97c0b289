"""What earlier plans for the same two workspaces are known to have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.workspace import Location


class Labels(NamedTuple):
    """What a blob has that no ETag tells of: its tier, None for the account's default, and its index tags.

    Tags are None where they could not be read.
    """

    tier: str | None = None
    tags: tuple[tuple[str, str], ...] | None = ()

    @classmethod
    def of(cls, blob: Blob) -> Labels:
        """Those of a blob as it was listed."""
        return cls(blob.tier, blob.tags)


class Copied(NamedTuple):
    """A copy that the tool made: the ETag of the source blob, and the one that the copy then had.

    Without the second it was asked for, and nobody knows whether it arrived. `labels` are those that both had
    then, None where that is not known.
    """

    source_etag: str
    target_etag: str = ""
    labels: Labels | None = None

    def untouched(self, etag: str) -> bool:
        """Whether the blob that has this ETag now is the copy as the tool left it."""
        return self.target_etag == etag != ""


@dataclass(frozen=True, slots=True)
class OwnershipRecord:
    """Documents and blobs that the tool created; only those may it change, and only as it left them."""

    documents: frozenset[str] = frozenset()
    # By account, container and path; they may be many, and need not be in memory.
    blobs: Mapping[tuple[str, str, str], Copied] = field(default_factory=dict)
    # Address to the digest of the target's document as the tool last saw it there, in line with the source.
    left: dict[str, str] = field(default_factory=dict)
    # Folders beside whose ledger cannot be read, though it may be of the same two workspaces, and why.
    unread: tuple[tuple[str, str], ...] = ()
    # The highest number of a run that any of the ledgers has.
    run: int = 0
    # Blobs that a run saw to be another's, though no listing shows it, with the ETags that they had.
    not_ours: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    # By the address of an item, what these plans called it in the target, where that is another name.
    called: Mapping[str, str] = field(default_factory=dict)
    # What a run began to create or change, whatever came of it: more than what is known to be the tool's own.
    asked_for: frozenset[str] = frozenset()

    def owns(self, address: Address) -> bool:
        """Whether the tool created the document."""
        return str(address.item) in self.documents

    def knows(self, address: Address) -> bool:
        """Whether a ledger tells how the tool left the document; of one that it was cut off at, none does."""
        return str(address.item) in self.left

    def untouched(self, address: Address, sha256: str) -> bool:
        """Whether the target's document, of which this is the digest, is as the tool left it."""
        return self.left.get(str(address.item)) == sha256

    def others(self, place: Location) -> str:
        """The ETag of a blob that a run saw to be another's; '' where none did."""
        return self.not_ours.get((*place.key, place.path), "")

    def copies(self) -> Iterator[tuple[Location, Copied]]:
        """All that the tool copied, each with where to."""
        return ((Location.of_key(*place), copied) for place, copied in self.blobs.items())

    def copied(self, place: Location) -> Copied | None:
        """What the tool copied to a place, or None."""
        return self.blobs.get((*place.key, place.path))
