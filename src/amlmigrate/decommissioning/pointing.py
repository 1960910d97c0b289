"""What in the target would break without the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amlmigrate.core.asset import Inventory, Leftover
from amlmigrate.core.documents import Document
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import references
from amlmigrate.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Seen:
    """The target as it is now: its assets, and its endpoints, deployments, connections and schedules."""

    inventory: Inventory
    leftovers: tuple[Leftover, ...]

    @property
    def workspace(self) -> Workspace:
        """The workspace itself."""
        return self.inventory.workspace

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Address and properties of each of them."""
        for asset in self.inventory.assets.values():
            yield str(asset.address), asset.properties
        for left in self.leftovers:
            yield str(left.address), (left.document or {}).get("properties") or {}


def dangling(source: Workspace, target: Seen) -> list[str]:
    """What in the target names the source workspace itself: none of it works once that is gone."""
    mapping = Mapping(source, target.workspace)
    found = []
    for address, document in target.documents():
        # Free properties hold where an asset came from, which is no reference.
        working = {name: value for name, value in document.items() if name != "properties"}
        named = next(
            (one for one in references(working) if not one.scope.local and mapping.in_source(one.scope)), None
        )
        if named:
            found.append(f"{address} in the target refers to the source: {named.text}")
    return found
