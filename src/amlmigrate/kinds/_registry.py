"""Finds the kinds by listing this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from amlmigrate.kinds._base import Kind


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by name, those that others refer to first."""
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            kind: Kind = importlib.import_module(f"{__package__}.{module.name}").KIND
            found[kind.name] = kind
    order = TopologicalSorter({name: kind.after for name, kind in sorted(found.items())}).static_order()
    return {name: found[name] for name in order}
