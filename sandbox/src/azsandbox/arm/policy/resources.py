"""How policies name the type of what they judge."""

from __future__ import annotations

from azsandbox.arm.declared import Declared

# Paths and policies say this, answers `Microsoft.Resources/resourceGroups`.
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"


def type_of(kind: Declared) -> str:
    """The type of a resource of a kind."""
    return _GROUPS if kind.key_type == _GROUPS.lower() else kind.type


def modes_of(kind: Declared) -> tuple[str, ...]:
    """The modes of the definitions that judge it: `Indexed` ones judge what has a region and tags alone."""
    return ("all", "indexed") if kind.tracked else ("all",)
