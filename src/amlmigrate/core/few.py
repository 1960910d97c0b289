"""Many things in a sentence: how many, and the first of them."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 3


def few(texts: Sequence[str], most: int = MOST) -> str:
    """`a, b, c and 4 more`; all of them where they are no more than `most`."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def many(count: int, one: str, more: str = "") -> str:
    """`1 blob`, `2 blobs`, `0 blobs`; with `more` where that is another word than `one` with an s."""
    return f"{count} {one if count == 1 else more or one + 's'}"
