"""Both sides of a plan, read afresh."""

from __future__ import annotations

import asyncio
from pathlib import Path

from amlmigrate.cloud.session import Session
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.parallel import in_order
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import Workspace
from amlmigrate.freezing.record import beside
from amlmigrate.inventory import take
from amlmigrate.running.drift import check_workspaces


async def read_pair(clouds: Session, plan: Plan) -> tuple[Workspace, Workspace]:
    """Both workspaces' own documents. Raises BadInputError for others than the plan's."""
    source = clouds.source.workspace(plan.header.source_ref)
    target = clouds.target.workspace(plan.header.target_ref)
    first, second = [one async for one in in_order((source, target), lambda side: side.read(), parallel=2)]
    check_workspaces(plan, first, second)
    return first, second


async def read_both(clouds: Session, plan: Plan) -> tuple[Inventory, Inventory]:
    """The source with everything it holds, and the target's assets. Raises BadInputError for other workspaces."""
    source = clouds.source.workspace(plan.header.source_ref)
    target = clouds.target.workspace(plan.header.target_ref)
    await read_pair(clouds, plan)
    return await asyncio.gather(take(source, clouds.source), take(target))


def frozen(folder: Path, workspace_id: str) -> tuple[list[Document], list[str]]:
    """What `freeze` took away for now of a source's role assignments, by this plan or one beside it.

    And why what another folder says of that is not believed.
    """
    found, doubts = beside(folder, workspace_id)
    return [one.as_dict() for _, record in found for one in record.owed], doubts
