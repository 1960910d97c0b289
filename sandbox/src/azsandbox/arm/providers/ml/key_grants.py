"""Rights on keys beside the customer's own grants: what the service gives itself, and what Cosmos DB needs."""

from __future__ import annotations

import uuid

from azsandbox.arm.access.evaluation import ASSIGNMENTS
from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.customerkeys import RIGHTS
from azsandbox.arm.keystore.rights import may_use
from azsandbox.arm.providers.registrations import registration_state
from azsandbox.arm.store import Record
from azsandbox.messages import COSMOS_APP_ID, COSMOS_OBJECT_ID, TENANT_ID

__all__ = ["COSMOS_APP_ID", "cosmos_may_use", "grant", "grant_group", "is_registered"]
_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
_AI_ADMINISTRATOR = "b78c5d69-af96-48a3-bf8d-a8b4d589de94"


def grant(context: Context, vault: Record, object_id: str) -> None:
    """Gives a workspace's own identity get, wrap and unwrap, by the vault's kind of access.

    Inferred (AZ-KEY-23): it does so in a vault with roles as well.
    """
    if vault.properties.get("enableRbacAuthorization"):
        _assign(context, vault, _ENCRYPTION_USER, object_id)
        return
    entry = {
        "tenantId": TENANT_ID,
        "objectId": object_id,
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }
    policies = [*(vault.properties.get("accessPolicies") or []), entry]
    vault.document = {**vault.document, "properties": {**vault.properties, "accessPolicies": policies}}
    context.store.put(vault)


def grant_group(context: Context, workspace: Record) -> None:
    """Gives a new workspace's system-assigned identity Azure AI Administrator on the group, unless told not to.

    learn.microsoft.com, how-to-assign-roles: so since 2024-11-19; `allowRoleAssignmentOnRG` is the flag for it.
    """
    object_id = (workspace.document.get("identity") or {}).get("principalId")
    group = context.store.get(workspace.parent)
    if object_id and group is not None and workspace.properties.get("allowRoleAssignmentOnRG"):
        _assign(context, group, _AI_ADMINISTRATOR, str(object_id))


def _assign(context: Context, at: Record, role: str, object_id: str) -> None:
    name = str(uuid.uuid5(uuid.UUID(role), f"{at.key} {object_id}"))
    id_ = f"{at.id}/providers/Microsoft.Authorization/roleAssignments/{name}"
    now = tracked_time(context.clock.tick())
    subscription = "/".join(at.id.split("/")[:3])
    properties = {
        "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": object_id,
        "principalType": "ServicePrincipal",
        "scope": at.id,
        "createdOn": now,
        "updatedOn": now,
    }
    document = {
        "id": id_,
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": properties,
    }
    key = f"{at.key}/providers/{ASSIGNMENTS}/{name}"
    context.store.put(Record(key, ASSIGNMENTS, at.key, id_, name, document))


def cosmos_may_use(context: Context, vault: Record, key: str) -> bool:
    """Whether Azure Cosmos DB, as the tenant knows it, can get, wrap and unwrap."""
    access = context.access
    return all(
        may_use(access, vault, COSMOS_OBJECT_ID, action, permission, key=key) for action, permission in RIGHTS
    )


def is_registered(call: Call, namespace: str) -> bool:
    """Whether the subscription of a call is registered to use a resource provider."""
    return registration_state(call.context, call.subscription, namespace) == "Registered"
