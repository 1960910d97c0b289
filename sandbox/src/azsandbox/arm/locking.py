"""Which locks lie over a resource, whatever kind asks."""

from __future__ import annotations

from azsandbox.arm.paths import above
from azsandbox.arm.store import Store

LOCKS = "microsoft.authorization/locks"


def is_locked(store: Store, key: str) -> bool:
    """Whether a lock of any level holds for a resource, by its key: on it, or on what it lies in."""
    return any(store.children(scope, LOCKS) for scope in (*above(key), key))
