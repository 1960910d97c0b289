"""How kinds and guards are found: every module below `providers` is imported and registers what it has."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

from azsandbox.arm.calls import Guard
from azsandbox.arm.context import Context
from azsandbox.arm.kinds import Kind

_KINDS: list[type[Kind]] = []
_GUARDS: list[Guard] = []
_GATES: list[Guard] = []
KindClass = TypeVar("KindClass", bound=type[Kind])


def register(kind: KindClass) -> KindClass:
    """Makes a kind known. Every module below `providers` is imported, so that a new file is all it takes."""
    _KINDS.append(kind)
    return kind


def guard(check: Guard) -> Guard:
    """Makes a check known that every changing call passes; it raises ArmError to refuse."""
    _GUARDS.append(check)
    return check


def first_guard(check: Guard) -> Guard:
    """The same of a check that comes before the others."""
    _GUARDS.insert(0, check)
    return check


def gate(check: Guard) -> Guard:
    """Makes a check known that every call passes, reading ones too; it raises ArmError to refuse."""
    _GATES.append(check)
    return check


def all_gates() -> list[Guard]:
    """Every such check."""
    return list(_GATES)


def all_kinds(context: Context) -> dict[str, Kind]:
    """One of every registered kind, by lower-case path type."""
    package = importlib.import_module("azsandbox.arm.providers")
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    return {kind.key_type: kind for kind in (class_(context) for class_ in _KINDS)}


def all_guards() -> list[Guard]:
    """Every registered check."""
    return list(_GUARDS)
