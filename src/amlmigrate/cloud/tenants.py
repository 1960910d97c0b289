"""Of which Entra tenant a target is."""

from __future__ import annotations

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.identity import Identity


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


def refuse_other(tenant: str, identity: Identity) -> None:
    """Raises DeniedError for who signed in to another tenant than the target's: there they may be another."""
    if tenant and tenant.lower() != identity.tenant_id.lower():
        raise DeniedError(
            f"You signed in to tenant {identity.tenant_id or 'unknown'}, and the target is of tenant {tenant}.",
            remedy=f"Sign in to that tenant (--target-tenant {tenant}) and run the same command again.",
        )
