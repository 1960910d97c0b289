"""What is proven of a workspace: its key, the key's vault, its identity, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from amlmigrate.cloud.session import Side
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import facts as reading
from amlmigrate.posture.catalogue import DEMANDED
from amlmigrate.posture.duties import NAME as DUTIES
from amlmigrate.posture.duties import duty_claims
from amlmigrate.posture.facts import Facts
from amlmigrate.posture.keys import KEY_NAMES, VAULT_NAMES, key_claims, vault_claims
from amlmigrate.posture.rights import NAMES as IDENTITY_NAMES
from amlmigrate.posture.rights import identity_claims
from amlmigrate.posture.services import compute_claims, logs_claims, registry_claims, storage_claims
from amlmigrate.posture.unproven import beside

_OF_KEY = (*VAULT_NAMES, *KEY_NAMES, *IDENTITY_NAMES, DUTIES)


async def prove(side: Side, workspace: Workspace, storage_ids: Iterable[str] = ()) -> list[Claim]:
    """Every claim of the catalogue, each with what the service itself answers as evidence.

    The accounts are the workspace's own and those named beside it. What the caller may not read is a claim
    not proven, never silence; so is what there is nothing to say of. Raises ServiceError and OutOfReachError
    where ARM is out of order.
    """
    return claims(await reading.gather(side, workspace, storage_ids), datetime.now(UTC))


def claims(facts: Facts, now: datetime) -> list[Claim]:
    """The claims from what was read; `now` is what a key's dates are compared with."""
    found = list(_workspace(facts.workspace))
    if not facts.workspace.encrypted:
        found += beside(_OF_KEY, facts.workspace.id, "the workspace is not under a customer's key")
    if ref := facts.key_ref:
        found += [
            *vault_claims(facts, ref),
            *key_claims(facts, ref, now),
            *identity_claims(facts, ref),
            *duty_claims(facts, ref),
        ]
    return [
        *found,
        *storage_claims(facts),
        *registry_claims(facts),
        *logs_claims(facts),
        *compute_claims(facts),
    ]


def before_removal(claims: Iterable[Claim]) -> list[Finding]:
    """The findings as they count before what cannot be undone.

    What is known to keep the data alive under its key has to be known then: that it could not be read, which
    elsewhere is a warning, is an error. What there is nothing to say of stays what it is: another claim tells why.
    What one thing that could not be read leaves unproven is told once, as the error if it is one.
    """

    def unread(claim: Claim) -> bool:
        return claim.proven is None and claim.severity == "warning" and claim.name in DEMANDED

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
        "The workspace is under a customer's key."
        if workspace.encrypted
        else "The target workspace is not under a customer's key.",
        ""
        if workspace.encrypted
        else "Encryption is given at creation only: create a workspace with a customer's key (migrate provision)"
        " and plan anew.",
        {"encryption": encryption},
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
        for name in _OF_KEY:
            yield Claim(
                name,
                None,
                "warning",
                workspace.id,
                "Not proven: the workspace names no key that could be looked at.",
                "Read its properties.encryption: az ml workspace show",
            )
