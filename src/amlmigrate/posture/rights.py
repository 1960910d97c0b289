"""Claims on rights: what the workspace's identity may do with its key, and with all else in the vault. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.documents import Document
from amlmigrate.posture import vaultrights
from amlmigrate.posture.assignments import (
    below_other,
    by_roles,
    conditional,
    entries,
    holder,
    id_of,
    joined,
    on_key,
    policies,
    role_name,
    scope,
    singles,
)
from amlmigrate.posture.facts import Facts, KeyRef
from amlmigrate.posture.reading import Read
from amlmigrate.posture.unproven import beside, unread

RIGHTS, LEAST = NAMES = ("identity.rights", "identity.least")
READ_ROLES = "Microsoft.Authorization/roleAssignments/read"
READ_DEFINITIONS = "Microsoft.Authorization/roleDefinitions/read"
THE_ROLES = "the role assignments on the vault"
_READ_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
_SERVICE_ROLE = "Key Vault Crypto Service Encryption User"


def identity_claims(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    """That the identity may get, wrap and unwrap, and nothing more, by roles or by access policies."""
    if facts.vault.value is None:
        if facts.vault.refused:
            yield from unread(NAMES, ref.vault_id, "the vault", facts.vault, "Microsoft.KeyVault/vaults/read")
        else:
            yield from beside(NAMES, ref.vault_id, "the vault is not there")
    elif facts.identity is None or not facts.identity.principal_id:
        yield from _nobody(facts, ref)
    elif by_roles(facts):
        yield from _of_roles(facts, ref)
    else:
        yield from _of_policies(facts, ref)


def _nobody(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    if facts.identity_refused:
        read: Read[Document] = Read(refused=facts.identity_refused)
        yield from unread(NAMES, ref.vault_id, "the workspace's identity", read, _READ_IDENTITY)
        return
    for name in NAMES:
        yield _unknown(name, ref, "the workspace names no identity whose rights could be looked up")


def _own(facts: Facts) -> list[Document] | Read[list[Document]]:
    """The identity's assignments, its groups' included; the refusal where they could not be read."""
    for read in (facts.on_vault, facts.of_identity):
        if read.value is None:
            return Read(refused=read.refused)
    return [one for one in facts.on_vault.value or () if id_of(one) in (facts.of_identity.value or ())]


def _of_roles(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    own = _own(facts)
    if isinstance(own, Read):
        yield from unread(NAMES, ref.vault_id, THE_ROLES, own, READ_ROLES)
        return
    here = [one for one in own if on_key(one, ref)]
    surely = vaultrights.missing(entry for one in here if not conditional(one) for entry in entries(facts, one))
    perhaps = vaultrights.missing(entry for one in here for entry in entries(facts, one))
    if perhaps and _unread_definition(facts, here):
        yield from unread((RIGHTS,), ref.vault_id, "a role definition", Read(), READ_DEFINITIONS)
    elif surely and not perhaps:
        yield _unknown(RIGHTS, ref, "what the workspace's identity may do with its key depends on a condition")
    else:
        yield _may(facts, ref, perhaps)
    yield from _least(facts, ref, own, [])


def _of_policies(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    principal = facts.identity.principal_id.lower() if facts.identity else ""
    known = singles(facts)
    policy = joined([one for one in policies(facts) if holder(one) == principal])
    # Whether the identity is in a group that has a policy is Entra's to say, which is not asked.
    groups = [one for one in policies(facts) if holder(one) not in known]
    lacking = vaultrights.policy_missing(policy)
    if lacking and groups:
        yield _unknown(RIGHTS, ref, "the workspace's identity may have its rights by a group's access policy")
    else:
        yield _may(facts, ref, lacking)
    found = False
    if more := vaultrights.policy_excess(policy):
        found = True
        yield _more(facts, ref, "its access policy", more, "")
    # Roles count on the control plane of a vault with access policies too.
    own = _own(facts)
    if not isinstance(own, Read):
        yield from _least(facts, ref, own, [one for one in groups if vaultrights.policy_excess(one)], found=found)
    elif not found:
        yield from unread((LEAST,), ref.vault_id, THE_ROLES, own, READ_ROLES)


def _least(
    facts: Facts, ref: KeyRef, own: list[Document], groups: list[Document], *, found: bool = False
) -> Iterator[Claim]:
    """A claim for each role that gives more; without one, and none `found` before, that there is no more."""
    for one in own:
        more = vaultrights.excess(entries(facts, one), data=by_roles(facts))
        if more and not below_other(one, ref):
            found = True
            yield _more(facts, ref, f"the role '{role_name(facts, one)}' at {scope(one)}", more, one["id"])
    if found:
        return
    if _unread_definition(facts, own):
        yield from unread((LEAST,), ref.vault_id, "a role definition", Read(), READ_DEFINITIONS)
    elif groups:
        yield _unknown(LEAST, ref, "the workspace's identity may have more rights by a group's access policy")
    else:
        evidence = {"principalId": facts.identity.principal_id if facts.identity else ""}
        said = "The workspace's identity has no other right on the key vault."
        yield Claim(LEAST, True, "warning", ref.vault_id, said, "", evidence)


def _unread_definition(facts: Facts, some: list[Document]) -> bool:
    return any(facts.definition(one) is None for one in some)


def _may(facts: Facts, ref: KeyRef, lacking: list[str]) -> Claim:
    # Classic encryption also goes by the service's own application, which has rights of its own (§1.3).
    severity: Weight = "error" if facts.workspace.properties.get("enableServiceSideCMKEncryption") else "warning"
    identity = facts.identity
    assert identity is not None
    by_role = (
        f"az role assignment create --role '{_SERVICE_ROLE}' --assignee-object-id {identity.principal_id}"
        f" --assignee-principal-type ServicePrincipal --scope {ref.vault_id}"
    )
    by_policy = (
        f"az keyvault set-policy --name {_name(ref)} --object-id {identity.principal_id}"
        " --key-permissions get wrapKey unwrapKey"
    )
    return Claim(
        RIGHTS,
        not lacking,
        severity,
        ref.vault_id,
        f"The workspace's identity may not {', '.join(name for name in lacking)} on its key."
        if lacking
        else "The workspace's identity may get, wrap and unwrap its key.",
        (by_role if by_roles(facts) else by_policy) if lacking else "",
        {"identity": identity.id or identity.how, "principalId": identity.principal_id, "missing": lacking},
    )


def _more(facts: Facts, ref: KeyRef, by: str, rights: list[str], assignment: str) -> Claim:
    identity = facts.identity
    assert identity is not None
    shown = ", ".join(rights[:3]) + (f" and {len(rights) - 3} more" if len(rights) > 3 else "")
    return Claim(
        LEAST,
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


def _unknown(name: str, ref: KeyRef, why: str) -> Claim:
    return Claim(
        name,
        None,
        "warning",
        ref.vault_id,
        f"Not shown: {why}.",
        f"Look who may use the key: az role assignment list --scope {ref.vault_id} --include-inherited,"
        f" az keyvault show --name {_name(ref)}",
    )


def _name(ref: KeyRef) -> str:
    return ref.vault_id.rpartition("/")[2]
