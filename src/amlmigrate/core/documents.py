"""ARM documents as they travel: raw JSON, its digest and a walk over its strings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import rfc8785

from amlmigrate.core.pointers import below, names_of, way_of, without

Document = dict[str, Any]
_VOLATILE = ("systemData", "etag", "provisioningState", "id", "type", "name")
_LARGEST = 2**53 - 1
# Stands for a member that is not there, where the other side's is null: of those the two are different things.
ABSENT = "(absent)"
_MISSING = object()


def properties_of(document: Mapping[str, Any] | None) -> Document:
    """The `properties` of a document; empty where it has none, or where there is no document."""
    found: Document = (document or {}).get("properties") or {}
    return found


def shown_properties(document: Mapping[str, Any] | None) -> Document | None:
    """The `properties` of a document; None where it shows none, so that nothing is known of them."""
    found = (document or {}).get("properties")
    return found if isinstance(found, dict) else None


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) over the RFC 8785 form of a JSON value."""
    return hashlib.sha256(rfc8785.dumps(_exact(value))).hexdigest()


def source_digest(document: Document, volatile: tuple[str, ...] = ()) -> str:
    """The digest by which a later change of a source document is found.

    Left out are `systemData`, `etag`, `provisioningState` and ids, and those of the `properties` that the
    service recomputes when something else changes, which a kind names in `volatile`, `|` between the names on the
    way to each.
    """
    kept = {key: value for key, value in document.items() if key not in _VOLATILE}
    properties = dict(properties_of(kept))
    properties.pop("provisioningState", None)
    for path in volatile:
        *way, name = way_of(path)
        properties = without(properties, tuple(way), frozenset({name}))
    kept["properties"] = properties
    return digest(kept)


def strings(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each string of a JSON value with its JSON pointer."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from strings(child, below(where, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from strings(child, below(where, index))


def mapped(value: Any, change: Callable[[str, str], Any], where: str = "") -> Any:
    """A copy of a JSON value with each string replaced by `change(pointer, string)`, of any type."""
    if isinstance(value, str):
        return change(where, value)
    if isinstance(value, dict):
        return {key: mapped(child, change, below(where, key)) for key, child in value.items()}
    if isinstance(value, list):
        return [mapped(child, change, below(where, index)) for index, child in enumerate(value)]
    return value


def overlaid(body: Document, other: Document, pointers: Iterable[str]) -> Document:
    """A body with what stands at these pointers in another; without it where the other has nothing there."""
    found = body
    for pointer in pointers:
        found = _laid(found, other, list(names_of(pointer)))
    return found


def _laid(body: Document, other: Document, path: list[str]) -> Document:
    name, *rest = path
    if rest:
        return body | {name: _laid(body.get(name) or {}, other.get(name) or {}, rest)}
    if name in other:
        return body | {name: other[name]}
    return {key: value for key, value in body.items() if key != name}


def without_nulls(value: Any) -> Any:
    """A copy without the members that are null: the service adds and drops those at will."""
    if isinstance(value, dict):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [without_nulls(child) for child in value]
    return value


def differences(expected: Any, actual: Any, where: str = "") -> list[tuple[str, Any, Any]]:
    """Where two JSON values differ: JSON pointer, expected, actual.

    A missing member is None, and where the other one is null `ABSENT`.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = []
        for key in sorted(expected.keys() | actual.keys()):
            pointer = below(where, key)
            found += differences(expected.get(key, _MISSING), actual.get(key, _MISSING), pointer)
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            difference
            for index, (left, right) in enumerate(zip(expected, actual, strict=True))
            for difference in differences(left, right, below(where, index))
        ]
    # True == 1 in Python; in a document they are two things.
    same = expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
    return [] if same else [(where, _shown(expected, actual), _shown(actual, expected))]


def _shown(value: Any, other: Any) -> Any:
    if value is _MISSING:
        return ABSENT if other is None else None
    return value


def _exact(value: Any) -> Any:
    """RFC 8785 has no integers beyond 2^53; such a one is digested by its decimal text."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return f"int:{value}"
    if isinstance(value, dict):
        return {key: _exact(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_exact(child) for child in value]
    return value
