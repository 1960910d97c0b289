"""Removes the workspace: first what blocks its deletion, then itself, then what was asked for beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.blobs import Blobs
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.asset import Inventory, Leftover
from amlmigrate.core.documents import Document
from amlmigrate.core.events import Emit, Event
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import all_kinds
from amlmigrate.ledger import Ledger

# What ARM names as nested when it refuses to delete a workspace, children first (azure-facts, section 3).
_COMPUTES = "computes"
_BLOCKING = ("schedules", "onlineEndpoints", "batchEndpoints", _COMPUTES)
# A deleted workspace can be recovered for so long (azure-facts, section 0).
_RECOVERABLE = timedelta(days=14)
_BEGUN = "decommission"
# The evidence that ends it.
RECORD = "decommission"


async def locks(arm: Arm, workspace_id: str) -> list[dict[str, Any]]:
    """The locks on the workspace, its group and its subscription."""
    path = f"{workspace_id}/providers/Microsoft.Authorization/locks"
    return [lock async for lock in arm.pages(path)]


async def remove(port: WorkspacePort, source: Inventory, *, purge: bool, emit: Emit) -> None:
    """Deletes the workspace and waits until it is gone; assets go with it."""
    for left in _blocking(source):
        emit(Event("decommission.removing", {"address": str(left.address)}))
        await port.delete(str(left.address), _query(left))
    for asset in source.assets.values():
        await all_kinds()[asset.address.kind].retire(port, asset)
    emit(Event("decommission.removing", {"address": port.ref.id}))
    await port.arm.delete(port.ref.id, {"forceToPurge": "true"} if purge else {})


def _blocking(source: Inventory) -> list[Leftover]:
    return sorted((left for left in source.leftovers if left.address.kind in _BLOCKING), key=_children_first)


def _children_first(left: Leftover) -> tuple[int, bool, str]:
    return (_BLOCKING.index(left.address.kind), left.address.version is None, str(left.address))


def _query(left: Leftover) -> dict[str, str]:
    """A compute says what becomes of what is behind it: an attached cluster is the customer's, and stays."""
    if left.address.kind != _COMPUTES:
        return {}
    attached = ((left.document or {}).get("properties") or {}).get("isAttachedCompute")
    return {"underlyingResourceAction": "Detach" if attached else "Delete"}


async def remove_containers(blobs: Blobs, begun: Document, emit: Emit) -> None:
    """Deletes the workspace's own containers, where that was asked for."""
    for text in begun["containers_deleted"]:
        emit(Event("decommission.removing", {"address": text}))
        account, container = text.split("/")
        await blobs.delete_container(Location(account, container))


async def keeping(blobs: Blobs, begun: Document) -> Document:
    """The same removal without deleting containers: those that are still there remain."""
    there: set[str] = set()
    for account in {text.split("/")[0] for text in begun["containers_deleted"]}:
        there |= {f"{account}/{name}" for name in await blobs.containers(account)}
    kept = [name for name in begun["containers_deleted"] if name in there]
    return {
        **begun,
        "remains": [*begun["remains"], *({"what": "container", "id": name} for name in kept)],
        "containers_deleted": [name for name in begun["containers_deleted"] if name not in there],
    }


def begun(ledger: Ledger) -> Document | None:
    """What an earlier removal set out to do, if it was cut off."""
    text = ledger.meta().get(_BEGUN)
    found: Document | None = json.loads(text) if text else None
    return found


def begin(
    ledger: Ledger,
    plan: Plan,
    source: Inventory,
    places: list[Location],
    *,
    purge: bool,
    delete: bool,
    frozen: list[Document],
) -> Document:
    """Records, before anything is removed, what will be: afterwards the source cannot be asked any more."""
    workspace = source.workspace
    names = [f"{place.account}/{place.container}" for place in places]
    kept = [] if delete else names
    found = {
        "format": 1,
        "plan": {"name": plan.header.name, "sha256": plan.sha256},
        "source": plan.header.source,
        "target": plan.header.target,
        "purged": purge,
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
        "remains": [
            {"what": "storage account", "id": workspace.storage_account_id},
            {"what": "key vault", "id": workspace.properties.get("keyVault")},
            {"what": "container registry", "id": workspace.properties.get("containerRegistry")},
            {"what": "application insights", "id": workspace.properties.get("applicationInsights")},
            *({"what": "container", "id": name} for name in kept),
        ],
        "frozen": frozen,
        "warnings": [finding.as_dict() for finding in plan.header.findings],
        "removed_first": [str(left.address) for left in _blocking(source)],
        "containers_deleted": names if delete else [],
        "encryption_of_what_remains": workspace.properties.get("encryption") or "Microsoft-managed keys",
    }
    ledger.note(_BEGUN, json.dumps(found))
    return found


def tombstone(begun: Document) -> Document:
    """What remains, where, under whose key, and until when."""
    now = datetime.now(UTC)
    until = None if begun["purged"] else (now + _RECOVERABLE).isoformat(timespec="seconds")
    return {**begun, "time": now.isoformat(timespec="seconds"), "recoverable_until": until}
