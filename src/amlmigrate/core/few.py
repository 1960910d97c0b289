"""Many things in a sentence: how many, and the first of them."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 3


def few(texts: Sequence[str], most: int = MOST, *, of: int | None = None) -> str:
    """`a, b, c and 4 more`; all of them where they are no more than `most`.

    `of` is how many there are, where not all of them are given.
    """
    count = len(texts) if of is None else of
    more = f" and {count - most} more" if count > most else ""
    return ", ".join(texts[:most]) + more


def many(count: int, one: str, more: str = "") -> str:
    """`1 blob`, `2 blobs`, `0 blobs`; with `more` where that is another word than `one` with an s."""
    return f"{count} {agreed(count, one, more or one + 's')}"


def agreed(count: int, one: str, more: str) -> str:
    """The word that goes with so many, where their number stands elsewhere in the sentence: `is` or `are`."""
    return one if count == 1 else more
