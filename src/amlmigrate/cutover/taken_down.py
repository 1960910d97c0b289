"""What people take down in the source once something else is in its place: its removal waits for that."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.address import Address
from amlmigrate.kinds import kind_of
from amlmigrate.ledger.items import Item, decided


def may_be_gone(ended: Iterable[Item]) -> frozenset[str]:
    """The addresses of what a person has settled, and what keeps the source from being removed while it is there.

    From a cutover on such a deletion is no change of the source that anybody has to look at.
    """
    kinds = {address: kind_of(Address.parse(address)) for address in decided(ended)}
    return frozenset(address for address, kind in kinds.items() if kind and kind.blocks_deletion)
