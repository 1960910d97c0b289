"""Reads every asset on both sides with the client that users have: what it cannot read is not migrated."""

from __future__ import annotations

import asyncio

from amlmigrate.cloud.sdk import SdkReader
from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.events import Emit, Event
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.translation import Difference
from amlmigrate.kinds import all_kinds


async def compare_readers(plan: Plan, session: Session, emit: Emit) -> list[Difference]:
    """What MLClient reads in the source and not in the target; unreadable on both sides is no difference."""
    wanted = [
        (step.address, all_kinds()[step.address.kind].sdk_operations)
        for step in plan.steps
        if step.address.kind in all_kinds()
        and step.action in (Action.CREATE, Action.UPDATE, Action.ADOPT)
        and not step.address.archive
        # MLClient has no way to get a container alone.
        and not (step.address.version is None and all_kinds()[step.address.kind].versioned)
    ]
    emit(Event("verify.sdk", {"assets": 2 * len(wanted)}))

    def read(address: Address) -> None:
        emit(Event("verify.read", {"address": str(address)}))

    readers = (
        SdkReader(session.source.login, plan.header.source_ref),
        SdkReader(session.target.login, plan.header.target_ref),
    )
    try:
        source, target = await asyncio.gather(*(reader.unreadable(wanted, read) for reader in readers))
    finally:
        for reader in readers:
            reader.close()
    return [
        Difference(str(address), "sdk", "readable with MLClient", reason)
        for address, reason in sorted(target.items(), key=str)
        if address not in source
    ]
