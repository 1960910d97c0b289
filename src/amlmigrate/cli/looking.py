"""Looks into the target for what a person says to have done by hand."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.cli.sides import read_both, read_pair
from amlmigrate.cloud.session import Session
from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.decision import Subject
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan, Step
from amlmigrate.inventory.shown import looked_at, set_right, shown
from amlmigrate.verifying.arrived import prefix_arrived, rest_arrived


async def look(clouds: Session, plan: Plan, subjects: Iterable[Subject]) -> dict[str, bool | None]:
    """By address, whether the target shows it; None where this tool cannot look.

    Raises BadInputError where source or target are other workspaces than the plan's.
    """
    chosen = [subject for subject in subjects if can_look(subject)]
    found: dict[str, bool | None] = {}
    if not chosen:
        return found
    await read_pair(clouds, plan)
    port = clouds.target.workspace(plan.header.target_ref)
    for subject in chosen:
        if subject.step is None:
            source = clouds.source.workspace(plan.header.source_ref)
            found[subject.address] = await set_right(source, port, subject.address)
    return found | await _steps(clouds, plan, port, [subject.step for subject in chosen if subject.step])


def can_look(subject: Subject) -> bool:
    """Whether there is anything to look at for it."""
    return subject.step is not None or looked_at(subject.address)


async def _steps(clouds: Session, plan: Plan, port: WorkspacePort, steps: list[Step]) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {}
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
