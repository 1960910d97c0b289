"""The order within a name: versions as they were created, then archiving."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds import moving_kinds
from amlmigrate.planning.draft import Draft
from amlmigrate.planning.remarks import foreign_overtaken, newest_overtaken


def sequence(draft: Draft, moving: Iterable[Asset], foreign: dict[Address, list[Address]]) -> None:
    """Versions of a name one after the other, then archiving: `latest` is the newest by creation.

    `foreign` are the versions of each name that only the target has.
    """
    names: dict[Address, list[Asset]] = defaultdict(list)
    for asset in moving:
        if asset.address.version is not None:
            names[asset.address.container].append(asset)
    for container, versions in names.items():
        # The versions of an anonymous name have nothing to do with each other, and may refer to each other.
        if not moving_kinds()[container.kind].only_if_referred(versions[0]):
            _name(draft, container, versions, foreign.get(container, []))
    for address in list(draft.steps):
        if address.phase and address.version is None:
            for asset in names.get(address.item, ()):
                if asset.address.archived() in draft.steps:
                    draft.come_after(address, asset.address.archived())


def _name(draft: Draft, container: Address, versions: list[Asset], foreign: list[Address]) -> None:
    versions.sort(key=lambda asset: (asset.created_at, asset.address.order))
    chain = [asset.address for asset in versions]
    if container in draft.brought:
        draft.come_after(container, chain[0])
    elif container in draft.steps:
        chain.insert(0, container)
    for before, address in pairwise(chain):
        draft.come_after(address, before)
    draft.findings += newest_overtaken([draft.steps[asset.address] for asset in versions])
    draft.findings += foreign_overtaken(draft.steps[versions[-1].address], foreign)
    for address in (*chain, container):
        if address.archived() in draft.steps:
            draft.come_after(address.archived(), chain[-1])
