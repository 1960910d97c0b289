"""What keeps its name in its region: the target gets none of that name there as long as the source's is there."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.namescope import NameScope
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import Listed, all_kinds

_REASON = "its name is one in a region, in which the source's has it as long as that is there"
_REMEDY = "Make a new plan, which gives it another name; or create it in the target under one."


def one_region(source: Workspace, target: Workspace) -> bool:
    """Whether two workspaces are in one region."""
    return plain_region(source.location) == plain_region(target.location)


def place_in_source(kind: Listed, asset: Asset, source: Workspace) -> NameScope:
    """Where nothing else has the name of the source's."""
    return NameScope(kind.regional, plain_region(kind.region(asset) or source.location))


def place_in_target(kind: Listed, asset: Asset, source: Workspace, target: Workspace) -> NameScope:
    """The same of the target's: what lies where its workspace does moves with that, all else stays."""
    here = place_in_source(kind, asset, source)
    moves = here.region == plain_region(source.location) and not kind.keeps_region(asset)
    return here._replace(region=plain_region(target.location)) if moves else here


def regional(inventory: Inventory) -> Iterator[tuple[Listed, Asset]]:
    """All that has a name that is one in a region, what is left to do by hand too, each with its kind."""
    kinds = all_kinds()
    for asset in (*inventory.assets.values(), *inventory.by_hand):
        kind, name = kinds.get(asset.address.kind), asset.address.name
        if kind and kind.regional and name and name.lower() not in kind.built_in:
            yield kind, asset


def keep_names_taken(source: Inventory, target: Workspace, planned: Container[Address]) -> None:
    """Leaves to a person what came after the plan and needs another name: of `planned` the plan says the name."""
    own = source.workspace
    taken = [
        asset
        for kind, asset in regional(source)
        if asset.address in source.assets
        and asset.address not in planned
        and place_in_source(kind, asset, own) == place_in_target(kind, asset, own, target)
    ]
    for asset in taken:
        del source.assets[asset.address]
    source.by_hand += [replace(asset, reason=_REASON, remedy=_REMEDY) for asset in taken]
