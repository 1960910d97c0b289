"""What moves only since a plan asks for it by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.core.address import Address

# How one that lies in a vault moves: all its versions, as only vaults read them; or the newest, read and set.
RESTORE, VALUE = "restore", "value"
# What of such a version is part of it; the rest of its attributes is the vault's.
SETTINGS = ("enabled", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class Asked:
    """Each such address, and how it moves; `others`: whether what is not asked for is listed too.

    In a target nobody asks what else there is: it is its users' own.
    """

    ways: Mapping[Address, str] = field(default_factory=dict)
    others: bool = True

    def way(self, address: Address) -> str:
        """How an item moves; '' where it is not asked for."""
        return self.ways.get(address.item, "")

    def as_dict(self) -> dict[str, Any]:
        """What the header of a plan has of it; nothing where nothing is asked for."""
        return {"asked": {str(address): way for address, way in self.ways.items()}} if self.ways else {}

    def only(self) -> Asked:
        """The same without what is not asked for."""
        return Asked(self.ways, others=False)


NOTHING = Asked()
