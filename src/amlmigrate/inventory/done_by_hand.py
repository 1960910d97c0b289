"""Looks into the target for what a person says to have done by hand."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.cloud.session import Session
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.decision import DecisionSubject
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.plan_mapping import mapping_of
from amlmigrate.core.state import Outcome
from amlmigrate.inventory.arrived import prefix_arrived, rest_arrived
from amlmigrate.inventory.shown import Effect, looked_at, set_right, shown
from amlmigrate.inventory.sides import Pair, read_both, read_pair
from amlmigrate.ledger.items import Item


async def look(clouds: Session, plan: Plan, subjects: Iterable[DecisionSubject]) -> dict[str, bool | None]:
    """By address, whether the target shows it; None where this tool cannot look.

    Raises BadInputError where source or target are other workspaces than the plan's.
    """
    chosen = [subject for subject in subjects if can_look(subject)]
    found: dict[str, bool | None] = {}
    if not chosen:
        return found
    pair = await read_pair(clouds, plan)
    port = clouds.target.workspace(plan.header.target_ref)
    for subject in chosen:
        if subject.step is None:
            source = clouds.source.workspace(plan.header.source_ref)
            found[subject.address] = await set_right(source, port, subject.address, plan.names())
    return found | await _steps(clouds, plan, port, [subject.step for subject in chosen if subject.step], pair)


async def undone(clouds: Session, plan: Plan, ended: Iterable[Item], *, living: bool = False) -> list[Finding]:
    """What a person did by hand and the target does not show now; where the tool cannot look nothing is said.

    With `living` it is told only: whoever uses the target takes away what is theirs.
    """
    addresses = {one.address for one in ended if one.outcome is Outcome.BY_HAND}
    made = (step for step in plan.steps if not step.address.phase or step.for_cutover)
    steps = [step for step in made if str(step.address) in addresses]
    there = await _steps(clouds, plan, clouds.target.workspace(plan.header.target_ref), steps)
    return [_undone(address, living=living) for address, seen in sorted(there.items()) if seen is False]


def _undone(address: str, *, living: bool) -> Finding:
    return Finding(
        "warning" if living else "blocks",
        address,
        "It was done by hand, and the target does not show it any more.",
        "Do it again; or `migrate reopen` it and decide again.",
        code="done-gone",
    )


def can_look(subject: DecisionSubject) -> bool:
    """Whether there is anything to look at for it."""
    return subject.step is not None or looked_at(subject.address)


def _effect(plan: Plan, step: Step) -> Effect | None:
    """The bodies without and with the phase that a step is for; None where the plan does not hold both."""
    if not step.address.phase:
        return None
    # In the order in which they are made.
    own = [one for one in plan.steps if one.address.item == step.address.item]
    bodies = [one.body for one in own[: own.index(step) + 1] if one.body]
    return (bodies[-2], bodies[-1]) if len(bodies) > 1 and step.body else None


async def _steps(
    clouds: Session, plan: Plan, port: WorkspaceClient, steps: list[Step], pair: Pair | None = None
) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {}
    mapping = None
    for step in steps:
        address = step.address
        if not step.is_bytes:
            found[str(address)] = await shown(port, step.called.at(address.phase), _effect(plan, step))
        elif step.bytes:
            found[str(address)] = await prefix_arrived(clouds, step)
        else:
            if mapping is None:
                source, target = await read_both(clouds, plan, pair)
                mapping = mapping_of(plan, source.workspace, target.workspace)
            found[str(address)] = await rest_arrived(clouds, plan, mapping, address)
    return found
