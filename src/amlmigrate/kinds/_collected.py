"""The steps whose bytes the service may collect in the target, and since when they are there."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime

from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.settling import Settling
from amlmigrate.kinds._registry import moving_kinds


def collectable(plan: Plan, settled: Container[str] = frozenset()) -> list[Step]:
    """Those that copy, or found, the bytes of such assets; without what somebody let go."""
    kinds = moving_kinds()
    needed = {
        address
        for step in plan.steps
        if step.address.kind in kinds and kinds[step.address.kind].collected
        for address in step.after
    }
    return [
        step
        for step in plan.steps
        if step.bytes and step.address in needed and step.action.carried_out and str(step.address) not in settled
    ]


def settling(
    plan: Plan, copied: Mapping[str, str], now: datetime, settled: Container[str] = frozenset()
) -> Settling | None:
    """How a look at them stands; None where there are none. `copied`: when each step was done (ISO 8601)."""
    times = [
        datetime.fromisoformat(copied[str(one.address)])
        for one in collectable(plan, settled)
        if str(one.address) in copied
    ]
    return Settling(len(times), max(times), now) if times else None
