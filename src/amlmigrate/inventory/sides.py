"""Both sides of a plan, read afresh: each workspace itself once, then what it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from amlmigrate.cloud.session import Session
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.metering import Meter, Reading, both_sides
from amlmigrate.core.parallel import in_order
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.inventory.letting import let_move
from amlmigrate.inventory.regional import keep_names_taken
from amlmigrate.inventory.shared_vault import leave_what_both_have
from amlmigrate.inventory.walk import take

# Source and target.
Pair = tuple[Workspace, Workspace]


async def read_pair(clouds: Session, plan: Plan) -> Pair:
    """Both workspaces' own documents. Raises BadInputError for others than the plan's."""
    source = clouds.source.workspace(plan.header.source_ref)
    target = clouds.target.workspace(plan.header.target_ref)
    first, second = [one async for one in in_order((source, target), lambda side: side.read(), parallel=2)]
    check_workspaces(plan, first, second)
    return first, second


async def read_both(
    clouds: Session, plan: Plan, pair: Pair | None = None, *, meter: Meter | None = None
) -> tuple[Inventory, Inventory]:
    """The source with everything it holds, and the target's assets. Raises BadInputError for other workspaces.

    `pair`: both workspaces as the command has just read them; they are not read again. `meter`: counts the lists.
    """
    of_source, of_target = pair or await read_pair(clouds, plan)
    target = clouds.target.workspace(plan.header.target_ref)
    old, new = both_sides(meter) if meter else (None, None)
    left, right = await asyncio.gather(
        _source(clouds, plan, of_source, of_target, old),
        take(target, workspace=of_target, asked=plan.header.asked, reading=new),
    )
    return left, right


async def read_source(clouds: Session, plan: Plan) -> Inventory:
    """The source with everything it holds, as of `read_both`; of the target only its own document is read."""
    return await _source(clouds, plan, *await read_pair(clouds, plan))


async def _source(
    clouds: Session, plan: Plan, of_source: Workspace, of_target: Workspace, reading: Reading | None = None
) -> Inventory:
    source = clouds.source.workspace(plan.header.source_ref)
    found = await take(source, clouds.source, workspace=of_source, asked=plan.header.asked, reading=reading)
    let_move(found, plan.header.allowed)
    keep_names_taken(found, of_target, {*plan.names(), *_there(plan)})
    leave_what_both_have(found, of_target)
    return found


def _there(plan: Plan) -> Iterator[Address]:
    """What the plan has found in the target under its own name, as an earlier one made it."""
    return (step.address.item for step in plan.steps if step.action not in (Action.MANUAL, Action.CREATE))


def check_workspaces(plan: Plan, source: Workspace, target: Workspace) -> None:
    """Refuses workspaces that are not the plan's: one made anew under its name is another."""
    check_workspace(source, plan.header.source)
    check_workspace(target, plan.header.target)


def check_workspace(workspace: Workspace, header: Mapping[str, str]) -> None:
    """Refuses one that is not that of a plan's header."""
    if workspace.workspace_id != header["workspaceId"]:
        raise BadInputError(
            f"'{workspace.ref.short}' is not the workspace that the plan was made for:"
            f" its workspaceId is {workspace.workspace_id}, the plan's {header['workspaceId']}.",
            address=workspace.id,
            remedy="It was deleted and created again: make a new plan.",
        )
