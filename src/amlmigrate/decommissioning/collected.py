"""Whether the bytes that the service may collect are all there, by a listing made for this removal. Pure."""

from __future__ import annotations

from collections.abc import Container

from amlmigrate.bytes.listings import goal_path
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.plan import Bytes, Plan
from amlmigrate.kinds import collectable

_NAMED = 3


def collected(plan: Plan, listed: Containers, settled: Container[str] = frozenset()) -> tuple[str, ...]:
    """A reason against the removal for each prefix of which something is gone; `settled` is what was let go."""
    return tuple(
        why
        for step in collectable(plan, settled)
        if step.bytes and (why := _gone(str(step.address), step.bytes, listed))
    )


def _gone(address: str, amount: Bytes, listed: Containers) -> str:
    source, target = (
        listings.get(place.key)
        for listings, place in ((listed.source, amount.source), (listed.target, amount.target))
    )
    there = target.blobs if target else {}
    blobs = source.below(amount.source.path) if source else []
    gone = [path for blob in blobs if (path := goal_path(amount.source, amount.target, blob.path)) not in there]
    if not gone:
        return ""
    return (
        f"{address}: {len(gone)} of its {len(blobs)} code files are no longer in the target, where the service"
        f" may have collected them: {', '.join(gone[:_NAMED])}. Copy them again: plan and run again."
    )
