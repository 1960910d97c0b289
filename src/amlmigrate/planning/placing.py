"""What of a source goes elsewhere, or to nobody, by what lies around both workspaces."""

from __future__ import annotations

from dataclasses import replace

from amlmigrate.core.address import Address
from amlmigrate.core.placement import Around
from amlmigrate.kinds import moving_kinds

# By which a person's commands have other properties than the source's document.
ANEW = "anew"


def place(around: Around) -> dict[Address, Address]:
    """Leaves to a person what has no place; what the target calls the rest of what has another name there."""
    names: dict[Address, Address] = {}
    for asset in list(around.source.assets.values()):
        found = moving_kinds()[asset.address.kind].placement(asset, around)
        if found.reason:
            beside = {**asset.beside, ANEW: dict(found.anew)} if found.anew else asset.beside
            left = replace(asset, reason=found.reason, remedy=found.remedy, beside=beside)
            del around.source.assets[asset.address]
            around.source.by_hand.append(left)
        elif found.called and found.called != asset.address:
            names[asset.address] = found.called
    return names
