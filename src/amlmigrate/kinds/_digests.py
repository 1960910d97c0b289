"""The digest of all documents of a workspace, by which a later change of any of them is found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import digest, source_digest
from amlmigrate.core.switched import Switched, as_left
from amlmigrate.kinds._registry import kind_of


def document_digests(inventory: Inventory) -> dict[str, str]:
    """Address to digest, of all that is to stay as it is."""
    every = (*inventory.assets.values(), *inventory.by_hand)
    return {str(asset.address): sha for asset in every if (sha := state_digest(asset))}


def planned_digests(inventory: Inventory, switched: Sequence[Switched]) -> dict[str, str]:
    """The same for comparing with a plan: what a cutover had stopped then, and is as before again, did not change.

    `switched` is what the plan says of it.
    """
    named = {one.address for one in switched}
    every = (*inventory.assets.values(), *inventory.by_hand)
    left = [as_left(asset, switched) for asset in every if asset.address in named]
    return document_digests(inventory) | {str(one.address): sha for one in left if (sha := state_digest(one))}


def state_digest(asset: Asset) -> str:
    """The digest by which a later change of an asset in its workspace is found; '' for what comes and goes."""
    kind = kind_of(asset.address)
    # What stands for a list that was not given is of no kind's form, but as passing as what it stands for.
    if kind is None or (asset.not_listed and not kind.passing):
        return source_digest(asset.document)
    return kind.digest(asset)


def versions_digest(name: Address, addresses: Iterable[Address]) -> str:
    """The digest of those of the addresses that are versions of a name; '' where none is."""
    found = sorted(str(one) for one in addresses if one.version is not None and one.container == name)
    return digest(found) if found else ""
