"""Where a name is one, and the names that a plan gives there: in its header, for the plans of other workspaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from amlmigrate.core.plan import Header

MEMBER = "regional_names"


class NameScope(NamedTuple):
    """A region, and among what a name is one in it."""

    among: str
    region: str


# Where a name is one, and the name in lower case.
Taken = tuple[NameScope, str]


def as_header(taken: Iterable[Taken]) -> dict[str, Any]:
    """`regional_names` of a plan: by what they are one among, and by region; nothing where there are none."""
    found: dict[str, dict[str, list[str]]] = {}
    for (among, region), name in sorted(taken):
        found.setdefault(among, {}).setdefault(region, []).append(name)
    return {MEMBER: found} if found else {}


def of_header(header: Header) -> set[Taken]:
    """What a plan gives, by its header; nothing where that says nothing that can be read."""
    told = header.extra.get(MEMBER)
    if not isinstance(told, dict):
        return set()
    return {
        (NameScope(str(among), str(region)), str(name))
        for among, regions in told.items()
        if isinstance(regions, dict)
        for region, names in regions.items()
        if isinstance(names, list)
        for name in names
    }
