"""The right that a call of ARM takes, and what a caller without it is told."""

from __future__ import annotations

from azsandbox.arm.access.denials import Denial
from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.store import Record

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


def action_of(call: Call) -> str:
    """The action of a call, by its type and method: `Microsoft.Storage/storageAccounts/listkeys/action`."""
    kind, verb = call.route.kind, _VERBS.get(call.request.method, "action")
    own = kind.right(call)
    if own:
        return own
    type_ = kind.rights_type or kind.type
    return f"{type_}/{call.route.action}/{verb}" if call.route.action else f"{type_}/{verb}"


def scope_of(call: Call) -> str:
    """The key of the scope at which the action has to be granted."""
    return call.route.parent if call.route.name is None else call.route.key


def check_access(call: Call) -> None:
    """Raises ArmError 403 `AuthorizationFailed` unless the caller's roles grant the call.

    Lists of a subscription hold what the caller may read (`readable`), so any role in it will do (AZ-RIGHT-15).
    """
    kind, access = call.route.kind, call.context.access
    who = call.principal.object_id
    access.welcome(who)
    if kind.open_to_all or (_is_own_subscription(call) and call.route.name is None):
        return
    action, scope = action_of(call), scope_of(call)
    if access.granted(who, action, scope):
        return
    filtered = call.route.name is None and call.request.method == "GET" and _is_filtered(call)
    if (filtered or _is_own_subscription(call)) and access.has_any_below(who, scope):
        call.filtered = filtered
        return
    if denial := access.denial(who, action, scope):
        raise denied(call, action, denial)
    raise authorization_failed(call, action, _shown_scope(call))


def denied(call: Call, action: str, denial: Denial) -> ArmError:
    """403 for a right that the caller has and a deny assignment takes, as public reports of AKS's locked node
    groups quote it (MicrosoftDocs/SupportArticles: aks node resource group lockdown)."""
    who, own = call.principal, denial.document
    return gateway(
        403,
        "DenyAssignmentAuthorizationFailed",
        f"The client '{who.app_id}' with object id '{who.object_id}' has permission to perform action '{action}' "
        f"on scope '{_shown_scope(call)}'; however, the access is denied because of the deny assignment with name "
        f"'{denial.name}' and Id '{str(own['name']).replace('-', '')}' at scope '{own['properties']['scope']}'.",
    )


def authorization_failed(call: Call, action: str, scope: str) -> ArmError:
    """403 in ARM's words."""
    who = call.principal
    return gateway(
        403,
        "AuthorizationFailed",
        f"The client '{who.app_id}' with object id '{who.object_id}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )


def linked_failed(call: Call, action: str, linked: str) -> ArmError:
    """403 for a right that is missing on a resource which the body names."""
    who = call.principal
    return gateway(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{who.app_id}' with object id '{who.object_id}' has permission to perform action "
        f"'{action_of(call)}' on scope '{_shown_scope(call)}'; however, it does not have permission to perform "
        f"action(s) '{action}' on the linked scope(s) '{linked}' (respectively) or the linked scope(s) are "
        "invalid.",
    )


def readable(call: Call, record: Record) -> bool:
    """Whether a resource belongs in the caller's list."""
    kind = call.context.kind_of(record)
    action = f"{kind.rights_type or kind.type}/read"
    access, who = call.context.access, call.principal.object_id
    if kind.lists_what_is_seen:
        return access.granted(who, action, record.key) or access.has_any_below(who, record.key)
    return access.granted(who, action, record.key)


def _is_filtered(call: Call) -> bool:
    kind = call.route.kind
    in_subscription = call.route.parent.count("/") == 2 and call.route.parent.startswith("/subscriptions/")
    return kind.lists_what_is_seen or (in_subscription and kind.tracked)


def _is_own_subscription(call: Call) -> bool:
    return call.route.kind.type == "Microsoft.Resources/subscriptions" and call.request.method in ("GET", "HEAD")


def _shown_scope(call: Call) -> str:
    path = call.request.path.rstrip("/")
    if call.route.action is not None:
        path = path[: len(path) - len(call.route.action) - 1]
    if call.route.name is None:
        depth = call.route.parent.count("/") + 1
        path = "/".join(path.split("/")[:depth])
    return path or "/"
