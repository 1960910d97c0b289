"""The port of a collection whose items hold bytes that move: whose they are, and what is said of bytes that stay.

The bytes themselves are no documents: they stay streams behind the store port (`cloud/store.py`), below `bytes/`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping as Map
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Location, Service
from amlmigrate.kinds._listed import Listed

# What keeps what lies there from being changed, by place: legal holds, immutability.
Holds = dict[Location, tuple[str, ...]]


class Whose(Enum):
    """Whose a container of the workspace's account is, by its name and by the datastores that lead to it."""

    WORKSPACES = "of the workspace"
    SOMEBODYS = "of another workspace, or of somebody whose datastore points there"
    NOBODYS = "of nobody who is known"


@dataclass(frozen=True, slots=True)
class Rest:
    """What a container holds beside what moves; `sorts`: how many there are of each sort, in words."""

    blobs: int
    bytes: int
    sha256: str
    sorts: Map[str, int]


class Holding(Listed):
    """A collection of the workspace's storage account; an item of the plan is what one holds and does not move."""

    # The service in which its items lie.
    service: ClassVar[Service] = Service.BLOB
    # Whether all moves that the workspace's own hold, and not only what something refers to.
    moves_whole: ClassVar[bool] = False

    def whose(self, mapping: Mapping, place: Location) -> Whose:
        """Whose a container of the source's account is."""
        if mapping.place(place) is not None or mapping.source.names(place.container):
            return Whose.WORKSPACES
        return Whose.SOMEBODYS if led_to(mapping, place) else Whose.NOBODYS

    @abstractmethod
    async def own(self, mapping: Mapping, side: Side) -> Holds:
        """The containers of the source workspace, and those of its account that the service or nobody known made.

        Raises ServiceError where the account does not list them.
        """

    @abstractmethod
    def left(self, place: Location, rest: Rest, *, placed: bool, shared: bool) -> Asset:
        """What of a container does not move, with why and what a person does.

        `placed`: whether it has a place in the target; `shared`: whether any of it may be another's.
        """

    @abstractmethod
    def empty(self, place: Location) -> Asset:
        """A container that holds nothing."""

    def refused(self, place: Location, why: str) -> Asset:
        """One whose list is refused, where that hides no other's."""
        raise ValueError(f"'{place.container}' cannot be listed: {why}")

    def digest(self, asset: Asset) -> str:
        """That of the list of what does not move; '' where there is none."""
        return str(asset.document.get("sha256", ""))


def document_of(rest: Rest) -> Document:
    """What an item of such a kind is to the inventory."""
    return {"blobs": rest.blobs, "bytes": rest.bytes, "sha256": rest.sha256}


def led_to(mapping: Mapping, place: Location) -> bool:
    """Whether a place is another workspace's by its name, or one that a datastore of either side leads to."""
    stores = [store for store in mapping.source.datastores if not store.system] + [*mapping.target.datastores]
    home = mapping.source.storage_suffix
    roots = (store.root for store in stores if store.root and not store.root.elsewhere(home))
    led = {root.key for root in roots}
    return mapping.source.names_another(place.container) or place.key in led
