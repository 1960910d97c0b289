"""Places in a JSON value: JSON pointers (RFC 6901), and names on the way to a member, `|` between them.

A pointer is what a plan and a report show. Names with `|` are what a declaration says of members of maps, as
`properties|networkAcls`: ARM's own names have none in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonpointer import EndOfList, JsonPointer, JsonPointerException, escape

Way = tuple[str, ...]
# In a way: each member of a map, each item of a list.
EACH = "*"


def below(pointer: str, name: str | int) -> str:
    """The pointer of a member or an item of what is at a pointer."""
    # Few names have a sign that is escaped, and each string of each document that is compared is asked for.
    if isinstance(name, str) and ("~" in name or "/" in name):
        name = escape(name)
    return f"{pointer}/{name}"


def names_of(pointer: str) -> Way:
    """The names and numbers in a pointer. Raises ValueError for a text that is none."""
    return tuple(_parsed(pointer).parts)


def at(value: Any, pointer: str) -> Any:
    """What is at a pointer. Raises LookupError where nothing is, ValueError for a text that is no pointer."""
    place = _parsed(pointer)
    try:
        found = place.resolve(value)
    except JsonPointerException as error:
        raise LookupError(f"nothing is at '{pointer}'") from error
    # `-` is the place behind a list, where nothing is yet.
    if isinstance(found, EndOfList):
        raise LookupError(f"nothing is at '{pointer}'")  # noqa: TRY004 - it is about the place, not about a type
    return found


def holding(pointer: str, value: Any) -> dict[str, Any]:
    """Maps in each other that have nothing but a value at a pointer. Raises ValueError for a text that is none."""
    found: Any = value
    for name in reversed(names_of(pointer)):
        found = {name: found}
    return dict(found)


def way_of(names: str) -> Way:
    """The way that names with `|` between them tell."""
    return tuple(names.split("|"))


def spelled(way: Way) -> str:
    """A way as its names with `|` between them."""
    return "|".join(way)


def member(value: Any, way: Way) -> Any:
    """The member of maps at the end of a way; None where there is none."""
    for name in way:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def without(value: Any, way: Way, names: frozenset[str]) -> Any:
    """A copy without the members of these names at the end of a way, in which `EACH` may stand for any name."""
    if not way:
        return {key: child for key, child in value.items() if key not in names} if _is_map(value) else value
    head, rest = way[0], way[1:]
    if isinstance(value, list) and head == EACH:
        return [without(child, rest, names) for child in value]
    if not _is_map(value):
        return value
    return {key: without(child, rest, names) if head in (EACH, key) else child for key, child in value.items()}


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _parsed(pointer: str) -> JsonPointer:
    try:
        return JsonPointer(pointer)
    except JsonPointerException as error:
        raise ValueError(f"'{pointer}' is not a JSON pointer") from error
