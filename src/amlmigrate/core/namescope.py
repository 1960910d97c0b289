"""Where a name is one, and the names that a plan gives there: in its header, for the plans of other workspaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from amlmigrate.core.address import Address
from amlmigrate.core.plan import Header

MEMBER = "regional_names"


class NameScope(NamedTuple):
    """A region, and among what a name is one in it."""

    among: str
    region: str


# Where a name is one, and the name in lower case.
Taken = tuple[NameScope, str]


def as_header(given: Mapping[Address, tuple[NameScope, str]]) -> dict[str, Any]:
    """`regional_names` of a plan: by what they are one among, by region, and by address; {} without any."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for address, (scope, name) in sorted(given.items()):
        found.setdefault(scope.among, {}).setdefault(scope.region, {})[str(address)] = name
    return {MEMBER: found} if found else {}


def of_header(header: Header) -> dict[str, tuple[NameScope, str]]:
    """What a plan gives, by address; nothing where its header says nothing that can be read."""
    told = header.extra.get(MEMBER)
    if not isinstance(told, dict):
        return {}
    return {
        str(address): (NameScope(str(among), str(region)), str(name))
        for among, regions in told.items()
        if isinstance(regions, dict)
        for region, names in regions.items()
        if isinstance(names, dict)
        for address, name in names.items()
    }


def as_taken(given: Iterable[tuple[NameScope, str]]) -> set[Taken]:
    """The same names, as they are compared."""
    return {(scope, name.lower()) for scope, name in given}
