"""Tenants that manage a subscription of the source's: who may write by that is in no list of role assignments.

learn.microsoft.com, role-assignments-list-rest: what a service provider authorizes (Azure Lighthouse) is not shown
there; Subscriptions - Get: `managedByTenants`. Inferred (AZ-RIGHT-8): it names them also where only a group is
delegated.
"""

from __future__ import annotations

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture.reading import tried


async def delegated(arm: Arm, source: Workspace) -> list[Finding]:
    """One for each subscription of the workspace and its account that others manage, or of which it is not known.

    Raises ServiceError where ARM is out of order.
    """
    subscriptions = dict.fromkeys(
        ArmId.of(id_).subscription.lower() for id_ in (source.id, source.storage_account_id) if id_
    )
    found = [await _of(arm, f"/subscriptions/{one}") for one in subscriptions]
    return [one for one in found if one]


async def _of(arm: Arm, subscription: str) -> Finding | None:
    read = await tried(arm.get(subscription))
    if read.value is None:
        return Finding(
            "warning",
            subscription,
            f"Not checked: whether another tenant manages the subscription. {read.refused}".rstrip(),
            "Look at `az managedservices assignment list`: whoever has a right by that is in no list of roles.",
            code="not-checked",
        )
    tenants = _tenants(read.value)
    if not tenants:
        return None
    return Finding(
        "warning",
        subscription,
        f"Another tenant manages the subscription ({', '.join(tenants)}): whoever may write by that is in no list"
        " of role assignments, and stays.",
        f"Look at what is delegated (az managedservices assignment list --subscription"
        f" {name_of(subscription)}), and ask its holders not to write until the move is over.",
        code="delegated",
    )


def _tenants(document: Document) -> list[str]:
    told = document.get("managedByTenants") or ()
    return sorted({str(one.get("tenantId")) for one in told if isinstance(one, dict) and one.get("tenantId")})
