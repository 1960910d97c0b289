"""Who describes which operation of ARM, by the file that `tools/gather_operations.py` makes."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from azsandbox.arm.declared import Declared

_FILE = Path(__file__).parent / "data" / "operations.json"
_GATEWAY = "microsoft.resources"


@functools.cache
def _operations() -> Mapping[str, tuple[str, ...]]:
    document = json.loads(_FILE.read_text(encoding="utf-8"))
    sources = document["sources"]
    return {shape: tuple(sources[one] for one in each) for shape, each in document["operations"].items()}


def described_by(shapes: tuple[str, ...]) -> tuple[str, ...]:
    """Who describes an operation that may be spelled in these ways, `METHOD shape` each; none: nobody."""
    return tuple(sorted({source for shape in shapes for source in _operations().get(shape, ())}))


def shapes(kind: type[Declared], verb: str, *, item: bool = True, below: str = "") -> tuple[str, ...]:
    """How descriptions may spell a verb of one resource of a type, of the collection, or of what is `below` it."""
    return tuple(f"{verb} {one}{below}" for one in _paths(kind, item=item))


def _paths(kind: type[Declared], *, item: bool) -> Iterator[str]:
    for type_ in dict.fromkeys(((kind.path_type or kind.type).lower(), kind.type.lower())):
        provider, *types = type_.split("/")
        shape = "/".join((provider, *(f"{one}/{{}}" for one in types)))
        shape = shape if item else shape.removesuffix("/{}")
        yield shape
        if provider == _GATEWAY:
            # What is ARM's own may lie in a subscription.
            yield shape.replace(_GATEWAY, f"{_GATEWAY}/subscriptions/{{}}", 1)
