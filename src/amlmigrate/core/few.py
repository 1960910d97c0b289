"""Many things in a sentence: the first of them, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 3


def few(texts: Sequence[str], most: int = MOST) -> str:
    """`a, b, c and 4 more`; all of them where they are no more than `most`."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
