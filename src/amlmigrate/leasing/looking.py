"""Looks who has the lease, for commands that change nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.finding import Finding
from amlmigrate.core.lease import PATH, LeaseState
from amlmigrate.core.plan import Plan
from amlmigrate.core.switched import TARGET, Switched
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.evidence import Cutover
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.leasing import record, taking
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.lock import Lock

_FREE = LeaseState(held=False)


@dataclass(frozen=True, slots=True)
class LeaseLook:
    """How the lease stood, and at which address; `unknown` says why that could not be read, else it is empty."""

    address: str
    state: LeaseState = field(default=_FREE)
    unknown: str = ""

    def text(self) -> str:
        """For people: who has it, or why that is not known; empty where nobody has it."""
        return taking.who(self.state) if self.state.held else self.unknown

    def as_dict(self) -> dict[str, Any]:
        """What `status` shows of it: the lease, and a line where there is something to say."""
        line = (
            f"the target may be being changed: {self.text()}"
            if self.state.held
            else f"not checked: {self.unknown}"
        )
        holder = self.state.holder
        lease = {
            "held": None if self.unknown else self.state.held,
            "holder": holder.as_dict() if holder and self.state.held else None,
        }
        return {"lease": lease, "lines": [line] if self.text() else []}

    def finding(self) -> Finding | None:
        """What a plan says of it."""
        if self.state.held:
            summary = f"The target may have been changed while this was planned: {self.text()}."
            remedy = "Plan again when that has ended."
            return Finding("warning", self.address, summary, remedy, code="target-in-use")
        if self.unknown:
            remedy = "See to the right to read the target's blobs, then plan again."
            return Finding("warning", self.address, f"Not checked: {self.unknown}.", remedy, code="not-checked")
        return None


async def look(side: Side, target: WorkspaceRef) -> LeaseLook:
    """Reads the lease on a target; no right to is an answer. Raises what else the service says."""
    address = target.id
    try:
        container = await side.workspace(target).default_container()
        if container is None:
            return LeaseLook(address)
        place = container.below(PATH)
        address = side.leases.url(place)
        return LeaseLook(address, await side.leases.state(place))
    except ServiceError as error:
        if error.status not in (401, 403):
            raise
        why = f"whether the target is being changed: its lease could not be read ({error.status} {error.code})"
        return LeaseLook(address, unknown=why)


async def switched(side: Side, target: WorkspaceRef, source_workspace_id: str) -> tuple[Switched, ...]:
    """What cutovers of a source that stand have changed, half made ones in the source; nothing where unreadable.

    That it could not be read is told by `look`. Raises BadInputError for what is of a newer format.
    """
    try:
        return came_about(await changed(side, target, source_workspace_id))
    except ServiceError as error:
        if error.status not in (401, 403):
            raise
        return ()


async def changed(side: Side, target: WorkspaceRef, source_workspace_id: str) -> list[dict[str, Any]]:
    """The lines of the lease's blob of what cutovers of a source have changed, each with its plan and its state.

    Raises BadInputError for what is of a newer format, and what the service says, also that nobody may read it.
    """
    lines = (await cutovers(side, target)).get("changed")
    return [one for one in lines or () if one.get("workspaceId") == source_workspace_id]


async def cutovers(side: Side, target: WorkspaceRef) -> dict[str, Any]:
    """What the lease's blob says of cutovers. Raises as `changed` does."""
    container = await side.workspace(target).default_container()
    found = await record.read(side.leases, container.below(PATH)) if container else {}
    cutover = found.get(Cutover.record)
    return cutover if isinstance(cutover, dict) else {}


async def cutovers_shown(side: Side, target: WorkspaceRef) -> dict[str, Any]:
    """The same for a dry run; nothing where it may not be read, as the command itself then says."""
    try:
        return await cutovers(side, target)
    except ServiceError as error:
        if error.status not in (401, 403):
            raise
        return {}


def came_about(lines: Iterable[dict[str, Any]]) -> tuple[Switched, ...]:
    """What such lines say was changed, in the target only for certain."""
    # What one was cut off at may never have come about: in the target it says nothing of what people did since.
    came = (one for one in lines if one.get("side") != TARGET or one.get("state") == SwitchState.CHANGED)
    return tuple(map(Switched.of_dict, came))


async def refuse_changing(side: Side, plan: Plan, ledger: Ledger) -> str:
    """Raises PlanLockedError while somebody changes the plan's target; returns why that is not known, else ''."""
    found = await look(side, plan.header.target_ref)
    refuse_living(found, Lock(ledger), ledger.path.parent)
    return found.unknown


def refuse_living(found: LeaseLook, lock: Lock, folder: Path) -> None:
    """Raises PlanLockedError while somebody has the lease who is not seen to be gone.

    One of this very folder on this host is, where the folder's lock shows no process that lives.
    """
    holder = found.state.holder
    own = holder is not None and holder.is_of(socket.gethostname(), str(folder.resolve()))
    if found.state.held and not (own and not lock.holder_lives()):
        raise taking.locked(found.state, found.address)
