"""The order within a name: versions as they were created, then archiving."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds import moving_kinds
from amlmigrate.planning.asset_findings import foreign_overtaken, newest_overtaken
from amlmigrate.planning.draft import Draft


def sequence(draft: Draft, moving: Iterable[Asset], foreign: dict[Address, list[Address]]) -> None:
    """Versions of a name one after the other, then archiving: `latest` is the newest by creation.

    `foreign` are the versions of each name that only the target has.
    """
    names: dict[Address, list[Asset]] = defaultdict(list)
    sequences: dict[tuple[str, str], list[Asset]] = defaultdict(list)
    for asset in moving:
        if asset.address.version is not None:
            names[asset.address.container].append(asset)
        if name := moving_kinds()[asset.address.kind].sequence(asset):
            sequences[asset.address.kind, name].append(asset)
    phases: dict[Address, list[Address]] = defaultdict(list)
    for address in draft.steps:
        if address.phase:
            phases[address.item].append(address)
    for items in sequences.values():
        last = _sequence(draft, items, foreign)
        if last:
            for address in [one for asset in items for one in phases[asset.address]] + phases[last.container]:
                draft.come_after(address, last)
    for address in [one for found in phases.values() for one in found if one.version is None]:
        for asset in names.get(address.item, ()):
            if asset.address.at(address.phase) in draft.steps:
                draft.come_after(address, asset.address.at(address.phase))


def _sequence(draft: Draft, items: list[Asset], foreign: dict[Address, list[Address]]) -> Address | None:
    """Chains the items of one name; the last of them, whose phases come after all, where they are versions."""
    items.sort(key=lambda asset: (asset.created_at, asset.address.order))
    chain = [asset.address for asset in items]
    container, versions = chain[0].container, chain[0].version is not None
    if versions and container in draft.brought:
        draft.come_after(container, chain[0])
    elif versions and container in draft.steps:
        chain.insert(0, container)
    for before, address in pairwise(chain):
        draft.come_after(address, before)
    if not versions:
        return None
    draft.findings += newest_overtaken([draft.steps[asset.address] for asset in items])
    draft.findings += foreign_overtaken(draft.steps[items[-1].address], foreign.get(container, []))
    return chain[-1]
