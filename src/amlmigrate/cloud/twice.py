"""Whether a call whose answer was lost may be made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Twice(Generic[T]):
    """What it would mean to make a call again whose answer was lost: it may have been served.

    `harmless`: it comes to the same. Else `look` finds what the lost attempt made, which is then the answer, or
    None where it made nothing, and the call is made again; without it the call is not made again.
    """

    harmless: bool
    look: Callable[[], Awaitable[T | None]] | None = None


HARMLESS: Twice[object] = Twice(harmless=True)
NEVER: Twice[object] = Twice(harmless=False)


def found_by(look: Callable[[], Awaitable[T | None]]) -> Twice[T]:
    """Of a call that makes something anew each time, and of which can be seen whether it did."""
    return Twice(harmless=False, look=look)
