"""The claim that the identity which the encryption names may use the key, and will go on to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from amlmigrate.core.claim import Claim, Weight
from amlmigrate.core.documents import Document
from amlmigrate.posture import vaultrights
from amlmigrate.posture.assignments import (
    by_roles,
    conditional,
    entries,
    held_by,
    holder,
    joined,
    on_key,
    policies,
    singles,
    who,
)
from amlmigrate.posture.denials import OperationVerdict, taken
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.identities import WorkspaceIdentity
from amlmigrate.posture.least import LEAST, least_claims
from amlmigrate.posture.limits import Limit, first_to_end
from amlmigrate.posture.reading import Read
from amlmigrate.posture.rightswords import (
    READ_DEFINITIONS,
    READ_DENIALS,
    READ_IDENTITY,
    READ_ROLES,
    READ_SCHEDULES,
    SERVICE_ROLE,
    THE_DENIALS,
    THE_ROLES,
    THE_SCHEDULES,
    policy_command,
    unknown,
)
from amlmigrate.posture.unproven import beside, unread

RIGHTS = "identity.rights"
NAMES = (RIGHTS, LEAST)
# As for a key's expiry: within this time somebody has to act, and a removal would rest on a right that ends.
_SOON = timedelta(days=30)


def identity_claims(facts: PostureFacts, ref: KeyRef, now: datetime) -> Iterator[Claim]:
    """The claims on the rights of the workspace's identities, by roles or by access policies."""
    if facts.vault.value is None:
        if facts.vault.refused:
            yield from unread(NAMES, ref.vault_id, "the vault", facts.vault, "Microsoft.KeyVault/vaults/read")
        else:
            yield from beside(NAMES, ref.vault_id, "the vault is not there")
        return
    yield _rights(facts, ref, now)
    yield from least_claims(facts, ref)


def _rights(facts: PostureFacts, ref: KeyRef, now: datetime) -> Claim:
    identity = facts.identity
    if identity is None:
        return unknown(RIGHTS, ref, "the workspace's encryption names no identity whose rights could be looked up")
    if not identity.principal_id:
        if identity.refused:
            return _unread(ref, "the workspace's identity", Read(refused=identity.refused), READ_IDENTITY)
        return unknown(RIGHTS, ref, f"the principal of the identity that {identity.how} names is not known")
    if by_roles(facts):
        return _of_roles(facts, ref, identity, now)
    return _of_policies(facts, ref, identity)


def _of_roles(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity, now: datetime) -> Claim:
    own = held_by(facts, identity)
    if isinstance(own, Read):
        return _unread(ref, THE_ROLES, own, READ_ROLES)
    here, denied = [one for one in own if on_key(one, ref)], _denied(facts, ref, identity)
    return (
        _refuted(facts, ref, identity, here, denied)
        or _unsettled(facts, ref, here, denied)
        or _for_a_time(facts, ref, identity, here, now)
        or _may(facts, ref, identity)
    )


def _refuted(
    facts: PostureFacts,
    ref: KeyRef,
    identity: WorkspaceIdentity,
    here: list[Document],
    denied: dict[str, OperationVerdict],
) -> Claim | None:
    """That roles lack something, or that it is surely taken."""
    lacking = vaultrights.missing(entry for one in here for entry in entries(facts, one))
    surely = {name: by for name, by in denied.items() if by.surely}
    if lacking and not surely and any(facts.definition(one) is None for one in here):
        return _unread(ref, "a role definition", Read(), READ_DEFINITIONS)
    either = [name for name in vaultrights.NEEDED if name in lacking or name in surely]
    return _may_not(facts, ref, identity, either, surely) if either else None


def _unsettled(
    facts: PostureFacts, ref: KeyRef, here: list[Document], denied: dict[str, OperationVerdict]
) -> Claim | None:
    """That deny assignments, conditions or memberships decide, which are not known."""
    if facts.denials.value is None:
        return _unread(ref, THE_DENIALS, facts.denials, READ_DENIALS)
    if vaultrights.missing(entry for one in here if not conditional(one) for entry in entries(facts, one)):
        return unknown(RIGHTS, ref, "what the workspace's identity may do with its key depends on a condition")
    if denied:
        by = next(iter(denied.values())).by
        return unknown(RIGHTS, ref, f"whether {by} takes it from the workspace's identity could not be told")
    return None


def _for_a_time(
    facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity, here: list[Document], now: datetime
) -> Claim | None:
    """That the right ends, or that it is not known whether it does."""
    if facts.timed.value is None:
        return _unread(ref, THE_SCHEDULES, facts.timed, READ_SCHEDULES)
    limit = first_to_end(facts, here, vaultrights.NEEDED)
    return _ends(facts, ref, identity, limit, now) if limit else None


def _denied(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity) -> dict[str, OperationVerdict]:
    """The needed operations that deny assignments take, or may take."""
    key, some = f"{ref.vault_id}/keys/{ref.name}", facts.denials.value or ()
    whom = who(facts, identity.principal_id)
    found = {name: taken(some, whom, name, key, data=True) for name in vaultrights.NEEDED}
    return {name: one for name, one in found.items() if one}


def _of_policies(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity) -> Claim:
    """By access policy, of which a deny assignment takes nothing (AZ-RIGHT-11)."""
    principal = identity.principal_id.lower()
    lacking = vaultrights.policy_missing(joined([one for one in policies(facts) if holder(one) == principal]))
    # Whether the identity is in a group that has a policy is Entra's to say, which is not asked.
    if lacking and any(holder(one) not in singles(facts) for one in policies(facts)):
        return unknown(RIGHTS, ref, "the workspace's identity may have its rights by a group's access policy")
    return _may_not(facts, ref, identity, lacking, {}) if lacking else _may(facts, ref, identity)


def _may(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity) -> Claim:
    said = "The workspace's identity may get, wrap and unwrap its key."
    return Claim(RIGHTS, True, _severity(facts), ref.vault_id, said, "", _evidence(identity, missing=[]))


def _may_not(
    facts: PostureFacts,
    ref: KeyRef,
    identity: WorkspaceIdentity,
    lacking: list[str],
    denied: dict[str, OperationVerdict],
) -> Claim:
    by = sorted({one.by for one in denied.values()})
    remedy = _by_role(ref, identity) if by_roles(facts) else policy_command(ref, identity)
    if by:
        remedy = (
            f"Have {', '.join(by)} leave the identity out, or taken away: whoever owns what made it can, as a"
            " deployment stack (az stack group list) or a managed application; no role helps against it."
        )
    return Claim(
        RIGHTS,
        False,
        _severity(facts),
        ref.vault_id,
        f"The workspace's identity may not {', '.join(lacking)} on its key"
        + (f": {', '.join(by)} takes that." if by else "."),
        remedy,
        _evidence(identity, missing=lacking, **({"deniedBy": by} if by else {})),
    )


def _ends(facts: PostureFacts, ref: KeyRef, identity: WorkspaceIdentity, limit: Limit, now: datetime) -> Claim:
    """A right that ends takes the data with it: as severe as none where that is soon, else a warning."""
    severity: Weight = _severity(facts) if limit.end <= now + _SOON else "warning"
    return Claim(
        RIGHTS,
        False,
        severity,
        ref.vault_id,
        f"The workspace's identity may use its key until {limit.at} only: {limit.by} is given for a time.",
        f"Give it for good: {_by_role(ref, identity)}",
        _evidence(identity, missing=[], until=limit.at, by=limit.by),
    )


def _unread(ref: KeyRef, what: str, read: Read[list[Document]], action: str) -> Claim:
    [claim] = unread((RIGHTS,), ref.vault_id, what, replace(read, value=None), action)
    return claim


def _severity(facts: PostureFacts) -> Weight:
    # Classic encryption also goes by the service's own application, which has rights of its own (§1.3).
    return "error" if facts.workspace.properties.get("enableServiceSideCMKEncryption") else "warning"


def _evidence(identity: WorkspaceIdentity, **more: Any) -> dict[str, Any]:
    return {"identity": identity.id or identity.how, "principalId": identity.principal_id, **more}


def _by_role(ref: KeyRef, identity: WorkspaceIdentity) -> str:
    return (
        f"az role assignment create --role '{SERVICE_ROLE}' --assignee-object-id {identity.principal_id}"
        f" --assignee-principal-type ServicePrincipal --scope {ref.vault_id}"
    )
