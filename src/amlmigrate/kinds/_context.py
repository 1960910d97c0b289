"""What a translation may ask of the plan that it is made for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from amlmigrate.core.address import Address
from amlmigrate.core.allowed import NOTHING, Allowed
from amlmigrate.core.asset import Asset
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.switched import Switched, as_before


@dataclass(frozen=True)
class Context:
    """The context of a plan: the assets that move, and where all is in the target (`core.writes.PlanContext`)."""

    mapping: Mapping
    moving: Iterable[Asset] = ()
    # What a cutover has changed of the source: none of it is what the source's people wish.
    switched: tuple[Switched, ...] = ()
    allowed: Allowed = NOTHING

    def wished(self, asset: Asset) -> Asset:
        """An asset of the source as it was before a cutover changed it."""
        return as_before(asset, self.switched)

    def children(self, address: Address) -> Sequence[Asset]:
        """What of the source lies directly below an item and moves."""
        return self._below.get(address.item, [])

    def target(self, address: Address) -> Address:
        """What the target calls an item of the source."""
        return self.mapping.called(address)

    @cached_property
    def _below(self) -> dict[Address, list[Asset]]:
        found: dict[Address, list[Asset]] = defaultdict(list)
        for asset in self.moving:
            if asset.address.parent:
                found[asset.address.parent].append(asset)
        return found
