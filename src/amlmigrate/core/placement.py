"""Where an item goes by what lies around both workspaces, and not by its own document alone."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.principals import Principals


@dataclass(frozen=True, slots=True)
class Placement:
    """What the target calls an item, where that is another name; else why a person has to make it, and how.

    `anew` are the properties with which a person makes it that are others than the source's.
    """

    called: Address | None = None
    reason: str = ""
    remedy: str = ""
    anew: Map[str, str] = field(default_factory=dict)


AS_IT_IS = Placement()


@dataclass(frozen=True, slots=True)
class Around:
    """What a plan was read from."""

    mapping: Mapping
    source: Inventory
    target: Inventory
    principals: Principals
