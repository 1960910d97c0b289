"""Which bytes of a file were ever written: ascending, apart from each other, each with its first and last byte.

What is cleared counts as never written. Inferred (AZ-FILE-13): Azure counts single bytes, and no larger pieces.
"""

from __future__ import annotations

from collections.abc import Iterable

Spans = list[list[int]]


def added(spans: Iterable[list[int]], start: int, length: int) -> Spans:
    """With these bytes written as well."""
    if length <= 0:
        return [list(each) for each in spans]
    first, last, found = start, start + length - 1, []
    for low, high in spans:
        if high + 1 < first or low > last + 1:
            found.append([low, high])
        else:
            first, last = min(first, low), max(last, high)
    return sorted([*found, [first, last]])


def removed(spans: Iterable[list[int]], start: int, length: int) -> Spans:
    """Without these bytes."""
    found = []
    for low, high in spans:
        if low < start:
            found.append([low, min(high, start - 1)])
        if high >= start + length:
            found.append([max(low, start + length), high])
    return found


def within(spans: Iterable[list[int]], start: int, end: int) -> Spans:
    """What of them lies from `start` on and before `end`."""
    cut = ([max(low, start), min(high, end - 1)] for low, high in spans)
    return [[low, high] for low, high in cut if low <= high]
