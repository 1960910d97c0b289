"""Holds the lease around the work of a command that changes something."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.leases import Leases
from amlmigrate.cloud.session import Session
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError, PlanLockedError, RefusedError
from amlmigrate.core.events import Emit, ignore
from amlmigrate.core.lease import PATH, Holder
from amlmigrate.core.plan import Plan
from amlmigrate.core.run_progress import LeaseKept
from amlmigrate.core.workspace import Location
from amlmigrate.leasing import record, taking
from amlmigrate.leasing.keeping import Keeper
from amlmigrate.ledger import Ledger, leased
from amlmigrate.ledger.lock import Lock

_RELEASE_SECONDS = 5.0


@dataclass
class Lease:
    """The lease as its holder has it."""

    leases: Leases
    place: Location
    id: str
    holder: Holder
    removing: bool = field(default=False, init=False)

    async def record(self) -> Document:
        """What stands in its blob. Raises BadInputError for a newer format."""
        return await record.read(self.leases, self.place)

    async def change(self, members: Mapping[str, object]) -> None:
        """Sets members of what stands in its blob and keeps the others; None takes one away."""
        await record.change(self.leases, self.place, self.id, self.holder, members)

    def remove(self) -> None:
        """Has the blob deleted at the end, instead of released: nobody will need it any more."""
        self.removing = True


@asynccontextmanager
async def holding(
    clouds: Session, plan: Plan, ledger: Ledger, lock: Lock, command: str, emit: Emit, *, dry_run: bool
) -> AsyncIterator[Lease | None]:
    """As `held`, for a command that has a dry run: that changes nothing and takes no lease."""
    if dry_run:
        yield None
        return
    async with held(clouds, plan, ledger, lock, command, emit) as lease:
        yield lease


@asynccontextmanager
async def held(
    clouds: Session, plan: Plan, ledger: Ledger, lock: Lock, command: str, emit: Emit
) -> AsyncIterator[Lease]:
    """Holds the lease on the plan's target; the caller holds the folder's lock, and changes nothing before.

    Once the lease is lost the work inside is cancelled, and no changing request leaves this process. Raises
    PlanLockedError where somebody has it, LeaseLostError where it was lost, DeniedError, RefusedError.
    """
    place = await _place(clouds, plan)
    holder = _holder(plan, ledger.path.parent, command)
    lease = Lease(clouds.target.leases, place, _id(ledger, lock, place, holder), holder)
    try:
        await taking.take(lease.leases, place, lease.id, holder, clouds.fence)
    except BaseException as error:
        # Whether it was taken may be open, so nothing is told; of somebody else's there is nothing to give up.
        if not isinstance(error, PlanLockedError):
            await _give_up(lease, ledger, clouds.fence, ignore)
        raise
    keeper = Keeper(lease.leases, place, lease.id, clouds.fence)
    try:
        async with keeper.keeping():
            yield lease
    finally:
        await _give_up(lease, ledger, clouds.fence, emit)


async def _place(clouds: Session, plan: Plan) -> Location:
    container = await clouds.target.workspace(plan.header.target_ref).default_container()
    if container is None:
        raise RefusedError(
            "The lease on the target cannot be taken: it has no default container.",
            address=plan.header.target_ref.id,
            remedy="Its datastore workspaceblobstore must lead to one; the service creates it with the workspace.",
        )
    return container.below(PATH)


def _holder(plan: Plan, folder: Path, command: str) -> Holder:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(socket.gethostname(), str(folder.resolve()), plan.header.name, command, since)


def _id(ledger: Ledger, lock: Lock, place: Location, holder: Holder) -> str:
    """The id of an earlier process of this folder that is seen to be gone; else a new one, recorded first."""
    before = leased.asked(ledger)
    if before and before.on(place, holder.host, holder.folder) and not lock.forced:
        return before.id
    id_ = str(uuid.uuid4())
    leased.note(ledger, leased.LeaseRequest(id_, place.account, place.container, holder.host, holder.folder))
    return id_


async def _give_up(lease: Lease, ledger: Ledger, fence: Fence, emit: Emit) -> None:
    """Releases it; that it could not be is told, and hides nothing that went wrong before."""
    lost = fence.lost is not None
    give_up = lease.leases.remove if lease.removing and not lost else lease.leases.release
    try:
        async with asyncio.timeout(_RELEASE_SECONDS):
            await give_up(lease.place, lease.id)
    except (ServiceError, OutOfReachError, TimeoutError) as error:
        if lost or (isinstance(error, ServiceError) and error.status in (404, 409)):
            # There is nothing to give up: it is somebody else's by now, or nobody's.
            return
        why = str(error) or "no answer"
        emit(LeaseKept(lease.leases.url(lease.place), why, taking.end()))
        return
    finally:
        fence.lift()
    with suppress(MigrateError):
        # Where it cannot be written, the next command of this folder asks under the same id.
        leased.forget(ledger)
