"""What `status` asks Azure: who has the lease on a plan's target, and when exemptions of its source end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.cloud.session import Session
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.finding import Finding
from amlmigrate.cutover import together
from amlmigrate.leasing import looking
from amlmigrate.policies.endings import early_ends, not_read
from amlmigrate.posture.reading import Read
from amlmigrate.status.stages import Stages

T = TypeVar("T")
# For so long `status` waits for Azure.
_SOON_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AzureLook:
    """Who has the lease, and the exemptions of the source that end before the move is over, as far as known.

    `ended`: that another plan's `--back` has ended what this one's cutover made live, as a sentence; '' else.
    Where only that could not be read, a finding among the others says so.
    """

    lease: looking.LeaseLook
    early_ends: tuple[Finding, ...] = ()
    ended: str = ""

    def on(self, found: Stages) -> Stages:
        """The stages with what was seen."""
        if not (found.cutover and self.ended):
            return found
        return replace(found, cutover=replace(found.cutover, ended=self.ended))


async def look(shared: CommonOptions, found: Stages) -> AzureLook:
    """What cannot be read soon is unknown. Of a source that is removed, or may be, exemptions matter no more."""
    gone = found.removal is not None or found.removing is not None
    try:
        async with session(shared) as clouds:
            lease = _lease(clouds, found)
            if gone:
                return AzureLook(await lease)
            held, ends, (ended, why) = await asyncio.gather(lease, _ends(clouds, found), _ended(clouds, found))
            # Whoever is not told who has the lease is told that already.
            told = (_not_known(found, why),) if why and not held.unknown else ()
            return AzureLook(held, (*ends, *told), ended)
    except MigrateError as error:
        return AzureLook(_no_lease(found, error), () if gone else (_no_ends(found, error),))


async def _lease(clouds: Session, found: Stages) -> looking.LeaseLook:
    try:
        return await _soon(looking.look(clouds.target, found.plan.header.target_ref))
    except (MigrateError, TimeoutError) as error:
        return _no_lease(found, error)


async def _ends(clouds: Session, found: Stages) -> tuple[Finding, ...]:
    now = datetime.now(UTC)
    source = found.plan.header.source_ref.id
    try:
        return tuple(await _soon(early_ends(clouds.source.arm, source, found.needed_until(now), now)))
    except (MigrateError, TimeoutError) as error:
        return (_no_ends(found, error),)


async def _ended(clouds: Session, found: Stages) -> tuple[str, str]:
    """That another has ended it, and why that is not known, where it is not."""
    if found.cutover is None:
        return "", ""
    try:
        told = await _soon(looking.cutovers(clouds.target, found.plan.header.target_ref))
    except (MigrateError, TimeoutError) as error:
        return "", _why(error)
    source = str(found.plan.header.source["workspaceId"])
    return together.ended(told, found.plan.sha256, source, found.cutover.time), ""


async def _soon(work: Awaitable[T]) -> T:
    async with asyncio.timeout(_SOON_SECONDS):
        return await work


def _no_lease(found: Stages, error: Exception) -> looking.LeaseLook:
    address = found.plan.header.target_ref.id
    return looking.LeaseLook(address, unknown=f"whether the target is being changed: {_why(error)}")


def _not_known(found: Stages, why: str) -> Finding:
    return Finding(
        "warning",
        found.plan.header.target_ref.id,
        f"Not checked: whether another plan's `--back` has ended this cutover: {why}.",
        "See to that, and ask once more, before the source is removed.",
        code="not-checked",
    )


def _no_ends(found: Stages, error: Exception) -> Finding:
    return not_read(found.plan.header.source_ref.id, Read(refused=f"{_why(error)}."))


def _why(error: Exception) -> str:
    return error.summary.rstrip(".") if isinstance(error, MigrateError) else "Azure does not answer"
