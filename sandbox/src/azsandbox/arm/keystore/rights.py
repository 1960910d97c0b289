"""Who may use a vault: its firewall, then roles or access policies, whichever the vault goes by."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.access.evaluation import Access
from azsandbox.arm.firewall import CLIENT_ADDRESS, admits, is_private
from azsandbox.arm.keystore.errors import VaultError, caller, forbidden
from azsandbox.arm.store import Record
from azsandbox.messages import Principal

_HELP = "For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"


def check_network(vault: Record, principal: Principal) -> None:
    """Raises VaultError 403 for a client that the vault's firewall keeps out; none is a trusted service."""
    location = f"{vault.name};location={vault.document['location']}"
    tail = f"\r\nCaller: {caller(principal)}\r\nVault: {location}"
    if is_private(vault.properties):
        text = (
            "Public network access is disabled and request is not from a trusted service nor via an approved "
            f"private link.{tail}"
        )
        raise forbidden(text, "ForbiddenByConnection")
    if not admits(vault.properties.get("networkAcls")):
        text = (
            "Client address is not authorized and caller is not a trusted service."
            f"\r\nClient address: {CLIENT_ADDRESS}{tail}"
        )
        raise forbidden(text, "ForbiddenByFirewall")


def may_use(
    access: Access,
    vault: Record,
    object_id: str,
    action: str,
    permission: str,
    *,
    key: str = "",
    area: str = "keys",
) -> bool:
    """Whether a principal may: by role (`action`) or by access policy (`permission`), whatever denies
    (AZ-RIGHT-11). `area` is what of the vault it is about, keys or secrets, and `key` the name of one."""
    if vault.properties.get("enableRbacAuthorization"):
        scope = f"{vault.key}/{area}/{key.lower()}" if key else vault.key
        return access.granted(object_id, action, scope, data=True)
    return permission.lower() in _policy(vault, object_id, area)


def _policy(vault: Record, object_id: str, area: str) -> set[str]:
    found: set[str] = set()
    for entry in vault.properties.get("accessPolicies") or []:
        if str(entry.get("objectId")).lower() == object_id.lower():
            given: Any = (entry.get("permissions") or {}).get(area) or []
            found |= {str(each).lower() for each in given}
    return found | _ALL if "all" in found else found


_ALL = {
    *("get", "list", "create", "import", "update", "delete", "recover", "backup", "restore", "rotate"),
    "set",
    *("encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify", "getrotationpolicy", "setrotationpolicy"),
}


def not_authorized(
    access: Access,
    vault: Record,
    principal: Principal,
    action: str,
    permission: str,
    key: str,
    area: str = "keys",
) -> VaultError:
    """403 in the words of the vault's kind of access."""
    location = f"{vault.name};location={vault.document['location']}"
    if not vault.properties.get("enableRbacAuthorization"):
        text = (
            f"The user, group or application '{caller(principal)}' does not have {area} {permission} permission "
            f"on key vault '{location}'. {_HELP}"
        )
        return forbidden(text, "ForbiddenByPolicy")
    resource = f"{vault.key}/{area}/{key}" if key else vault.key
    scope = f"{vault.key}/{area}/{key.lower()}" if key else vault.key
    denial = access.denial(principal.object_id, action, scope, data=True)
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe "
        "propagation time.",
        f"Caller: {caller(principal)}",
        f"Action: '{action}'",
        f"Resource: '{resource}'",
        "Assignment: (not found)",
        f"DenyAssignmentId: {repr(denial.document['name']) if denial else 'null'}",
        "DecisionReason: null",
        f"Vault: {location}",
        "",
    )
    return forbidden("\r\n".join(lines), "ForbiddenByRbac")
