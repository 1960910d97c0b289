"""Reads what the target's own users refer to: what is not deleted without a decision of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Container
from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import Key, list_both
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Location, Service, SurveyedWorkspace
from amlmigrate.inventory import read_contents, read_json, take
from amlmigrate.inventory.target_users import TargetUsers
from amlmigrate.kinds import own_places

# For so long, or as long again as it took, what was seen is taken for what is there.
_SECONDS = 60.0


async def read_files(
    clouds: Session, source: SurveyedWorkspace, target: Inventory, listed: Map[Key, Listing]
) -> None:
    """Adds to the target's assets what their files name: an asset may read bytes that only a file of it names."""
    # The other way round: that mapping tells the target's own containers from anybody else's.
    back = Mapping(target.workspace, source)
    blobs = {key: one for key, one in listed.items() if one.place.service is Service.BLOB}
    await read_contents(target, clouds.target.blobs, blobs)
    await read_json(target, clouds.target.blobs, blobs, back)


@dataclass(slots=True)
class Needing:
    """Names who of the target refers to a place, or '', as the target is when it is asked.

    A run may copy for days before it deletes, and the target's users do not wait for it. Many steps that delete
    one after the other share a look.
    """

    clouds: Session
    plan: Plan
    source: SurveyedWorkspace
    prior: OwnershipRecord
    # Items that this plan's ledger shows as made by the tool by now: `prior` was read before the run.
    made: Callable[[], Container[str]] = frozenset
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _seen: tuple[float, Callable[[Location], str]] | None = None

    async def now(self) -> Callable[[Location], str]:
        """Looks, unless that was done a moment ago. Raises ServiceError: then nothing is deleted."""
        async with self._lock:
            if self._seen is None or time.monotonic() > self._seen[0]:
                began = time.monotonic()
                refers = await self._look()
                # A look that takes long is not taken again for each step.
                took = time.monotonic() - began
                self._seen = began + took + max(_SECONDS, took), refers
            return self._seen[1]

    async def _look(self) -> Callable[[Location], str]:
        port, asked = self.clouds.target.workspace(self.plan.header.target_ref), self.plan.header.asked
        target = await take(port, users=True, asked=asked)
        mapping = Mapping(self.source, target.workspace)
        listed = await list_both(mapping, self.clouds.source, self.clouds.target, own_places)
        await read_files(self.clouds, self.source, target, listed.target)
        moved = (step for step in self.plan.steps if step.action.carried_out and not step.is_bytes)
        made = self.made()
        own = {one.called for one in moved if self.prior.owns(one.called) or str(one.address.item) in made}
        users = TargetUsers(target, own)
        told = {one.about for one in self.plan.header.findings if one.code == "users-unknown"}
        # What the plan told of was let go by somebody, or nothing would run.
        if new := sorted(users.unknown.keys() - told):
            return lambda _: f"perhaps {new[0]} (what that refers to is not known: {users.unknown[new[0]]})"
        return users.of
