"""Takes the lease under an id of our own, or says who has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.leases import Leases
from amlmigrate.core.errors import DeniedError, LeaseLostError, MigrateError, PlanLockedError, RefusedError
from amlmigrate.core.lease import SECONDS, Holder, LeaseState
from amlmigrate.core.workspace import Location

_ACTION = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
# Breaking: somebody has ended it, and its time is not over yet.
_TAKEN = frozenset(
    {"LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired", "LeaseIdMismatchWithLeaseOperation"}
)
_NOT_OURS = frozenset({"LeaseIdMissing", "LeaseIdMismatchWithBlobOperation", "LeaseLost",
                       "LeaseNotPresentWithBlobOperation"})  # fmt: skip
_ENDLESS = "It does not run out by itself: whoever took it has to give it up, or break it in the Azure portal."


async def take(leases: Leases, place: Location, id_: str, holder: Holder, fence: Fence) -> None:
    """Takes the lease, makes its blob where there is none, and writes the holder down.

    Raises PlanLockedError where somebody has it, DeniedError, RefusedError where it cannot be had, and what the
    service says besides.
    """
    try:
        await _acquire(leases, place, id_, holder, fence)
        await leases.describe(place, id_, holder.metadata())
    except ServiceError as error:
        if error.code in _TAKEN:
            raise await _held(leases, place) from error
        raise refusal(error) from error


async def _acquire(leases: Leases, place: Location, id_: str, holder: Holder, fence: Fence) -> None:
    sent = fence.now()

    def sending() -> None:
        nonlocal sent
        sent = fence.now()

    try:
        await leases.acquire(place, id_, sending)
    except ServiceError as error:
        if error.status != 404 or error.code != "BlobNotFound":
            raise
        await leases.create(place, holder.metadata())
        await leases.acquire(place, id_, sending)
    fence.kept(sent, leases.url(place))


def refusal(error: ServiceError) -> MigrateError:
    """What it comes to that the service does not do what is asked of the lease's blob."""
    if error.code in _NOT_OURS:
        return LeaseLostError(
            f"The lease on the target is no longer ours ({error.code}).",
            address=error.url,
            remedy="See with `migrate status` who has it, then run the same command again.",
        )
    if error.status == 404:
        return RefusedError(
            f"The lease on the target cannot be taken: its default container is not there ({error.code}).",
            address=error.url,
            remedy="Make the container again, or have the target's workspaceblobstore lead to one that is there.",
        )
    if error.status in (401, 403) and not error.code.startswith("KeyVault"):
        return DeniedError(
            f"Azure refused the lease on the target: {error.status} {error.code}: {error.message.rstrip('.')}.",
            address=error.url,
            remedy=f"Grant a role with '{_ACTION}' on the target's account, as Storage Blob Data Contributor has,"
            " or open its firewall to this machine.",
        )
    if error.status == 409 and "Immutab" in error.code:
        return RefusedError(
            f"The lease on the target cannot be taken: a hold or policy keeps its blob as it is ({error.code}).",
            address=error.url,
            remedy="Take the legal hold or immutability policy off the target's default container until the source"
            " is removed.",
        )
    return error


async def _held(leases: Leases, place: Location) -> PlanLockedError:
    try:
        found = await leases.state(place)
    except MigrateError:
        # Who has it is not known then; that somebody has is.
        found = LeaseState(held=True)
    return locked(found, leases.url(place))


def locked(found: LeaseState, address: str) -> PlanLockedError:
    """What is said to whoever comes while somebody has the lease."""
    return PlanLockedError(
        f"The target is being changed: {who(found)}.", address=address, remedy=f"{until(found)} Then run it again."
    )


def who(found: LeaseState) -> str:
    """Who has the lease, for people."""
    return (
        f"its lease is held by {found.holder}" if found.holder else "its lease is held, and does not say by whom"
    )


def until(found: LeaseState) -> str:
    """How long that may last, for people."""
    if found.endless:
        return _ENDLESS
    return f"Wait for its end; where that process is gone, the lease runs out by {end()} at the latest."


def end() -> str:
    """When a lease that is renewed no more has run out at the latest: UTC, ISO 8601."""
    return (datetime.now(UTC) + timedelta(seconds=SECONDS)).isoformat(timespec="seconds")
