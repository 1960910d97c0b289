"""What a role definition grants: `actions` minus `notActions`, `dataActions` minus `notDataActions`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from amlmigrate.core.documents import Document, properties_of

# What makes a role assignment what it is; the rest of its document the service writes.
KEPT = (
    "roleDefinitionId",
    "principalId",
    "principalType",
    "condition",
    "conditionVersion",
    "description",
    "delegatedManagedIdentityResourceId",
)


@dataclass(frozen=True, slots=True)
class Permission:
    """One entry of a role's `permissions`; `*` stands for any characters, letter case does not matter."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document) -> Permission:
        """Reads `{actions, notActions, dataActions, notDataActions}`; what is left out is empty."""
        names = ("actions", "notActions", "dataActions", "notDataActions")
        return cls(*(tuple(str(one) for one in document.get(name) or ()) for name in names))

    def grants(self, operation: str, *, data: bool = False) -> bool:
        """Whether this entry alone grants an operation."""
        allowed = self.data_actions if data else self.actions
        denied = self.not_data_actions if data else self.not_actions
        return matches(allowed, operation) and not matches(denied, operation)


def permissions(definition: Document) -> tuple[Permission, ...]:
    """The entries of a role definition, as ARM answers it."""
    found = properties_of(definition).get("permissions") or ()
    return tuple(Permission.of(one) for one in found)


def granted(entries: Iterable[Permission], operation: str, *, data: bool = False) -> bool:
    """Whether any of the entries grants it: rights add up, and what one takes away another may give."""
    return any(entry.grants(operation, data=data) for entry in entries)


def matches(patterns: Iterable[str], operation: str) -> bool:
    """Whether any pattern stands for the operation."""
    return any(_pattern(pattern).fullmatch(operation.lower()) for pattern in patterns)


def overlaps(one: str, other: str) -> bool:
    """Whether some operation is meant by both patterns."""
    return _overlap(one.lower(), other.lower())


@cache
def _overlap(one: str, other: str) -> bool:
    if one.startswith("*"):
        return _overlap(one[1:], other) or (bool(other) and _overlap(one, other[1:]))
    if other.startswith("*"):
        return _overlap(other, one)
    return one[:1] == other[:1] and (not one or _overlap(one[1:], other[1:]))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.lower().split("*")))
