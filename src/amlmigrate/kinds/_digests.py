"""The digest of all documents of a workspace, by which a later change of any of them is found."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import digest
from amlmigrate.kinds._registry import all_kinds


def document_digests(inventory: Inventory) -> dict[str, str]:
    """Address to digest, for assets and for what no kind is for and that is to stay as it is."""
    found = {str(address): all_kinds()[address.kind].digest(asset) for address, asset in inventory.assets.items()}
    return found | {str(left.address): sha for left in inventory.leftovers if (sha := left.sha256)}


def versions_digest(name: Address, addresses: Iterable[Address]) -> str:
    """The digest of those of the addresses that are versions of a name; '' where none is."""
    found = sorted(str(one) for one in addresses if one.version is not None and one.container == name)
    return digest(found) if found else ""
