"""Datastores and storage accounts on both sides of a move, and whether this machine gets to the accounts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import DATASTORES, SYSTEM_DATASTORES, Workspace
from amlmigrate.doctor import network
from amlmigrate.doctor.need import SideName
from amlmigrate.doctor.pair import WorkspacePair
from amlmigrate.doctor.unchecked import unchecked
from amlmigrate.posture.reading import Read, tried, tried_list

_REACH_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class DatastoresRead:
    """Datastores of each side, and the accounts that the identity sees there, by name in lower case."""

    datastores: dict[SideName, Read[list[Document]]]
    accounts: dict[SideName, dict[str, Document]]
    refused: dict[SideName, str]


async def stores_of(clouds: Session, pair: WorkspacePair) -> DatastoresRead:
    """Reads them, as far as they may be read."""
    names: list[tuple[SideName, Side, Workspace]] = []
    if pair.source:
        names.append(("source", clouds.source, pair.source))
    if pair.target:
        names.append(("target", clouds.target, pair.target))
    reads = await asyncio.gather(
        *(tried_list(side.arm, f"{workspace.id}/{DATASTORES}") for _, side, workspace in names),
        *(_accounts(side.arm, workspace) for _, side, workspace in names),
    )
    half = len(names)
    found_stores: Any = dict(zip((name for name, *_ in names), reads[:half], strict=True))
    accounts: Any = dict(zip((name for name, *_ in names), reads[half:], strict=True))
    return DatastoresRead(
        found_stores,
        {name: found for name, (found, _) in accounts.items()},
        {name: refused for name, (_, refused) in accounts.items()},
    )


async def _accounts(arm: Arm, workspace: Workspace) -> tuple[dict[str, Document], str]:
    """The accounts of a workspace's subscription, and the workspace's own wherever it lies."""
    path = f"/subscriptions/{workspace.ref.subscription}/providers/Microsoft.Storage/storageAccounts"
    listed, own = await asyncio.gather(tried_list(arm, path), tried(arm.get(workspace.storage_account_id)))
    found = [*(listed.value or ()), *([own.value] if own.value else [])]
    return {str(one.get("name", "")).lower(): one for one in found}, own.refused


def has_secret(datastore: Document) -> bool:
    """Whether it is a datastore of the users' own whose secret moves with it."""
    kind = (properties_of(datastore).get("credentials") or {}).get("credentialsType")
    return str(kind or "None") != "None" and datastore.get("name") not in SYSTEM_DATASTORES


async def paths(clouds: Session, pair: WorkspacePair, stores: DatastoresRead, *, probing: bool) -> list[Finding]:
    """What is in the way of the copies; with `probing` the accounts themselves are asked too."""
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
            read_account: Read[Document] = Read(refused=stores.refused[name])
            action = "Microsoft.Storage/storageAccounts/read"
            what = "the network of the storage account"
            found.append(unchecked(workspace.storage_account_id, read_account, what, action))
            account = {"id": workspace.storage_account_id}
        reached[name] = await _reached(side, workspace, account) if probing else network.Reached(account)
        read = stores.datastores[name]
        found += network.keys_refused(read.value or (), stores.accounts[name], side=name)
    empty = network.Reached({})
    same = await _same_tenant(clouds)
    return [
        *network.paths(reached.get("source", empty), reached.get("target", empty), same_tenant=same),
        *found,
    ]


async def _same_tenant(clouds: Session) -> bool:
    """Whether both sides are of one Entra tenant, by the ids in their tokens: an option may name a domain."""
    if clouds.source is clouds.target:
        return True
    source, target = [(await side.credential.tenant()).lower() for side in (clouds.source, clouds.target)]
    return source == target != ""


async def _reached(side: Side, workspace: Workspace, account: Document) -> network.Reached:
    """Tries the account's data plane: a refusal for a right is not the firewall's."""
    try:
        async with asyncio.timeout(_REACH_SECONDS):
            await side.blobs.containers(workspace.storage_account)
    except ServiceError as error:
        firewall = error.status == 403 and error.code == "AuthorizationFailure"
        return network.Reached(account, error.summary, firewall)
    except DeniedError as error:
        return network.Reached(account, error.summary)
    except (OutOfReachError, TimeoutError):
        return network.Reached(account, "no answer", by_firewall=True)
    return network.Reached(account)
