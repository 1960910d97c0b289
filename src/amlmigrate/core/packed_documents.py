"""Documents kept as text: a workspace has tens of thousands, and as dictionaries they take five times the room."""

from __future__ import annotations

import json
from typing import Any, overload

from amlmigrate.core.documents import Document


class PackedDocument:
    """A member of a dataclass that is set and read as a document, each time a fresh one, and kept as JSON.

    The dataclass must not have slots.
    """

    def __init__(self) -> None:
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> Document: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Document: ...
    def __get__(self, instance: object | None, owner: type) -> Document:
        if instance is None:
            # What tells dataclasses that the member has no default.
            raise AttributeError(self._name)
        found: Document = json.loads(getattr(instance, self._name))
        return found

    def __set__(self, instance: object, value: Document) -> None:
        # Past the frozen dataclass, as its own __init__ does.
        object.__setattr__(instance, self._name, _packed(value))


class OptionalPackedDocument:
    """The same for a member that may be None, and is by default."""

    def __init__(self) -> None:
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, instance: object | None, owner: type) -> Document | None:
        packed = None if instance is None else getattr(instance, self._name)
        return None if packed is None else json.loads(packed)

    def __set__(self, instance: object, value: Document | None) -> None:
        object.__setattr__(instance, self._name, None if value is None else _packed(value))


def _packed(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
