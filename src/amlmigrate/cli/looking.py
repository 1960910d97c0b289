"""Looks into the target for what a person says to have done by hand."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.cli.sides import read_both, read_pair
from amlmigrate.cloud.session import Session
from amlmigrate.core.decision import Subject
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan
from amlmigrate.inventory.shown import shown
from amlmigrate.verifying.arrived import prefix_arrived, rest_arrived


async def look(clouds: Session, plan: Plan, subjects: Iterable[Subject]) -> dict[str, bool | None]:
    """By address, whether the target shows it; None where this tool cannot look.

    Raises BadInputError where source or target are other workspaces than the plan's.
    """
    steps = [subject.step for subject in subjects if subject.step]
    found: dict[str, bool | None] = {}
    if not steps:
        return found
    await read_pair(clouds, plan)
    port = clouds.target.workspace(plan.header.target_ref)
    mapping = None
    for step in steps:
        address = step.address
        if not step.is_bytes:
            found[str(address)] = await shown(port, address)
        elif step.bytes:
            found[str(address)] = await prefix_arrived(clouds, step)
        else:
            if mapping is None:
                source, target = await read_both(clouds, plan)
                mapping = Mapping(source.workspace, target.workspace)
            found[str(address)] = await rest_arrived(clouds, plan, mapping, address.name)
    return found
