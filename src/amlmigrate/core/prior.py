"""What earlier plans for the same two workspaces are known to have done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from amlmigrate.core.address import Address
from amlmigrate.core.workspace import Location


class Copied(NamedTuple):
    """A copy that the tool made: the ETag of the source blob, and the one that the copy then had.

    Without the second it was asked for, and nobody knows whether it arrived.
    """

    source_etag: str
    target_etag: str = ""

    def untouched(self, etag: str) -> bool:
        """Whether the blob that has this ETag now is the copy as the tool left it."""
        return self.target_etag == etag != ""


@dataclass(frozen=True, slots=True)
class Prior:
    """Documents and blobs that the tool created; only those may it change, and only as it left them."""

    documents: frozenset[str] = frozenset()
    blobs: dict[tuple[str, str, str], Copied] = field(default_factory=dict)
    # Address to the digest of the target's document as the tool last saw it there, in line with the source.
    left: dict[str, str] = field(default_factory=dict)

    def owns(self, address: Address) -> bool:
        """Whether the tool created the document."""
        return str(address.item) in self.documents

    def knows(self, address: Address) -> bool:
        """Whether a ledger tells how the tool left the document; those of older versions do not."""
        return str(address.item) in self.left

    def untouched(self, address: Address, sha256: str) -> bool:
        """Whether the target's document, of which this is the digest, is as the tool left it."""
        return self.left.get(str(address.item)) == sha256

    def copied(self, place: Location) -> Copied | None:
        """What the tool copied to a place, or None."""
        return self.blobs.get((place.account, place.container, place.path))
