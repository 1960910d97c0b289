"""The claims that no identity of the workspace has more rights on the vault than to use its key. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.claim import Claim
from amlmigrate.core.documents import Document
from amlmigrate.core.few import few
from amlmigrate.posture import vaultrights
from amlmigrate.posture.assignments import (
    below_other,
    by_roles,
    entries,
    held_by,
    holder,
    joined,
    policies,
    role_name,
    scope,
    singles,
    who,
)
from amlmigrate.posture.denials import wholly
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.identities import WorkspaceIdentity
from amlmigrate.posture.reading import Read
from amlmigrate.posture.rightswords import (
    READ_DEFINITIONS,
    READ_IDENTITY,
    READ_ROLES,
    SERVICE_ROLE,
    THE_ROLES,
    policy_command,
    unknown,
)
from amlmigrate.posture.unproven import unread

LEAST = "identity.least"


def least_claims(facts: PostureFacts, ref: KeyRef) -> Iterator[Claim]:
    """A claim for each identity's role or policy that gives more; one for all where there is none."""
    if not facts.identities:
        yield unknown(LEAST, ref, "the workspace names no identity whose rights could be looked up")
        return
    found: list[Claim] = []
    for identity in facts.identities:
        # What one thing that could not be read leaves open is the same claim for each.
        found += [claim for claim in _of(facts, ref, identity) if claim not in found]
    yield from found
    if not found:
        principals = {one.id or one.how: one.principal_id for one in facts.identities}
        said = "No identity of the workspace has a right on the key vault but to use the key."
        yield Claim(LEAST, True, "warning", ref.vault_id, said, "", {"principals": principals})


def _of(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity) -> Iterator[Claim]:
    if not identity.principal_id:
        yield from _nobody(ref, identity)
        return
    groups: list[Document] = []
    found = False
    if not by_roles(facts):
        groups = [one for one in policies(facts) if holder(one) not in singles(facts)]
        policy = joined([one for one in policies(facts) if holder(one) == identity.principal_id.lower()])
        if more := vaultrights.policy_excess(policy):
            found = True
            yield _more(ref, identity, "its access policy", more, "")
    # Roles count on the control plane of a vault with access policies too.
    own = held_by(facts, identity)
    if not isinstance(own, Read):
        yield from _by_roles(facts, ref, identity, own, groups, found=found)
    elif not found:
        yield from unread((LEAST,), ref.vault_id, THE_ROLES, own, READ_ROLES)


def _nobody(ref: KeyRef, identity: WorkspaceIdentity) -> Iterator[Claim]:
    if identity.refused:
        read: Read[Document] = Read(refused=identity.refused)
        yield from unread((LEAST,), ref.vault_id, "the workspace's identity", read, READ_IDENTITY)
    else:
        yield unknown(LEAST, ref, f"the principal of the workspace's {identity.called} is not known")


def _by_roles(
    facts: PostureFacts,
    ref: KeyRef,
    identity: WorkspaceIdentity,
    own: list[Document],
    groups: list[Document],
    *,
    found: bool,
) -> Iterator[Claim]:
    """A claim for each role that gives more; without one, and none `found` before, what is not known."""
    for one in own:
        if not below_other(one, ref) and (more := _excess(facts, ref, identity, one)):
            found = True
            by = f"the role '{role_name(facts, one)}' at {scope(one)}"
            yield _more(ref, identity, by, more, str(one["id"]))
    if found:
        return
    if any(facts.definition(one) is None for one in own):
        yield from unread((LEAST,), ref.vault_id, "a role definition", Read(), READ_DEFINITIONS)
    elif any(vaultrights.policy_excess(one) for one in groups):
        yield unknown(LEAST, ref, "the workspace's identity may have more rights by a group's access policy")


def _excess(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity, assignment: Document) -> list[str]:
    """What a role gives beyond use, less what a deny assignment takes of it.

    Deny assignments that could not be read take nothing, so that a right is told rather than not.
    """
    found = vaultrights.excess(entries(facts, assignment), data=by_roles(facts))
    some, whom = facts.denials.value or (), who(facts, identity.principal_id)
    planes = (False, True)
    given = {plane: _patterns(facts, assignment, data=plane) for plane in planes}
    return [
        one
        for one in found
        if not all(wholly(some, whom, one, ref.vault_id, data=plane) for plane in planes if one in given[plane])
    ]


def _patterns(facts: PostureFacts, assignment: Document, *, data: bool) -> set[str]:
    """The patterns of a role, of the control plane or of the data plane."""
    given = entries(facts, assignment)
    return {one for entry in given for one in (entry.data_actions if data else entry.actions)}


def _more(ref: KeyRef, identity: WorkspaceIdentity, by: str, rights: list[str], assignment: str) -> Claim:
    instead = f", and give it '{SERVICE_ROLE}' instead" if identity.how != "userAssignedIdentities" else ""
    return Claim(
        LEAST,
        False,
        "warning",
        ref.vault_id,
        f"The workspace's {identity.called} may do more on the key vault than to use the key, by {by}:"
        f" {few(rights)}.",
        f"az role assignment delete --ids {assignment}{instead}."
        if assignment
        else policy_command(ref, identity, " --secret-permissions --certificate-permissions"),
        {"principalId": identity.principal_id, "by": by, "rights": rights},
    )
