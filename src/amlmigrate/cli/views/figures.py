"""How far work has come, in words and as values: what is drawn of it is made in `meters`."""

from __future__ import annotations

from typing import Any

from amlmigrate.cli.views.amounts import duration, size
from amlmigrate.core.metering import Snapshot

# So often something is written where nothing can be drawn.
SECONDS = 30.0
_NAMED = 3
# What is counted, where there is one of it.
_ONE = {"items": "item", "blobs": "blob", "prefixes": "prefix", "lists": "list", "proven blobs": "proven blob"}


def share(found: Snapshot) -> float:
    """How much of it is done, from 0 to 1: of what is left the slower counts."""
    of_items = found.items / found.all_items if found.all_items else 1.0
    of_bytes = found.moved.bytes / found.all.bytes if found.all.bytes else 1.0
    return min(of_items, of_bytes)


def figures(found: Snapshot, items: str = "items") -> str:
    """Items, blobs, bytes, how fast, how much longer, and for how long already."""
    told = [_of(found.items, found.all_items, items)] if found.all_items else []
    if found.all.blobs:
        told.append(_of(found.moved.blobs, found.all.blobs, "blobs"))
    if found.all.bytes:
        told.append(f"{size(found.moved.bytes)} of {size(found.all.bytes)}")
        if found.rate is not None:
            told.append(f"{size(found.rate)}/s")
    if found.left is not None:
        told.append(f"{'about' if found.measured else 'at least'} {duration(found.left)} left")
    told.append(_clock(found.elapsed))
    return ", ".join(told)


def _of(done: int, every: int, what: str) -> str:
    return f"{done:,} of {every:,} {_ONE[what] if every == 1 else what}"


def under_way(found: Snapshot) -> str:
    """What is under way, the longest first."""
    if not found.under_way:
        return ""
    named = [f"{address} ({duration(seconds)})" for address, seconds in found.under_way[:_NAMED]]
    more = len(found.under_way) - len(named)
    return f"under way: {', '.join(named)}{f' and {more} more' if more else ''}"


def as_dict(found: Snapshot) -> dict[str, Any]:
    """The same for programs; seconds, and bytes a second."""
    return {
        "items": found.items,
        "of": found.all_items,
        "blobs": found.moved.blobs,
        "of_blobs": found.all.blobs,
        "bytes": found.moved.bytes,
        "of_bytes": found.all.bytes,
        "bytes_per_second": None if found.rate is None else round(found.rate),
        "eta_seconds": None if found.left is None else round(found.left, 1),
        "eta_measured": found.measured,
        "elapsed_seconds": round(found.elapsed, 1),
        "under_way": [{"address": address, "seconds": round(seconds, 1)} for address, seconds in found.under_way],
    }


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
