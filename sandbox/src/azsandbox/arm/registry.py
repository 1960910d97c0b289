"""How kinds and guards are found: the modules of the providers are imported, and each registers what it has.

Providers are the modules below `azsandbox.arm.providers`, and what other distributions name in their entry points
of the group `azsandbox.providers`: a module, or a package with all that is below it.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import TypeVar

from azsandbox.arm.calls import Guard
from azsandbox.arm.context import Context
from azsandbox.arm.kinds import Kind

_KINDS: list[type[Kind]] = []
_GUARDS: list[Guard] = []
_GATES: list[Guard] = []
GROUP = "azsandbox.providers"
KindClass = TypeVar("KindClass", bound=type[Kind])


class BadProvider(Exception):
    """A provider that is installed cannot be used; the message says which, and why."""


def register(kind: KindClass) -> KindClass:
    """Makes a kind known."""
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


def kind_classes() -> list[type[Kind]]:
    """Every registered kind. Raises BadProvider."""
    _import_all(importlib.import_module("azsandbox.arm.providers"))
    for entry in entry_points(group=GROUP):
        try:
            _import_all(entry.load())
        except Exception as error:
            of = entry.dist.name if entry.dist else "nobody"
            raise BadProvider(f"the provider {entry.name} of {of} cannot be loaded: {error!r}") from error
    return list(_KINDS)


def _import_all(module: ModuleType) -> None:
    for below in pkgutil.walk_packages(getattr(module, "__path__", ()), module.__name__ + "."):
        importlib.import_module(below.name)


def all_kinds(context: Context) -> dict[str, Kind]:
    """One of every registered kind, by lower-case path type. Raises BadProvider."""
    found: dict[str, Kind] = {}
    for class_ in kind_classes():
        kind = class_(context)
        if other := found.get(kind.key_type):
            text = f"{class_.__module__} has the type {class_.type}, which {type(other).__module__} has already"
            raise BadProvider(text)
        found[kind.key_type] = kind
    return found


def all_guards() -> list[Guard]:
    """Every registered check."""
    return list(_GUARDS)
