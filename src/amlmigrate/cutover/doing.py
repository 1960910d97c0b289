"""What a cutover is still to change, by the source as it works and by how the plan's items stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.asset import Inventory
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.state import Outcome
from amlmigrate.cutover.giving import is_elsewhere
from amlmigrate.cutover.switching import Todo
from amlmigrate.kinds import kind_of
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.items import items


def todo_of(plan: Plan, ledger: Ledger, source: Inventory) -> Todo:
    """What a cutover is still to change. All that works in the source by itself stops, also what stays behind."""
    every = (*source.assets.values(), *source.by_hand)
    working = (asset for asset in every if (kind := kind_of(asset.address)) and kind.quiet(asset))
    made = [step for step in _waiting(plan, ledger) if step.cut_over]
    return Todo(
        tuple(working),
        tuple(step for step in made if not is_elsewhere(step.address)),
        tuple(step for step in made if is_elsewhere(step.address)),
        _told(step for step in _waiting(plan, ledger) if not step.cut_over),
    )


def left_after(plan: Plan, ledger: Ledger) -> Todo:
    """What waits once the cutover is made: all for a person, also what was taken up again."""
    return Todo(left=_told(_waiting(plan, ledger)))


def _told(steps: Iterable[Step]) -> tuple[tuple[str, str], ...]:
    """What a person is still to do, and why."""
    return tuple((str(step.address), step.reason) for step in steps)


def _waiting(plan: Plan, ledger: Ledger) -> list[Step]:
    """The steps that wait for the cutover."""
    ended = {one.address: one.outcome for one in items(plan, ledger)}
    return [step for step in plan.steps if ended[str(step.address)] is Outcome.TO_CUT_OVER]
