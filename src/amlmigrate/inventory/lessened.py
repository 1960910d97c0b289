"""What has moved, and by now is less in the source than it would be if it were made anew: a right that ends."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.asset import Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import MOVED, Plan
from amlmigrate.kinds import moving_kinds


def lessened(plan: Plan, source: Inventory) -> Iterator[Finding]:
    """Of what may come and go, and is told of all the same: what a plan of today would leave to a person. Pure."""
    told = {name for name, kind in moving_kinds().items() if kind.held}
    made = {step.address for step in plan.steps if step.action in MOVED and step.address.kind in told}
    for left in source.by_hand:
        if left.address in made:
            yield Finding(
                "blocks",
                str(left.address),
                "The plan makes it in the target as it was when it was planned; the source's is less by now:"
                f" {left.reason}.",
                f"Remove the target's, if that is to be less too. {left.remedy} Or waive this, if the target is to"
                " have it all the same.",
                code="lessened-since-plan",
            )
