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
class Member:
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
class Left:
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
) -> tuple[list[Member], list[Left]]:
    """Every workspace of the scan, and every source of the targets, is in one of the two lists."""
    wanted = {key_of(source.id): target for source, target in targets.items()}
    found: list[Member] = []
    left: list[Left] = []
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
        Left(source.id, NOT_SCANNED, "It has a target, but the scan has no such workspace.", named=True)
        for source in targets
        if key_of(source.id) not in scanned
    ]
    return found, left


def unread(header: Document) -> list[Left]:
    """Subscriptions, management groups and workspaces that the scan could not read: what is there is not known."""
    return [
        Left(str(one["address"]), NOT_READ, f"The scan could not read it: {one.get('reason')}")
        for one in header.get("unreadable") or ()
    ]


def asked_for(left: Iterable[Left], sources: Iterable[WorkspaceRef]) -> list[Left]:
    """The same, those marked that the sources name."""
    ids = {key_of(source.id) for source in sources}
    return [replace(one, named=one.named or key_of(one.id) in ids) for one in left]


def _left(one: Document, target: WorkspaceRef | None) -> Left | None:
    stopping = next((barrier["text"] for barrier in one["barriers"] if barrier["stops"]), None)
    if stopping:
        return Left(one["id"], NOT_MOVABLE, stopping, named=target is not None)
    if target is not None:
        return None
    if one["encryption"]["kind"] != _MICROSOFT:
        return Left(one["id"], CUSTOMER_KEY, "It stands under a customer's key already.")
    return Left(one["id"], NO_TARGET, "The targets name none for it.")


def _member(one: Document, source: WorkspaceRef, target: WorkspaceRef) -> Member:
    names = sum(count or 0 for count in one["counts"].values())
    size = names if one["bytes"] is None else one["bytes"]
    return Member(source, target, one["workspace_id"], one["environment"], one["risk"]["score"], size)
