"""What moves: what is selected, and all that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Location
from amlmigrate.inventory.resolve import Dependencies
from amlmigrate.kinds import moving_kinds


@dataclass(frozen=True, slots=True)
class MovingAssets:
    """`moving` goes to the target; `wanted` would, if the selection left nothing out.

    `places` are where the bytes lie that have to be there.
    """

    moving: frozenset[Address]
    wanted: frozenset[Address]
    places: tuple[Location, ...]


def choose(
    source: Inventory,
    needs: Mapping[Address, Dependencies],
    by_hand: Mapping[Address, Dependencies],
    selection: Selection,
) -> MovingAssets:
    """What the service made moves only where something refers to it.

    What is left to do by hand counts: a deployment or a schedule is made again in the target, and needs there
    what it needs here (`by_hand`: the needs of each).
    """
    moving = _closed(source.assets, needs, by_hand, selection)
    wanted = _closed(source.assets, needs, by_hand, Selection())
    made = [found for address, found in by_hand.items() if selection.takes(address)]
    places = (place for found in (*(needs[address] for address in moving), *made) for place in found.places)
    return MovingAssets(frozenset(moving), frozenset(wanted), tuple(places))


def _closed(
    assets: Mapping[Address, Asset],
    needs: Mapping[Address, Dependencies],
    by_hand: Mapping[Address, Dependencies],
    selection: Selection,
) -> set[Address]:
    plain = plain_names(assets.values())
    chosen = {
        address
        for address, asset in assets.items()
        if _taken(address, selection) and not kept_back(asset) and address not in plain
    }

    def add(found: Iterable[Address]) -> list[Address]:
        new = [needed for needed in found if needed not in chosen and _may_come(assets[needed], selection)]
        chosen.update(new)
        return new

    queue = list(chosen)
    for address, found in by_hand.items():
        if selection.takes(address):
            queue += add(found.assets)
    while queue:
        queue += add(needs[queue.pop()].assets)
    # A name comes with any of its versions, with all that is said of it.
    names = {address.container for address in chosen if address.version is not None}
    add(name for name in names if name in assets and not kept_back(assets[name]))
    return chosen


def plain_names(assets: Iterable[Asset]) -> frozenset[Address]:
    """The names that have versions and of which nothing is said: nothing is lost where no version comes along."""
    every = list(assets)
    parents = {asset.address.container for asset in every if asset.address.version is not None}
    return frozenset(
        asset.address
        for asset in every
        if asset.address in parents
        and moving_kinds()[asset.address.kind].is_placeholder(asset.address, asset.document)
    )


def _taken(address: Address, selection: Selection) -> bool:
    """Whatever is selected moves into the target as that is, and so what every workspace has counts anyway."""
    return selection.takes(address) or (moving_kinds()[address.kind].inherent and not selection.excludes(address))


def _may_come(asset: Asset, selection: Selection) -> bool:
    kind = moving_kinds()[asset.address.kind]
    return not kind.stays(asset) and not selection.excludes(asset.address)


def kept_back(asset: Asset) -> bool:
    """Whether an asset does not move for its own sake."""
    kind = moving_kinds()[asset.address.kind]
    return bool(kind.stays(asset)) or kind.only_if_referred(asset)
