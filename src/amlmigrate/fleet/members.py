"""Which workspaces of a scan are planned, and why the others are not: nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import WorkspaceRef

NO_TARGET, NOT_SCANNED, NOT_MOVABLE, CUSTOMER_KEY = "no-target", "not-scanned", "not-movable", "customer-key"
NOT_READ = "not-read"
_MICROSOFT = "microsoft"


@dataclass(frozen=True, slots=True)
class FleetMember:
    """A workspace to plan: `size` is its bytes where the scan counted them, else the number of its names."""

    source: WorkspaceRef
    target: WorkspaceRef
    workspace_id: str
    environment: str | None
    score: int
    size: int

    @property
    def id(self) -> str:
        """The ARM id of the source."""
        return self.source.id


@dataclass(frozen=True, slots=True)
class UnplannedMember:
    """One that is not planned; `named` says that a file of the fleet asks for it all the same."""

    id: str
    state: str
    reason: str
    named: bool = False

    @property
    def open(self) -> bool:
        """Whether something is missing from what was asked for, so that somebody has to do something about it."""
        return self.named or self.state in (NO_TARGET, NOT_SCANNED, NOT_READ)


def members(
    workspaces: Iterable[Document], targets: Mapping[WorkspaceRef, WorkspaceRef]
) -> tuple[list[FleetMember], list[UnplannedMember]]:
    """Every workspace of the scan, and every source of the targets, is in one of the two lists."""
    wanted = {key_of(source.id): target for source, target in targets.items()}
    found: list[FleetMember] = []
    left: list[UnplannedMember] = []
    scanned: set[str] = set()
    for one in workspaces:
        source = WorkspaceRef.parse(one["id"])
        scanned.add(key_of(source.id))
        target = wanted.get(key_of(source.id))
        if (why := _left(one, target)) is not None:
            left.append(why)
        elif target is not None:
            found.append(_member(one, source, target))
    left += [
        UnplannedMember(source.id, NOT_SCANNED, "It has a target, but the scan has no such workspace.", named=True)
        for source in targets
        if key_of(source.id) not in scanned
    ]
    return found, left


def unread(header: Document) -> list[UnplannedMember]:
    """Subscriptions, management groups and workspaces that the scan could not read: what is there is not known."""
    return [
        UnplannedMember(str(one["address"]), NOT_READ, f"The scan could not read it: {one.get('reason')}")
        for one in header.get("unreadable") or ()
    ]


def asked_for(left: Iterable[UnplannedMember], sources: Iterable[WorkspaceRef]) -> list[UnplannedMember]:
    """The same, those marked that the sources name."""
    ids = {key_of(source.id) for source in sources}
    return [replace(one, named=one.named or key_of(one.id) in ids) for one in left]


def _left(one: Document, target: WorkspaceRef | None) -> UnplannedMember | None:
    stopping = next((barrier["text"] for barrier in one["barriers"] if barrier["stops"]), None)
    if stopping:
        return UnplannedMember(one["id"], NOT_MOVABLE, stopping, named=target is not None)
    if target is not None:
        return None
    if one["encryption"]["kind"] != _MICROSOFT:
        return UnplannedMember(one["id"], CUSTOMER_KEY, "It is under a customer's key already.")
    return UnplannedMember(one["id"], NO_TARGET, "The targets name none for it.")


def _member(one: Document, source: WorkspaceRef, target: WorkspaceRef) -> FleetMember:
    names = sum(count or 0 for count in one["counts"].values())
    size = names if one["bytes"] is None else one["bytes"]
    return FleetMember(source, target, one["workspace_id"], one["environment"], one["risk"]["score"], size)
