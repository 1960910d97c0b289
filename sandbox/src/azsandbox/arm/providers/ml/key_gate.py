"""A workspace whose key cannot be used answers nothing but its deletion (AZ-KEY-7)."""

from __future__ import annotations

from azsandbox.arm.calls import Call
from azsandbox.arm.customerkeys import Trouble, principal_of
from azsandbox.arm.errors import front_end, gateway, provider
from azsandbox.arm.paths import above
from azsandbox.arm.providers.ml.base import NAMESPACE, WORKSPACES
from azsandbox.arm.registry import gate, guard
from azsandbox.arm.store import Record

_GROUPS = "microsoft.resources/subscriptions/resourcegroups"


def key_trouble(call: Call, workspace: Record) -> Trouble | None:
    """Why the key of a workspace cannot be used; None where it can, and for workspaces without one."""
    encryption = workspace.properties.get("encryption")
    if not encryption:
        return None
    key = encryption["keyVaultProperties"]
    user = (encryption.get("identity") or {}).get("userAssignedIdentity")
    who = principal_of(call.context, workspace.document, user, key.get("identityClientId"))
    # What was written before a change of the key is under the version of that time (AZ-KEY-13). Inferred
    # (AZ-KEY-30): the workspace is shut as a whole where one of them cannot be used.
    used = workspace.hidden.get("keys") or [key["keyIdentifier"]]
    troubles = (call.context.keys.trouble(one, who, "unwrapKey") for one in used)
    return next((one for one in troubles if one is not None), None)


@gate
def usable(call: Call) -> None:
    """403 for a workspace, and for what lies in it. Raises ArmError. Inferred (AZ-KEY-4): code, text and shape."""
    route = call.route
    if not route.kind.type.startswith(NAMESPACE):
        return  # roles, locks and policies of a workspace are other services' business
    level = next((each for each in route.levels if each.kind.key_type == WORKSPACES), None)
    workspace = call.context.store.get(level.key) if level else None
    if level is None or workspace is None:
        return
    if route.key == level.key and call.request.method == "DELETE":
        return
    trouble = key_trouble(call, workspace)
    if trouble is None:
        return
    key = workspace.properties["encryption"]["keyVaultProperties"]["keyIdentifier"]
    message = (
        f"The workspace '{workspace.name}' cannot be accessed because its customer-managed key '{key}' cannot be "
        f"used: {trouble.text}. Restore the access to the key and try again."
    )
    shape = provider if route.key == level.key else front_end
    raise shape(
        403,
        "Forbidden",
        message,
        region=str(workspace.document["location"]),
        ticks=call.tick(),
        inner=("CustomerManagedKeyNotAccessible", trouble.code),
    )


@guard
def managed_group(call: Call) -> None:
    """403 for changes to the group that a workspace with classic encryption manages (AZ-KEY-24)."""
    for key in (*above(call.route.key), call.route.key):
        group = call.context.store.get(key)
        if group is not None and group.type == _GROUPS and group.document.get("managedBy"):
            # The text is that of deny assignments in general; the name of this one is not known (AZ-LOCAL-1).
            who, path = call.principal, call.request.path.rstrip("/")
            raise gateway(
                403,
                "DenyAssignmentAuthorizationFailed",
                f"The client '{who.app_id}' with object id '{who.object_id}' has permission to perform the action "
                f"on scope '{path}'; however, the access is denied because of the deny assignment of the managed "
                f"resource group '{group.id}'.",
            )
