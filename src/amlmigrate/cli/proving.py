"""What is proven of a plan's target, with all the places that its bytes lie at as they are listed."""

from __future__ import annotations

from amlmigrate.bytes.storage_containers import Containers, encryption_counts
from amlmigrate.cloud.session import Session
from amlmigrate.core.claim import Claim
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import BytePlaces, prove
from amlmigrate.scanning.sensitivity import most_sensitive


async def claims(
    clouds: Session, plan: Plan, source: Workspace, target: Workspace, listed: Containers
) -> list[Claim]:
    """Every claim about the target, for a gate or as evidence."""
    places = await BytePlaces.of_plan(
        clouds.target,
        target,
        plan,
        sensitive=most_sensitive(source, target),
        held=encryption_counts(listed.target, plan.places(source=False)),
    )
    return await prove(clouds.target, target, places)
