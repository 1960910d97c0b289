"""Which prefixes of a plan are compared, and which blobs among them somebody let go. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.workspace import Location

_COMPARED = (Action.COPY, Action.UPDATE, Action.ADOPT)
Left = Mapping[str, frozenset[str]]


def compared(plan: Plan, waived: Container[str], left_alone: Left) -> Iterator[Step]:
    """The steps of prefixes that are compared.

    A waived one is, where it is known which of its blobs the run left alone: that was shown, and no more let go.
    """
    for step in plan.steps:
        address = str(step.address)
        if step.prefix and step.action in _COMPARED and (address not in waived or address in left_alone):
            yield step


def not_compared(plan: Plan, waived: Container[str], places: Iterable[Location]) -> int:
    """How many blobs were to move, were let go, and lie below none of the places that are compared."""
    cover = PrefixSet(places)
    return sum(
        step.bytes.blobs
        for step in plan.steps
        if step.bytes and step.action in (*_COMPARED, Action.CONFLICT) and str(step.address) in waived
        if cover.prefix(step.bytes.source) is None
    )


def let_go(plan: Plan, waived: Container[str], left_alone: Left) -> dict[Location, str]:
    """Where the blobs of the target lie of which nothing is expected, with the ETag of those known by it."""
    return dict(_let_go(plan, waived, left_alone))


def _let_go(plan: Plan, waived: Container[str], left_alone: Left) -> Iterator[tuple[Location, str]]:
    for step in plan.steps:
        if not step.bytes:
            continue
        goal, settled = step.bytes.target, str(step.address) in waived
        if step.apart and settled:
            yield goal, ""
        found = [] if step.action is Action.DELETE and not settled else [(one.path, one.etag) for one in step.gone]
        if settled and not step.apart:
            found += [(path, "") for path in left_alone.get(str(step.address), ())]
        yield from ((goal.at(path), etag) for path, etag in found)
