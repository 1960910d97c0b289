"""Secrets that no answer shows and that somebody gives: what stands for one in a plan, until the call is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document, overlaid
from amlmigrate.core.pointers import holding

SECRET = "$secret"  # noqa: S105 - the name of a marker that stands for a secret, which is never stored
_GIVEN = "given"
# What any marker has beside its name.
_MARKS = frozenset({SECRET, _GIVEN, "text", "whole", "of"})


@dataclass(frozen=True, slots=True)
class Unshown:
    """A secret of an item: its name in the file of `--secrets`, and the JSON pointer at which it is sent."""

    field: str
    pointer: str


@dataclass(frozen=True, slots=True)
class GivenSecret:
    """One that is given, of an item of the source."""

    address: Address
    field: str

    def __str__(self) -> str:
        return f"{self.address}#{self.field}"

    @property
    def marker(self) -> Document:
        """What stands for it."""
        return {SECRET: self.field, _GIVEN: str(self.address)}


def with_given(body: Document, address: Address, unshown: Iterable[Unshown], fields: frozenset[str]) -> Document:
    """A body with what stands for these fields of an item."""
    for one in unshown:
        if one.field in fields:
            marker = GivenSecret(address.item, one.field).marker
            body = overlaid(body, holding(one.pointer, marker), [one.pointer])
    return body


def given_in(value: Any, address: Address) -> Iterator[GivenSecret]:
    """Those of an item that stand in its body, each as often as it does.

    What stands for another item's is none: whoever may write a document would have any secret put into it.
    """
    if found := _of(value, address):
        yield found
        return
    for child in _children(value):
        yield from given_in(child, address)


def holds_given(value: Any) -> bool:
    """Whether anything in a value stands for a secret that is given."""
    return is_given(value) or any(map(holds_given, _children(value)))


def filled(value: Any, address: Address, secrets: Mapping[GivenSecret, str]) -> Any:
    """A copy with each of an item's in the place of what stands for it. Raises KeyError for one that lacks."""
    if found := _of(value, address):
        return secrets[found]
    if isinstance(value, dict):
        return {key: filled(child, address, secrets) for key, child in value.items()}
    return [filled(child, address, secrets) for child in value] if isinstance(value, list) else value


def _of(value: Any, address: Address) -> GivenSecret | None:
    own = is_given(value) and value[_GIVEN] == str(address.item)
    return GivenSecret(address.item, str(value[SECRET])) if own else None


def _children(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def unfilled(value: Any) -> bool:
    """Whether anything in a body stands for a secret: such a body is never sent."""
    if isinstance(value, dict):
        return (SECRET in value and value.keys() <= _MARKS) or any(map(unfilled, value.values()))
    return isinstance(value, list) and any(map(unfilled, value))


def is_given(value: Any) -> bool:
    """Whether a value stands for a secret that is given."""
    return isinstance(value, dict) and value.keys() == {SECRET, _GIVEN}
