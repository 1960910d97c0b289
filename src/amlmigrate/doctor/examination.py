"""The doctor: everything that can be known before a move, read at once, judged, and told with a remedy each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field

from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.finding import Finding, Severity, by_weight
from amlmigrate.core.identity import Identity
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.doctor import blockers, policies, source_key
from amlmigrate.doctor.datastores import unread_datastores
from amlmigrate.doctor.effective import Rights
from amlmigrate.doctor.named import missing_at_named
from amlmigrate.doctor.need import SideName, Where
from amlmigrate.doctor.needs import NAMED, OWN_SECRETS, of_stages
from amlmigrate.doctor.needs_told import PROOF
from amlmigrate.doctor.pair import WorkspacePair, target_of
from amlmigrate.doctor.places import places
from amlmigrate.doctor.rights import missing_rights
from amlmigrate.doctor.stores import DatastoresRead, has_secret, paths, stores_of
from amlmigrate.posture import BytePlaces, before_removal, prove
from amlmigrate.posture.tagging import most_sensitive


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Who is signed in on each side, what was found, and the claims about the target.

    `source_claims` are those about the source's key, where it is under a customer's.
    """

    identities: dict[SideName, Identity]
    tenants: dict[SideName, str]
    findings: list[Finding]
    claims: list[Claim] = field(default_factory=list)
    source_claims: list[Claim] = field(default_factory=list)


async def examine(clouds: Session, source: WorkspaceRef | None, target: WorkspaceRef | None) -> DoctorReport:
    """Every check. Raises ServiceError (exit code 6) where not even the workspaces can be read, BadInputError.

    A target whose key is gone answers nobody, and is looked at all the same.
    """
    sides: dict[SideName, Side] = {}
    if source:
        sides["source"] = clouds.source
    if target:
        sides["target"] = clouds.target
    identities = {name: await side.credential.identity() for name, side in sides.items()}
    tenants = {name: await side.credential.tenant() for name, side in sides.items()}
    read = await clouds.source.workspace(source).read() if source else None
    other, lost = await target_of(clouds.target, target) if target else (None, [])
    found = await _checked(clouds, WorkspacePair(read, other), identities, worst="error", probing=True)
    return DoctorReport(identities, tenants, _sorted([*lost, *found.findings]), found.claims, found.source_claims)


async def before_plan(clouds: Session, source: Workspace, target: Workspace) -> list[Finding]:
    """What `plan` adds to a plan's findings: all that the doctor looks at but for the way to the accounts' blobs.

    That way is `plan`'s own, which lists them; so is what policies are predicted to refuse of its steps. An error
    is written into the plan, and `run` refuses it, since a plan is always written. A right that is
    missing is a warning there: it is whoever plans that lacks it, while somebody else may run.
    """
    identities: dict[SideName, Identity] = {
        "source": await clouds.source.credential.identity(),
        "target": await clouds.target.credential.identity(),
    }
    found = await _checked(clouds, WorkspacePair(source, target), identities, worst="warning", probing=False)
    return _sorted(found.findings)


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(found), key=by_weight)


@dataclass(frozen=True, slots=True)
class _Checked:
    findings: list[Finding]
    claims: list[Claim]
    source_claims: list[Claim]


async def _checked(
    clouds: Session, pair: WorkspacePair, identities: dict[SideName, Identity], *, worst: Severity, probing: bool
) -> _Checked:
    """All checks at once; a missing right is as severe as `worst` at most."""
    sides = dict.fromkeys(clouds.source if name == "source" else clouds.target for name in identities)
    stores = await stores_of(clouds, pair)
    work = (
        *(_tokens(side) for side in sides),
        _rights(clouds, pair, identities, stores, worst=worst),
        paths(clouds, pair, stores, probing=probing),
        _blockers(clouds, pair, predicting=probing),
    )
    claims, own, parts = await asyncio.gather(
        _claims(clouds, pair), source_key.read(clouds.source, pair.source), asyncio.gather(*work)
    )
    # What will keep the source when it is to be removed is said before the move, not after the soak.
    told = before_removal(claims) if worst == "error" else findings(claims)
    told += source_key.judged(own, pair.target, claims)
    return _Checked(
        [*(finding for part in parts for finding in part), *told], claims, list(own.claims if own else ())
    )


async def _claims(clouds: Session, pair: WorkspacePair) -> list[Claim]:
    if pair.target is None:
        return []
    sensitive = most_sensitive(*(one for one in (pair.source, pair.target) if one))
    places = await BytePlaces.of_target(clouds.target, pair.target, sensitive=sensitive)
    return await prove(clouds.target, pair.target, places)


async def _rights(
    clouds: Session,
    pair: WorkspacePair,
    identities: dict[SideName, Identity],
    stores: DatastoresRead,
    *,
    worst: Severity,
) -> list[Finding]:
    rights: dict[SideName, Rights] = {}
    for name, who in identities.items():
        side = clouds.source if name == "source" else clouds.target
        one = clouds.source is clouds.target and next(iter(rights.values()), None)
        rights[name] = one or Rights(side.roles, who.object_id)
    read = stores.datastores.get("source")
    secrets = any(has_secret(one) for one in (read.value if read else None) or ())
    found = await missing_rights(
        of_stages(),
        places(pair.source, pair.target),
        rights,
        holds={PROOF, OWN_SECRETS} if secrets else {PROOF},
        worst=worst,
    )
    if pair.source:
        found += await missing_at_named(
            clouds.source, pair.source, of_stages(), rights, holds={NAMED}, worst=worst
        )
    if pair.target and pair.source and read:
        known = stores.accounts["source"] | stores.accounts["target"]
        found += await unread_datastores(clouds.target.roles, pair.target, read.value or (), known)
    return found


async def _blockers(clouds: Session, pair: WorkspacePair, *, predicting: bool) -> list[Finding]:
    work: list[Awaitable[list[Finding]]] = []
    if pair.source:
        work.append(blockers.locks(clouds.source.arm, pair.source, side="source"))
    if target := pair.target:
        arm = clouds.target.arm
        vault = places(None, target).get(Where.TARGET_VAULT, "")
        work += [
            blockers.locks(arm, target, side="target"),
            blockers.providers(arm, target),
            blockers.quotas(arm, target),
            blockers.deleted_vaults(arm, target, vault),
            policies.denying(arm, target),
        ]
        if predicting:
            work.append(policies.predicted(arm, target))
    return [finding for part in await asyncio.gather(*work) for finding in part]


async def _tokens(side: Side) -> list[Finding]:
    """Whether the sign-in gets a token for storage and vaults too; the one for ARM it has by now."""
    found = []
    for scope in side.credential.data_scopes:
        try:
            await side.credential.get_token(scope)
        except DeniedError as error:
            found.append(Finding("error", scope, error.summary, error.remedy, code="token-refused"))
    return found
