"""Claims on rights: what the identity may do with its key, and who manages what they also use. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.documents import Document
from amlmigrate.core.rights import Permission, granted, permissions
from amlmigrate.posture import vaultrights
from amlmigrate.posture.facts import Facts, KeyRef
from amlmigrate.posture.reading import missing_action

_READ_ROLES = "Microsoft.Authorization/roleAssignments/read"
_SERVICE_ROLE = "Key Vault Crypto Service Encryption User"
_WS = "Microsoft.MachineLearningServices/workspaces"
_WRITES = (
    *(f"{_WS}/{name}/write" for name in ("models/versions", "data/versions", "components/versions", "jobs")),
    f"{_WS}/write",
    f"{_WS}/delete",
)


def identity_claims(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    """That the identity may get, wrap and unwrap, and nothing more, by roles or by access policies."""
    if facts.vault.value is None:
        return
    if facts.identity is None or not facts.identity.principal_id:
        yield _unknown(ref, "the workspace names no identity whose rights could be looked up")
    elif _by_roles(facts):
        yield from _of_roles(facts, ref)
    else:
        yield from _of_policies(facts, ref)


def _by_roles(facts: Facts) -> bool:
    return bool(((facts.vault.value or {}).get("properties") or {}).get("enableRbacAuthorization"))


def _of_roles(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    if (refused := facts.on_vault.refused or facts.of_identity.refused) or facts.on_vault.value is None:
        yield _unread_roles("identity.rights", ref.vault_id, refused)
        return
    own = [one for one in facts.on_vault.value if _id(one) in (facts.of_identity.value or ())]
    unknown = [one for one in own if facts.definition(one) is None]
    entries = [entry for one in own if _on_key(one, ref) for entry in _entries(facts, one)]
    lacking = vaultrights.missing(entries)
    if lacking and unknown:
        yield _unread_roles("identity.rights", ref.vault_id, "")
    else:
        yield _may(facts, ref, lacking)
    found = False
    for one in own:
        if not _below_other(one, ref) and (more := vaultrights.excess(_entries(facts, one))):
            found = True
            yield _more(facts, ref, f"the role '{_role_name(facts, one)}' at {_scope(one)}", more, one["id"])
    if not found and not unknown:
        yield _least(facts, ref)


def _of_policies(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    principal = facts.identity.principal_id.lower() if facts.identity else ""
    policies = [one for one in _policies(facts) if str(one.get("objectId", "")).lower() == principal]
    yield _may(facts, ref, vaultrights.policy_missing(_joined(policies)))
    more = vaultrights.policy_excess(_joined(policies))
    # Roles count on the control plane of a vault with access policies too.
    control = [
        (one, over)
        for one in facts.on_vault.value or ()
        if _id(one) in (facts.of_identity.value or ())
        and (over := vaultrights.manages(_entries(facts, one), data=False))
    ]
    if more:
        yield _more(facts, ref, "its access policy", more, "")
    for one, over in control:
        yield _more(facts, ref, f"the role '{_role_name(facts, one)}' at {_scope(one)}", over, one["id"])
    if facts.on_vault.refused:
        yield _unread_roles("identity.least", ref.vault_id, facts.on_vault.refused)
    elif not more and not control:
        yield _least(facts, ref)


def _may(facts: Facts, ref: KeyRef, lacking: list[str]) -> Claim:
    # Classic encryption also goes by the service's own application, which has rights of its own (§1.3).
    severity: Weight = "error" if facts.workspace.properties.get("enableServiceSideCMKEncryption") else "warning"
    identity = facts.identity
    assert identity is not None
    return Claim(
        "identity.rights",
        not lacking,
        severity,
        ref.vault_id,
        f"The workspace's identity may not {', '.join(name for name in lacking)} on its key."
        if lacking
        else "The workspace's identity may get, wrap and unwrap its key.",
        f"az role assignment create --role '{_SERVICE_ROLE}' --assignee-object-id {identity.principal_id}"
        f" --assignee-principal-type ServicePrincipal --scope {ref.vault_id}"
        if lacking and _by_roles(facts)
        else f"az keyvault set-policy --name {_name(ref)} --object-id {identity.principal_id}"
        " --key-permissions get wrapKey unwrapKey"
        if lacking
        else "",
        {"identity": identity.id or identity.how, "principalId": identity.principal_id, "missing": lacking},
    )


def _more(facts: Facts, ref: KeyRef, by: str, rights: list[str], assignment: str) -> Claim:
    identity = facts.identity
    assert identity is not None
    shown = ", ".join(rights[:3]) + (f" and {len(rights) - 3} more" if len(rights) > 3 else "")
    return Claim(
        "identity.least",
        False,
        "warning",
        ref.vault_id,
        f"The workspace's identity has more rights on the key vault than it needs, by {by}: {shown}.",
        f"az role assignment delete --ids {assignment}, and give it '{_SERVICE_ROLE}' instead."
        if assignment
        else f"az keyvault set-policy --name {_name(ref)} --object-id {identity.principal_id}"
        " --key-permissions get wrapKey unwrapKey --secret-permissions --certificate-permissions",
        {"principalId": identity.principal_id, "by": by, "rights": rights},
    )


def _least(facts: Facts, ref: KeyRef) -> Claim:
    evidence = {"principalId": facts.identity.principal_id if facts.identity else ""}
    said = "The workspace's identity has no other right on the key vault."
    return Claim("identity.least", True, "warning", ref.vault_id, said, "", evidence)


def duty_claims(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    """That no principal manages the key and writes to the workspace."""
    refused = facts.on_vault.refused or facts.on_workspace.refused
    if refused or facts.on_vault.value is None or facts.on_workspace.value is None:
        yield _unread_roles("duties.separate", ref.vault_id, refused)
        return
    managers, unknown = _managers(facts)
    writers: dict[str, set[str]] = defaultdict(set)
    for one in facts.on_workspace.value:
        if any(granted(_entries(facts, one), name) for name in _WRITES):
            writers[_principal(one)].add(_role_name(facts, one))
    both = sorted(set(managers) & set(writers))
    if not both and (unknown or any(facts.definition(one) is None for one in facts.on_workspace.value)):
        yield _unread_roles("duties.separate", ref.vault_id, "")
        return
    yield Claim(
        "duties.separate",
        not both,
        "warning",
        ref.vault_id,
        f"Whoever writes to the workspace may also manage its key: {', '.join(both)}."
        if both
        else "Nobody who may manage the key may also write to the workspace.",
        "Give keys and workspaces to different people: take one of the roles from each"
        f" (az role assignment list --all --assignee {both[0]} --output table)."
        if both
        else "",
        {who: {"vault": sorted(managers[who]), "workspace": sorted(writers[who])} for who in both},
    )


def _managers(facts: Facts) -> tuple[dict[str, set[str]], bool]:
    found: dict[str, set[str]] = defaultdict(set)
    by_roles = _by_roles(facts)
    for one in facts.on_vault.value or ():
        if vaultrights.manages(_entries(facts, one), data=by_roles):
            found[_principal(one)].add(_role_name(facts, one))
    for policy in () if by_roles else _policies(facts):
        if vaultrights.policy_manages(policy):
            found[str(policy.get("objectId", "")).lower()].add("access policy")
    return found, any(facts.definition(one) is None for one in facts.on_vault.value or ())


def _policies(facts: Facts) -> list[Document]:
    found: list[Document] = ((facts.vault.value or {}).get("properties") or {}).get("accessPolicies") or []
    return found


def _joined(policies: list[Document]) -> Document:
    """All policies of one principal as one."""
    kinds: dict[str, list[Any]] = defaultdict(list)
    for policy in policies:
        for kind, names in (policy.get("permissions") or {}).items():
            kinds[kind] += names or []
    return {"permissions": dict(kinds)}


def _unread_roles(name: str, address: str, refused: str) -> Claim:
    missing = missing_action(refused, _READ_ROLES if refused else "Microsoft.Authorization/roleDefinitions/read")
    return Claim(
        name,
        None,
        "warning",
        address,
        f"Not proven: the role assignments on the vault could not all be read. {refused}".strip(),
        f"Grant '{missing}' (the role Reader has it), or have somebody look who may.",
        {"missing": missing},
    )


def _unknown(ref: KeyRef, why: str) -> Claim:
    return Claim(
        "identity.rights",
        None,
        "warning",
        ref.vault_id,
        f"Not proven: {why}.",
        f"Look who may use the key: az role assignment list --scope {ref.vault_id} --include-inherited",
    )


def _entries(facts: Facts, assignment: Document) -> tuple[Permission, ...]:
    return permissions(facts.definition(assignment) or {})


def _role_name(facts: Facts, assignment: Document) -> str:
    properties = (facts.definition(assignment) or {}).get("properties") or {}
    return str(properties.get("roleName") or (assignment.get("properties") or {}).get("roleDefinitionId"))


def _id(assignment: Document) -> str:
    return str(assignment.get("id", "")).lower()


def _scope(assignment: Document) -> str:
    return str(
        (assignment.get("properties") or {}).get("scope") or _id(assignment).partition("/providers/micr")[0]
    )


def _principal(assignment: Document) -> str:
    return str((assignment.get("properties") or {}).get("principalId", "")).lower()


def _on_key(assignment: Document, ref: KeyRef) -> bool:
    """Whether an assignment counts for the key itself."""
    key = f"{ref.vault_id}/keys/{ref.name}".lower()
    scope = _scope(assignment).rstrip("/").lower()
    return scope.startswith("/providers/microsoft.management/") or f"{key}/".startswith(f"{scope}/")


def _below_other(assignment: Document, ref: KeyRef) -> bool:
    """Whether an assignment is for one other key of the vault, which may be another resource's."""
    keys = f"{ref.vault_id}/keys/".lower()
    return _scope(assignment).lower().startswith(keys) and not _on_key(assignment, ref)


def _name(ref: KeyRef) -> str:
    return ref.vault_id.rpartition("/")[2]
