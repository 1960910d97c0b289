"""Whether the source still is what the plan was made from."""

from __future__ import annotations

import asyncio

from amlmigrate.bytes.drift import drifted
from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.storage_containers import Key, list_source
from amlmigrate.cloud.session import Side
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import BadInputError, DriftError
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import changes
from amlmigrate.core.workspace import SurveyedWorkspace
from amlmigrate.kinds import own_places, planned_digests


def check_places(plan: Plan, mapping: WorkspaceMapping) -> None:
    """Refuses a plan whose bytes come from or go to anywhere but the pair's own: it would not be reviewed so."""
    goals = {goal.key for _, goal in mapping.roots()}
    own = {root.account for root, _ in mapping.roots()} | {mapping.source.storage_account.lower()}
    for step in plan.steps:
        amount = step.bytes
        if amount is None or not step.action.carried_out:
            continue
        there = amount.target.key
        if there not in goals or amount.source.account not in own:
            raise BadInputError(
                f"The plan has bytes that go from '{amount.source.account}' to '{there[0]}/{there[1]}': that is no"
                " place of the source's, or none of the target's own containers.",
                address=str(step.address),
                remedy="Put the original plan back, or make a new one.",
            )


async def check_all(plan: Plan, source: Inventory, target: SurveyedWorkspace, side: Side) -> None:
    """Reads the listings of the source's containers, and refuses it like `check_source`."""
    listed = await list_source(WorkspaceMapping(source.workspace, target), side, own_places)
    # Of many blobs this takes a while, in which the lease has to be renewed.
    await asyncio.to_thread(check_source, plan, source, listed)


def check_source(plan: Plan, inventory: Inventory, listings: dict[Key, Listing]) -> None:
    """Refuses a source in which anything was added, changed or deleted since the plan was made."""
    now = planned_digests(inventory, plan.header.switched)
    then = {
        str(step.address): step.source_sha256
        for step in plan.steps
        if step.source_sha256 and not step.is_bytes and not step.address.phase
    }
    for address, (before, after) in drifted(plan, listings, lambda _: True).items():
        then |= {address: before} if before else {}
        now |= {address: after} if after else {}
    if reasons := changes(then, now):
        raise DriftError(
            "The source is no longer what the plan was made from.",
            reasons=tuple(reasons),
            address=inventory.workspace.id,
            remedy="Make a new plan: it will contain only the difference.",
        )
