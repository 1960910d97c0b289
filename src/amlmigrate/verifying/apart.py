"""Which prefixes of a plan are compared, and which blobs among them somebody let go. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.workspace import Location

_COMPARED = (Action.COPY, Action.UPDATE, Action.ADOPT)
Left = Mapping[str, frozenset[str]]


def compared(plan: Plan, waived: Container[str], left_alone: Left) -> Iterator[Step]:
    """The steps of prefixes that are compared.

    A waived one is, where it is known which of its blobs the run left alone: that was shown, and no more let go.
    So is one in conflict as a whole, as plans of earlier versions have it: none of its blobs were copied.
    """
    for step in plan.steps:
        address = str(step.address)
        whole = step.action is Action.CONFLICT and address in waived
        moved = step.action in _COMPARED and (address not in waived or bool(left_alone.get(address)))
        if step.prefix and (whole or moved):
            yield step


def let_go(plan: Plan, waived: Container[str], left_alone: Left) -> frozenset[Location]:
    """Where the blobs of the target lie of which nothing is expected."""
    return frozenset(_let_go(plan, waived, left_alone))


def _let_go(plan: Plan, waived: Container[str], left_alone: Left) -> Iterator[Location]:
    for step in plan.steps:
        if not step.bytes:
            continue
        goal, settled = step.bytes.target, str(step.address) in waived
        if step.apart and settled:
            yield goal
        paths = [] if step.action is Action.DELETE and not settled else [one.path for one in step.gone]
        if settled and not step.apart:
            paths += left_alone.get(str(step.address), ())
        yield from (Location(goal.account, goal.container, path) for path in paths)
