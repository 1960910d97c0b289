"""Role assignments and access policies as the claims on rights read them. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.rights import Permission, permissions
from amlmigrate.posture.denials import SINGLE, Who
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.identities import WorkspaceIdentity
from amlmigrate.posture.reading import Read


def by_roles(facts: PostureFacts) -> bool:
    """Whether the vault goes by role assignments, else by access policies."""
    return bool(properties_of(facts.vault.value).get("enableRbacAuthorization"))


def policies(facts: PostureFacts) -> list[Document]:
    """The vault's access policies; with Azure RBAC they count for nothing."""
    found: list[Document] = properties_of(facts.vault.value).get("accessPolicies") or []
    return found


def holder(policy: Document) -> str:
    """Whose access policy it is."""
    return str(policy.get("objectId", "")).lower()


def joined(some: list[Document]) -> Document:
    """All policies of one principal as one."""
    kinds: dict[str, list[Any]] = defaultdict(list)
    for policy in some:
        for kind, names in (policy.get("permissions") or {}).items():
            kinds[kind] += names or []
    return {"permissions": dict(kinds)}


def entries(facts: PostureFacts, assignment: Document) -> tuple[Permission, ...]:
    """What an assignment's role grants; nothing where its definition could not be read."""
    return permissions(facts.definition(assignment) or {})


def role_name(facts: PostureFacts, assignment: Document) -> str:
    """The role's name, else the id of its definition."""
    properties = properties_of(facts.definition(assignment))
    return str(properties.get("roleName") or _told(assignment, "roleDefinitionId"))


def id_of(assignment: Document) -> str:
    """Its id, in lower case."""
    return key_of(assignment.get("id"))


def scope(assignment: Document) -> str:
    """Where it was made."""
    return _told(assignment, "scope") or str(ArmId.of(id_of(assignment)).scope)


def principal(assignment: Document) -> str:
    """Whose it is: an object id in lower case."""
    return _told(assignment, "principalId").lower()


def conditional(assignment: Document) -> bool:
    """Whether a condition decides, which is not evaluated, what of the role it gives."""
    return bool(_told(assignment, "condition"))


def singles(facts: PostureFacts) -> frozenset[str]:
    """The principals of whom it is known that they are one person or application, and no group."""
    lists = (facts.on_vault, facts.on_workspace, facts.eligible, facts.eligible_on_workspace)
    known = {
        principal(one)
        for read in lists
        for one in read.value or ()
        if _told(one, "principalType").lower() in SINGLE
    }
    return frozenset(known | own_principals(facts))


def own_principals(facts: PostureFacts) -> set[str]:
    """The principals of the workspace's identities."""
    return {one.principal_id.lower() for one in facts.identities} - {""}


def held_by(facts: PostureFacts, identity: WorkspaceIdentity) -> list[Document] | Read[list[Document]]:
    """An identity's assignments on the vault, its groups' included; the refusal where they could not be read."""
    held = facts.held.get(identity.principal_id.lower(), Read())
    for read in (facts.on_vault, held):
        if read.value is None:
            return Read(refused=read.refused, code=read.code)
    return [one for one in facts.on_vault.value or () if id_of(one) in (held.value or ())]


def who(facts: PostureFacts, principal_id: str) -> Who:
    """Somebody, with the groups that are known of an identity by what it holds through them."""
    own = principal_id.lower()
    ids = {own}
    for held, all_ in ((facts.held, facts.on_vault), (facts.held_on_workspace, facts.on_workspace)):
        mine = held.get(own, Read()).value or set()
        ids |= {principal(one) for one in all_.value or () if id_of(one) in mine}
    return Who(frozenset(ids), own in singles(facts))


def on_key(assignment: Document, ref: KeyRef) -> bool:
    """Whether an assignment counts for the key itself."""
    return ArmId.of(f"{ref.vault_id}/keys/{ref.name}").governed_from(ArmId.of(scope(assignment)))


def below_other(assignment: Document, ref: KeyRef) -> bool:
    """Whether an assignment is for one other key of the vault, which may be another resource's."""
    keys = f"{ref.vault_id}/keys/".lower()
    return scope(assignment).lower().startswith(keys) and not on_key(assignment, ref)


def _told(assignment: Document, name: str) -> str:
    return str(properties_of(assignment).get(name) or "")
