"""What a removal sets out to do, recorded before anything is removed, and what it says when it is done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.decommissioning.containers import Deleted
from amlmigrate.decommissioning.removal import blocking
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Report

# The evidence that ends a removal.
RECORD = "decommission"
# A deleted workspace can be recovered for so long (azure-facts, section 0).
_RECOVERABLE = timedelta(days=14)
_BEGUN = "decommission"
_REMAINING = {
    "storage account": "storageAccount",
    "key vault": "keyVault",
    "container registry": "containerRegistry",
    "application insights": "applicationInsights",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What can be asked only while the workspace is there, and what it leaves."""

    remains: list[Document]
    role_assignments: list[Document] | None
    frozen: list[Document]
    # Each of the workspace's own containers, and of those the deletable ones with the digest of their listings.
    containers: list[str]
    deletable: dict[str, str]


async def remaining(side: Side, workspace: Workspace) -> list[Document]:
    """What the workspace was made of, which stays, each with its own encryption; None where it tells none."""
    found: list[Document] = []
    for what, name in _REMAINING.items():
        resource = workspace.properties.get(name)
        if resource:
            properties = ((await _read(side, str(resource))) or {}).get("properties") or {}
            found.append({"what": what, "id": resource, "encryption": properties.get("encryption")})
    return found


async def _read(side: Side, resource: str) -> Document | None:
    try:
        return await side.arm.get(resource)
    except ServiceError as error:
        if error.status != 403:
            raise
        return None


async def going(side: Side, workspace_id: str) -> list[Document] | None:
    """The role assignments at the workspace and below, which go with it; None without the right to read them."""
    try:
        found = await side.roles.assignments(workspace_id)
    except ServiceError as error:
        if error.status != 403:
            raise
        return None
    names = ("principalId", "principalType", "roleDefinitionId", "scope")
    documents = [(one["id"], one.get("properties") or {}) for one in found]
    return [
        {"id": id_, **{name: properties.get(name) for name in names}}
        for id_, properties in sorted(documents, key=lambda one: str(one[0]))
        if f"{properties.get('scope', '')}/".lower().startswith(f"{workspace_id}/".lower())
    ]


def begun(ledger: Ledger) -> Document | None:
    """What an earlier removal set out to do."""
    text = ledger.meta().get(_BEGUN)
    return _whole(json.loads(text)) if text else None


def _whole(found: Document) -> Document:
    """A note as this version writes it: an older one told containers among what remains, and no more of them.

    What it meant to delete stays: nothing is recorded by which it could be proven again.
    """
    if "containers" in found:
        return found
    told = [one["id"] for one in found["remains"] if one["what"] == "container"]
    rest = {name: value for name, value in found.items() if name != "containers_deleted"}
    return {
        "deleted": None,
        "frozen": [],
        "warnings": [],
        "role_assignments": None,
        "deletable": {},
        **rest,
        "remains": [one for one in found["remains"] if one["what"] != "container"],
        "containers": [*told, *found.get("containers_deleted", ())],
    }


def ended(found: Document, reports: Iterable[Report]) -> Report | None:
    """The last tombstone of that removal; None while it has none."""
    return next(
        (
            report
            for report in reversed(list(reports))
            if report.content["record"] == RECORD
            and all(report.content.get(name) == found[name] for name in ("begun", "deleted"))
        ),
        None,
    )


def begin(
    ledger: Ledger, plan: Plan, source: Inventory, around: Surroundings, *, purge: bool, before: Document | None
) -> Document:
    """Records what will be: afterwards the source cannot be asked any more.

    `before` is what an earlier attempt, cut off, set out to do: what it removed is still its.
    """
    earlier = before or {}
    first = dict.fromkeys([*earlier.get("removed_first", ()), *(str(left.address) for left in blocking(source))])
    found = {
        "format": 1,
        "plan": {"name": plan.header.name, "sha256": plan.sha256},
        "source": plan.header.source,
        "target": plan.header.target,
        "purged": purge,
        "begun": earlier.get("begun") or _now(),
        "deleted": None,
        "remains": around.remains,
        "containers": around.containers,
        "frozen": around.frozen,
        "warnings": [finding.as_dict() for finding in plan.header.findings],
        "role_assignments": around.role_assignments,
        "removed_first": list(first),
        "deletable": around.deletable,
    }
    return note(ledger, found)


def note(ledger: Ledger, found: Document, **changed: Any) -> Document:
    """Records it, with what has changed."""
    found = {**found, **changed}
    ledger.note(_BEGUN, json.dumps(found))
    return found


def deleting(ledger: Ledger, found: Document) -> Document:
    """Records when the workspace's deletion was asked for: the time to recover it counts from there."""
    return note(ledger, found, deleted=_now())


def source_of(plan: Plan, found: Document) -> Workspace:
    """What is known of the source once it is gone."""
    account = next((one["id"] for one in found["remains"] if one["what"] == "storage account"), "")
    properties = {"workspaceId": plan.header.source["workspaceId"], "storageAccount": account}
    return Workspace(plan.header.source_ref, {"id": plan.header.source["id"], "properties": properties})


def recoverable_until(found: Document) -> str | None:
    """Until when the workspace can be recovered; None when it was purged."""
    if found["purged"]:
        return None
    since = datetime.fromisoformat(found["deleted"] or found["begun"])
    return (since + _RECOVERABLE).isoformat(timespec="seconds")


def without(ledger: Ledger, found: Document, deleted: Iterable[str]) -> Document:
    """Records that these containers are gone."""
    removed = set(deleted)
    return note(
        ledger,
        found,
        containers=[name for name in found["containers"] if name not in removed],
        deletable={name: sha for name, sha in found["deletable"].items() if name not in removed},
    )


def tombstone(found: Document, done: Deleted) -> Document:
    """What remains, where, under whose key, and until when."""
    removed = done.deleted
    account: Document = next((one for one in found["remains"] if one["what"] == "storage account"), {})
    there = [name for name in found["containers"] if name not in removed]
    containers = [{"what": "container", "id": name, "encryption": account.get("encryption")} for name in there]
    left_out = ("containers", "deletable", "remains")
    return {
        **{name: value for name, value in found.items() if name not in left_out},
        "time": _now(),
        "recoverable_until": recoverable_until(found),
        "remains": [*found["remains"], *containers],
        "containers_deleted": removed,
        "containers_kept": [one.as_dict() for one in done.kept],
        "accepted_unseen": [one.as_dict() for one in done.unseen],
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
