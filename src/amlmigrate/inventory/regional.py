"""What keeps its name in its region: the target gets none of that name there as long as the source's is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import moving_kinds

_REASON = "its name is one in a region, and both workspaces are in one: the source's has it as long as it is there"
_REMEDY = "Create it in the target under another name; what refers to it has to follow."


def one_region(source: Workspace, target: Workspace) -> bool:
    """Whether two workspaces are in one region. Azure spells one as `westeurope` and as `West Europe`."""
    left, right = (one.location.replace(" ", "").lower() for one in (source, target))
    return left == right


def keep_names_taken(source: Inventory, target: Workspace, names: Mapping[Address, Address]) -> None:
    """Leaves to a person what the region has already under its name (AZ-WS-7), unless `names` has another."""
    if not one_region(source.workspace, target):
        return
    taken = [
        asset
        for address, asset in source.assets.items()
        if moving_kinds()[address.kind].regional and address not in names
    ]
    for asset in taken:
        del source.assets[asset.address]
    source.by_hand += [replace(asset, reason=_REASON, remedy=_REMEDY) for asset in taken]
