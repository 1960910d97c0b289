"""Reads what the target's own users refer to: what is not deleted without a decision of its own."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map

from amlmigrate.bytes.areas import Key, list_both
from amlmigrate.bytes.listings import Listing
from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.prior import Prior
from amlmigrate.core.workspace import Location, Workspace
from amlmigrate.inventory import read_contents, read_json, take
from amlmigrate.planning.users import Users
from amlmigrate.running.copies import unneeded


async def read_files(clouds: Session, source: Workspace, target: Inventory, listed: Map[Key, Listing]) -> None:
    """Adds to the target's assets what their files name: an asset may read bytes that only a file of it names."""
    # The other way round: that mapping tells the target's own containers from anybody else's.
    back = Mapping(target.workspace, source)
    await read_contents(target, clouds.target.blobs, listed)
    await read_json(target, clouds.target.blobs, listed, back)


async def needed(clouds: Session, plan: Plan, source: Workspace, prior: Prior) -> Callable[[Location], str]:
    """Names who of the target refers to a place by now, or ''; a plan that deletes nothing asks nobody."""
    if not any(step.action is Action.DELETE for step in plan.steps):
        return unneeded
    target = await take(clouds.target.workspace(plan.header.target_ref), users=True)
    listed = await list_both(Mapping(source, target.workspace), clouds.source.blobs, clouds.target.blobs)
    await read_files(clouds, source, target, listed.target)
    moved = (step.address for step in plan.steps if step.action.carried_out and not step.is_bytes)
    return Users(target, {address for address in moved if prior.owns(address)}).of
