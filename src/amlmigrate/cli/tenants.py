"""Of which Entra tenant a target is, and whether who approves is of it and reads it."""

from __future__ import annotations

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from amlmigrate.inventory.sides import check_workspace
from amlmigrate.ledger.approving import refuse_stranger


async def of_subscription(side: Side, subscription: str) -> str:
    """The tenant that a subscription is of, as an id; '' where it may not be read.

    Subscriptions - Get (Microsoft.Resources 2022-12-01): `tenantId` is the subscription's own tenant, whichever
    others manage it (`managedByTenants`).
    """
    try:
        found = await side.arm.get(f"/subscriptions/{subscription}")
    except ServiceError as error:
        if error.transient:
            raise
        return ""
    return str((found or {}).get("tenantId") or "")


async def of_target(side: Side, subscription: str) -> str:
    """The same for a plan's header; else the tenant of the token with which the target was read.

    ARM takes no token of another tenant (learn.microsoft.com, common-deployment-errors:
    `InvalidAuthenticationTokenTenant`) but where the subscription is delegated to it (Azure Lighthouse).
    """
    return await of_subscription(side, subscription) or await side.credential.tenant()


async def refuse_unseeing(clouds: Session, plan: Plan, identity: Identity) -> None:
    """Raises DeniedError and ServiceError for who is not of the target's tenant or may not read it, BadInputError
    where there is no such target, or another one.
    """
    refuse_stranger(plan, identity)
    side, ref = clouds.target, plan.header.target_ref
    check_workspace(await side.workspace(ref).read(), plan.header.target)
    if not plan.header.extra.get("target_tenant"):
        _refuse_other(await of_subscription(side, ref.subscription), identity)


def refuse_planner(tenant: str, identity: Identity) -> None:
    """Raises DeniedError for a planner of another tenant than the target's: in that they may be somebody else."""
    _refuse_other(tenant, identity)


def _refuse_other(tenant: str, identity: Identity) -> None:
    if tenant and tenant.lower() != identity.tenant_id.lower():
        raise DeniedError(
            f"You signed in to tenant {identity.tenant_id or 'unknown'}, and the target is of tenant {tenant}.",
            remedy=f"Sign in to that tenant (--target-tenant {tenant}) and run the same command again.",
        )
