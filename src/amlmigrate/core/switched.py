"""Settings that a cutover changes: what each was, and what the cutover leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, overlaid
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.pointers import at, holding

SideName = Literal["source", "target"]
SOURCE: SideName = "source"
TARGET: SideName = "target"
# By JSON pointers of a document; None of a member that is not there.
Settings = Mapping[str, Any]


def found_at(document: Document, pointers: Iterable[str]) -> dict[str, Any]:
    """What a document has at these pointers; None where it has nothing."""
    return {pointer: _at(document, pointer) for pointer in pointers}


def laid(document: Document, settings: Settings) -> Document:
    """A document with these settings; without the members of which they say None."""
    found = document
    for pointer, value in settings.items():
        found = overlaid(found, holding(pointer, value) if value is not None else {}, [pointer])
    return found


@dataclass(frozen=True, slots=True)
class Switched:
    """Settings of one item, by the address that its side has for it: what they were, and what the cutover made."""

    side: SideName
    address: Address
    was: Settings
    left: Settings

    @classmethod
    def of_dict(cls, found: Mapping[str, Any]) -> Switched:
        """Reads its form in the lease's blob and in a plan's header. Raises BadInputError where it is none."""
        try:
            side: SideName = {"source": SOURCE, "target": TARGET}[found["side"]]
            return cls(side, Address.parse(found["address"]), dict(found["was"]), dict(found["left"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInputError(
                f"What a cutover has changed cannot be read: {error}.",
                remedy="Make a new plan; if it stands in the lease's blob, ask whoever wrote to that.",
            ) from error

    def as_dict(self) -> dict[str, Any]:
        """That form."""
        return {
            "side": self.side,
            "address": str(self.address),
            "was": dict(self.was),
            "left": dict(self.left),
        }

    def stands(self, document: Document) -> bool:
        """Whether a document is as the cutover left it, as far as that changed it."""
        return found_at(document, self.left) == dict(self.left)

    def undone(self, document: Document) -> bool:
        """Whether a document is as it was before."""
        return found_at(document, self.was) == dict(self.was)

    def before(self, document: Document) -> Document:
        """A document as it was before, where it is as the cutover left it; else as it is."""
        return laid(document, self.was) if self.stands(document) else document


def as_before(asset: Asset, switched: Iterable[Switched]) -> Asset:
    """An asset as it was before a cutover changed it: what its people wish of it."""
    for one in switched:
        if one.address == asset.address:
            asset = replace(asset, document=one.before(asset.document))
    return asset


def as_left(asset: Asset, switched: Iterable[Switched]) -> Asset:
    """An asset as a cutover left it, where it is as it was before: what a plan saw that was made in between."""
    for one in switched:
        if one.address == asset.address and one.undone(asset.document):
            asset = replace(asset, document=laid(asset.document, one.left))
    return asset


def of_side(switched: Iterable[Switched], side: SideName) -> tuple[Switched, ...]:
    """Those of one side."""
    return tuple(one for one in switched if one.side == side)


def _at(document: Document, pointer: str) -> Any:
    try:
        return at(document, pointer)
    except LookupError:
        return None
