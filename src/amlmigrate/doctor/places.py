"""The scopes of a move: where each permission is asked for, from the two workspaces."""

from __future__ import annotations

from amlmigrate.core.armid import ArmId
from amlmigrate.core.workspace import Workspace
from amlmigrate.doctor.need import Where


def places(source: Workspace | None, target: Workspace | None) -> dict[Where, str]:
    """The ARM id of each scope; what a workspace does not have or name is left out."""
    found: dict[Where, str] = {}
    if source:
        found |= {
            Where.SOURCE: source.id,
            Where.SOURCE_ACCOUNT: source.storage_account_id,
            Where.SOURCE_GROUP: str(ArmId.of(source.id).group_id),
            Where.SOURCE_SUBSCRIPTION: f"/subscriptions/{source.ref.subscription}",
            Where.SOURCE_ACCOUNT_SUBSCRIPTION: _other_subscription(source),
        }
    if target:
        named = (target.properties.get("encryption") or {}).get("keyVaultProperties") or {}
        found |= {
            Where.TARGET: target.id,
            Where.TARGET_ACCOUNT: target.storage_account_id,
            Where.TARGET_GROUP: str(ArmId.of(target.id).group_id),
            Where.TARGET_VAULT: str(named.get("keyVaultArmId") or ""),
            Where.TARGET_REGISTRY: str(target.properties.get("containerRegistry") or ""),
            Where.TARGET_INSIGHTS: str(target.properties.get("applicationInsights") or ""),
            Where.TARGET_SUBSCRIPTION: f"/subscriptions/{target.ref.subscription}",
        }
    return {where: scope for where, scope in found.items() if scope}


def _other_subscription(workspace: Workspace) -> str:
    """Its account's, where that is not its own, which is a place already."""
    found = ArmId.of(workspace.storage_account_id).subscription_id
    return "" if found == ArmId.of(workspace.ref.id).subscription_id else str(found)
