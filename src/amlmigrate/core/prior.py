"""What earlier plans for the same two workspaces are known to have done."""

from __future__ import annotations

from dataclasses import dataclass, field

from amlmigrate.core.address import Address
from amlmigrate.core.workspace import Location


@dataclass(frozen=True, slots=True)
class Prior:
    """Documents and blobs that the tool created; only those may it change."""

    documents: frozenset[str] = frozenset()
    blobs: dict[tuple[str, str, str], str] = field(default_factory=dict)
    # Address to the digest of the source's document as it was when the target was last brought in line with it.
    sources: dict[str, str] = field(default_factory=dict)

    def owns(self, address: Address) -> bool:
        """Whether the tool created the document."""
        return str(address.item) in self.documents

    def moved(self, address: Address, sha256: str) -> bool:
        """Whether the target was last brought in line with a source document of this very digest."""
        return self.sources.get(str(address.item)) == sha256

    def copied(self, place: Location) -> str | None:
        """The ETag of the source blob that the tool copied to a place, or None."""
        return self.blobs.get((place.account, place.container, place.path))
