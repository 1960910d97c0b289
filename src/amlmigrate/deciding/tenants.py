"""Whether who approves is of the target's tenant and reads it."""

from __future__ import annotations

from amlmigrate.cloud.session import Session
from amlmigrate.cloud.tenants import of_subscription, refuse_other
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from amlmigrate.inventory.sides import check_workspace
from amlmigrate.ledger.approving import refuse_stranger


async def refuse_unseeing(clouds: Session, plan: Plan, identity: Identity) -> None:
    """Raises DeniedError and ServiceError for who is not of the target's tenant or may not read it, BadInputError
    where there is no such target, or another one.
    """
    refuse_stranger(plan, identity)
    side, ref = clouds.target, plan.header.target_ref
    check_workspace(await side.workspace(ref).read(), plan.header.target)
    if not plan.header.extra.get("target_tenant"):
        refuse_other(await of_subscription(side, ref.subscription), identity)
