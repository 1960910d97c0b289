"""The doctor: everything that can be known before a move, read at once, judged, and told with a remedy each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Session, Side
from amlmigrate.cmk.doctor import blockers, network, policies
from amlmigrate.cmk.doctor.datastores import unread_datastores
from amlmigrate.cmk.doctor.effective import Rights
from amlmigrate.cmk.doctor.needs import DOCTOR, OWN_SECRETS, PLAN, RUN, STAGES, SideName, Where, needs
from amlmigrate.cmk.doctor.places import places
from amlmigrate.cmk.doctor.rights import missing_rights
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, DeniedError
from amlmigrate.core.finding import Finding, Severity
from amlmigrate.core.identity import Identity
from amlmigrate.core.workspace import Workspace, WorkspaceRef
from amlmigrate.posture import prove
from amlmigrate.posture.reading import Read, missing_action, tried

_REACH_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Either workspace may be left out; what concerns it is then not looked at."""

    source: Workspace | None
    target: Workspace | None


@dataclass(frozen=True, slots=True)
class Report:
    """Who is signed in on each side, what was found, and the claims about the target."""

    identities: dict[SideName, Identity]
    tenants: dict[SideName, str]
    findings: list[Finding]
    claims: list[Claim] = field(default_factory=list)


async def examine(clouds: Session, source: WorkspaceRef | None, target: WorkspaceRef | None) -> Report:
    """Every check. Raises ServiceError (exit code 6) where not even the workspaces can be read, BadInputError."""
    sides: dict[SideName, Side] = {}
    if source:
        sides["source"] = clouds.source
    if target:
        sides["target"] = clouds.target
    identities = {name: await side.credential.identity() for name, side in sides.items()}
    tenants = {name: await side.credential.tenant() for name, side in sides.items()}
    pair = Pair(
        await clouds.source.workspace(source).read() if source else None,
        await _target(clouds.target, target) if target else None,
    )
    tokens = [finding for side in dict.fromkeys(sides.values()) for finding in await _tokens(side)]
    stores = await _stores(clouds, pair)
    claims, *found = await asyncio.gather(
        _claims(clouds, pair),
        _rights(clouds, pair, identities, stores, (*STAGES, DOCTOR), worst="error"),
        _paths(clouds, pair, stores, probing=True),
        _blockers(clouds, pair),
    )
    told = [*tokens, *(finding for part in found for finding in part), *findings(claims)]
    return Report(identities, tenants, sorted(dict.fromkeys(told), key=lambda one: one.severity), claims)


async def _target(side: Side, ref: WorkspaceRef) -> Workspace:
    try:
        return await side.workspace(ref).read()
    except BadInputError as error:
        # Azure lists no soft-deleted workspaces, but their names are blocked (azure-facts §3).
        raise BadInputError(
            error.summary,
            address=error.address,
            remedy=f"{error.remedy} One that was deleted in the last 14 days blocks its name until it is recovered"
            " in the portal, or purged by a DELETE with forceToPurge=true.",
        ) from error


async def before_plan(clouds: Session, source: Workspace, target: Workspace) -> list[Finding]:
    """What `plan` adds to a plan's findings: the posture, the network and the keys of both accounts, and rights.

    An error is written into the plan, and `run` refuses it, since the contract has a plan always written. A
    right that is missing is a warning there: it is whoever plans that lacks it, while somebody else may run.
    """
    pair = Pair(source, target)
    identities: dict[SideName, Identity] = {
        "source": await clouds.source.credential.identity(),
        "target": await clouds.target.credential.identity(),
    }
    stores = await _stores(clouds, pair)
    claims, rights, paths = await asyncio.gather(
        _claims(clouds, pair),
        _rights(clouds, pair, identities, stores, (PLAN, RUN), worst="warning"),
        _paths(clouds, pair, stores, probing=False),
    )
    return sorted(dict.fromkeys([*findings(claims), *paths, *rights]), key=lambda one: one.severity)


@dataclass(frozen=True, slots=True)
class Stores:
    """Datastores of each side, and the accounts that the identity sees there, by name in lower case."""

    datastores: dict[SideName, Read[list[Document]]]
    accounts: dict[SideName, dict[str, Document]]
    refused: dict[SideName, str]


async def _stores(clouds: Session, pair: Pair) -> Stores:
    names: list[tuple[SideName, Side, Workspace]] = []
    if pair.source:
        names.append(("source", clouds.source, pair.source))
    if pair.target:
        names.append(("target", clouds.target, pair.target))
    reads = await asyncio.gather(
        *(tried(_all(side.arm, f"{workspace.id}/datastores")) for _, side, workspace in names),
        *(_accounts(side.arm, workspace) for _, side, workspace in names),
    )
    half = len(names)
    stores: Any = dict(zip((name for name, *_ in names), reads[:half], strict=True))
    accounts: Any = dict(zip((name for name, *_ in names), reads[half:], strict=True))
    return Stores(
        stores,
        {name: found for name, (found, _) in accounts.items()},
        {name: refused for name, (_, refused) in accounts.items()},
    )


async def _accounts(arm: Arm, workspace: Workspace) -> tuple[dict[str, Document], str]:
    """The accounts of a workspace's subscription, and the workspace's own wherever it lies."""
    path = f"/subscriptions/{workspace.ref.subscription}/providers/Microsoft.Storage/storageAccounts"
    listed, own = await asyncio.gather(tried(_all(arm, path)), tried(arm.get(workspace.storage_account_id)))
    found = [*(listed.value or ()), *([own.value] if own.value else [])]
    return {str(one.get("name", "")).lower(): one for one in found}, own.refused


async def _claims(clouds: Session, pair: Pair) -> list[Claim]:
    return await prove(clouds.target, pair.target) if pair.target else []


async def _rights(
    clouds: Session,
    pair: Pair,
    identities: dict[SideName, Identity],
    stores: Stores,
    stages: Iterable[str],
    *,
    worst: Severity,
) -> list[Finding]:
    rights: dict[SideName, Rights] = {}
    for name, who in identities.items():
        side = clouds.source if name == "source" else clouds.target
        one = clouds.source is clouds.target and next(iter(rights.values()), None)
        rights[name] = one or Rights(side.roles, who.object_id)
    read = stores.datastores.get("source")
    secrets = any(_has_secret(one) for one in (read.value if read else None) or ())
    found = await missing_rights(
        needs(*stages),
        places(pair.source, pair.target),
        rights,
        holds={OWN_SECRETS} if secrets else frozenset(),
        worst=worst,
    )
    if pair.target and pair.source and read:
        known = stores.accounts["source"] | stores.accounts["target"]
        found += await unread_datastores(clouds.target.roles, pair.target, read.value or (), known)
    return found


def _has_secret(datastore: Document) -> bool:
    kind = ((datastore.get("properties") or {}).get("credentials") or {}).get("credentialsType")
    return str(kind or "None") != "None" and not str(datastore.get("name", "")).startswith("workspace")


async def _paths(clouds: Session, pair: Pair, stores: Stores, *, probing: bool) -> list[Finding]:
    found: list[Finding] = []
    reached: dict[SideName, network.Reached] = {}
    sides: tuple[tuple[SideName, Side, Workspace | None], ...] = (
        ("source", clouds.source, pair.source),
        ("target", clouds.target, pair.target),
    )
    for name, side, workspace in sides:
        if workspace is None:
            continue
        account = stores.accounts[name].get(workspace.storage_account.lower())
        if account is None:
            found.append(_unread_account(workspace, stores.refused[name]))
            account = {"id": workspace.storage_account_id}
        reached[name] = await _reached(side, workspace, account) if probing else network.Reached(account)
        read = stores.datastores[name]
        found += network.keys_refused(read.value or (), stores.accounts[name], side=name)
    empty = network.Reached({})
    same = clouds.source.login.tenant == clouds.target.login.tenant
    return [
        *network.paths(reached.get("source", empty), reached.get("target", empty), same_tenant=same),
        *found,
    ]


async def _reached(side: Side, workspace: Workspace, account: Document) -> network.Reached:
    """Tries the account's data plane: a refusal for a right is not the firewall's."""
    try:
        async with asyncio.timeout(_REACH_SECONDS):
            await side.blobs.containers(workspace.storage_account)
    except ServiceError as error:
        firewall = error.status == 403 and error.code == "AuthorizationFailure"
        return network.Reached(account, error.summary, firewall)
    except (OutOfReachError, TimeoutError):
        return network.Reached(account, "no answer", by_firewall=True)
    return network.Reached(account)


def _unread_account(workspace: Workspace, refused: str) -> Finding:
    missing = missing_action(refused, "Microsoft.Storage/storageAccounts/read")
    return Finding(
        "warning",
        workspace.storage_account_id,
        f"Not checked: the network of the storage account could not be read. {refused}".strip(),
        f"Grant '{missing}' on it (the role Reader has it).",
    )


async def _blockers(clouds: Session, pair: Pair) -> list[Finding]:
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
    return [finding for part in await asyncio.gather(*work) for finding in part]


async def _tokens(side: Side) -> list[Finding]:
    """Whether the sign-in gets a token for storage and vaults too; the one for ARM it has by now."""
    found = []
    for scope in side.credential.data_scopes:
        try:
            await side.credential.get_token(scope)
        except DeniedError as error:
            found.append(Finding("error", scope, error.summary, error.remedy))
    return found


async def _all(arm: Arm, path: str) -> list[Document]:
    return [item async for item in arm.pages(path)]
