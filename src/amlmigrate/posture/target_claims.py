"""What is proven of a plan's target, with all the places that its bytes lie at."""

from __future__ import annotations

from amlmigrate.bytes.storage_containers import Containers, encryption_counts
from amlmigrate.cloud.session import Side
from amlmigrate.core.claim import Claim
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture.places import BytePlaces
from amlmigrate.posture.proof import prove
from amlmigrate.posture.tagging import most_sensitive


async def target_claims(
    side: Side, plan: Plan, pair: tuple[Workspace, Workspace], listed: Containers | None = None
) -> list[Claim]:
    """Every claim about the target, for a run, for a gate or as evidence. `pair`: source and target.

    With `listed`, both sides' blobs, also what they say of their own encryption.
    """
    places = await BytePlaces.of_plan(
        side,
        pair[1],
        plan,
        sensitive=most_sensitive(*pair),
        held=encryption_counts(listed.target, plan.places(source=False)) if listed else None,
    )
    return await prove(side, pair[1], places)
