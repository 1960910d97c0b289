"""What Azure reports of a workspace: its key, where its bytes lie, its identity, and what stands beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from amlmigrate.cloud.session import Side
from amlmigrate.core.claim import WAIVABLE, Claim, findings
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import facts as reading
from amlmigrate.posture import stored as storing
from amlmigrate.posture.approval import NAME as APPROVAL
from amlmigrate.posture.approval import approval_claims
from amlmigrate.posture.catalogue import DEMANDED
from amlmigrate.posture.duties import NAME as DUTIES
from amlmigrate.posture.duties import duty_claims
from amlmigrate.posture.facts import KeyFacts, PostureFacts
from amlmigrate.posture.keys import KEY_NAMES, VAULT_NAMES, WRAPS, key_claims, vault_claims
from amlmigrate.posture.places import BytePlaces
from amlmigrate.posture.recovery import recovery_claim
from amlmigrate.posture.rights import NAMES as IDENTITY_NAMES
from amlmigrate.posture.rights import identity_claims
from amlmigrate.posture.services import compute_claims, logs_claims, registry_claims
from amlmigrate.posture.storage import storage_claims
from amlmigrate.posture.stored import StoredPlaces
from amlmigrate.posture.unproven import beside

# The claims on the key of a workspace, its vault and who has rights on it.
OF_KEY = (*VAULT_NAMES, *KEY_NAMES, WRAPS, *IDENTITY_NAMES, DUTIES, APPROVAL)


async def prove(side: Side, workspace: Workspace, places: BytePlaces) -> list[Claim]:
    """Every claim of the catalogue, each with what the service itself answers as evidence.

    `places` say where bytes lie, which is what has to be under the key. Of what the caller may not read there is
    a claim as well, of which nothing is known, and so there is where there is nothing to say. Raises ServiceError
    and OutOfReachError where ARM is out of order.
    """
    now = datetime.now(UTC)
    own = reading.key_of(workspace) if workspace.encrypted else None
    facts, stored = await asyncio.gather(
        reading.gather(side, workspace), storing.gather(side, workspace, places, own)
    )
    return claims(facts, stored, now)


def claims(facts: PostureFacts, stored: StoredPlaces, now: datetime) -> list[Claim]:
    """The claims from what was read; `now` is when that began, which a key's dates are compared with."""
    read_at = now.isoformat(timespec="seconds")
    return [replace(claim, read_at=read_at) for claim in _claims(facts, stored, now)]


def _claims(facts: PostureFacts, stored: StoredPlaces, now: datetime) -> Iterator[Claim]:
    yield from _workspace(facts.workspace)
    if not facts.workspace.encrypted:
        yield from beside(OF_KEY, facts.workspace.id, "the workspace is not under a customer's key")
    if ref := facts.key_ref:
        yield from _of_key(facts.of_key(ref), "the workspace", now, facts.workspace)
        yield from identity_claims(facts, ref, now)
        yield from duty_claims(facts, ref)
        yield from approval_claims(facts, ref)
    for known, users in stored.keys:
        yield from _of_key(known, " and ".join(users), now)
    yield from storage_claims(stored, facts.workspace)
    yield from registry_claims(facts)
    yield from logs_claims(facts)
    yield from compute_claims(facts)
    yield recovery_claim(facts.workspace)


def _of_key(facts: KeyFacts, user: str, now: datetime, workspace: Workspace | None = None) -> Iterator[Claim]:
    for claim in (*vault_claims(facts, user, workspace), *key_claims(facts, user, now)):
        yield replace(claim, key=facts.ref.id)


def let_go(found: Iterable[Finding], waived: Container[str]) -> list[Finding]:
    """The findings, with what may be waived, and was as it is now, as warnings: `waived` are their addresses.

    What bytes of a move lie under has to be so: no person's word takes its place.
    """
    return [
        replace(one, severity="warning") if one.code in WAIVABLE and one.address in waived else one
        for one in found
    ]


def before_removal(claims: Iterable[Claim]) -> list[Finding]:
    """The findings as they count before what cannot be undone.

    What is known to keep the data alive under its key has to be known then: that it could not be read, which
    elsewhere is a warning, is an error. What there is nothing to say of stays what it is: another claim tells why.
    What one thing that could not be read leaves unknown is told once, as the error if it is one.
    """

    def unread(claim: Claim) -> bool:
        return claim.holds is None and claim.severity == "warning" and claim.name in DEMANDED

    found = findings(replace(claim, severity="error") if unread(claim) else claim for claim in claims)
    errors = {(one.about, one.summary) for one in found if one.severity == "error"}
    return [one for one in found if one.severity == "error" or (one.about, one.summary) not in errors]


def _workspace(workspace: Workspace) -> Iterator[Claim]:
    encryption = workspace.properties.get("encryption") or {}
    yield Claim(
        "encryption.status",
        workspace.encrypted,
        "error",
        workspace.id,
        "Azure reports the workspace under a customer's key."
        if workspace.encrypted
        else "The target workspace is not under a customer's key.",
        ""
        if workspace.encrypted
        else "Encryption is given at creation only: create a workspace with a customer's key (migrate"
        " provision) and plan again.",
        {"encryption": encryption},
        str((encryption.get("keyVaultProperties") or {}).get("keyIdentifier") or "") or None,
    )
    if not workspace.encrypted:
        yield from beside(("encryption.flavour",), workspace.id, "the workspace is not under a customer's key")
        return
    group = workspace.properties.get("serviceProvisionedResourceGroup")
    service_side = workspace.properties.get("enableServiceSideCMKEncryption") is True
    yield Claim(
        "encryption.flavour",
        True,
        "information",
        workspace.id,
        "The service keeps the workspace's documents under the key itself."
        if service_side
        else f"Classic encryption: the documents lie in the managed resource group '{group}'.",
        "",
        {"enableServiceSideCMKEncryption": service_side, "serviceProvisionedResourceGroup": group},
    )
    if reading.key_of(workspace) is None:
        for name in OF_KEY:
            yield Claim(
                name,
                None,
                "warning",
                workspace.id,
                "Not shown: the workspace names no key that could be looked at.",
                "Read its properties.encryption: az ml workspace show",
            )
