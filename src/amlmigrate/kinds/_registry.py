"""Finds the kinds by listing this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from amlmigrate.cloud.session import Side
from amlmigrate.core.address import Address
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Service
from amlmigrate.kinds._base import Kind
from amlmigrate.kinds._holding import Holding, Holds
from amlmigrate.kinds._listed import Listed


@cache
def all_kinds() -> dict[str, Listed]:
    """Every kind by name, those that others lie in or refer to first."""
    found: dict[str, Listed] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            kind: Listed = importlib.import_module(f"{__package__}.{module.name}").KIND
            found[kind.name] = kind
    # Not sets: their order would be another in each process.
    before = {name: [*kind.after, *filter(None, [kind.parent])] for name, kind in sorted(found.items())}
    return {name: found[name] for name in TopologicalSorter(before).static_order()}


@cache
def moving_kinds() -> dict[str, Kind]:
    """Those of them that move; all others are listed only, with what a person does."""
    return {name: kind for name, kind in all_kinds().items() if isinstance(kind, Kind)}


def holding() -> Holding:
    """The kind in whose items the blobs lie that move."""
    return holdings()[Service.BLOB]


def holdings() -> dict[Service, Holding]:
    """The kinds in whose items the bytes lie that move, by their service."""
    return {kind.service: kind for kind in all_kinds().values() if isinstance(kind, Holding)}


async def own_places(mapping: Mapping, side: Side) -> Holds:
    """The containers and shares of the source workspace. Raises ServiceError where its account lists none."""
    found: Holds = {}
    for kind in holdings().values():
        found |= await kind.own(mapping, side)
    return found


def kind_of(address: Address) -> Listed | None:
    """The kind of what an address names; None of what is no collection of a workspace."""
    return all_kinds().get(address.kind)


def root_of(address: Address) -> Listed | None:
    """The kind of that in which all lies that the address names: of a deployment it is that of its endpoint."""
    return all_kinds().get(address.collection)


def children(kind: Listed) -> list[Listed]:
    """The kinds that lie in a kind's items."""
    return [one for one in all_kinds().values() if one.parent == kind.name]
