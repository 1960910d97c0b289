"""In which order a fleet moves: by environment, what matters least first; within one, the highest risk first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count, groupby

from amlmigrate.core.armid import key_of
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet.members import FleetMember

# By their numbers, in order.
Waves = dict[int, list[FleetMember]]


def waves(
    members: Iterable[FleetMember], environments: Sequence[str], *, size: int | None = None, first: int = 1
) -> Waves:
    """A wave for each environment, in the order of the standard's levels; of `size` members at most.

    What no tag tells moves with the last: nobody said that it matters less. Equal risk: the smaller first.
    """

    def place(member: FleetMember) -> int:
        known = member.environment in environments
        return environments.index(str(member.environment)) if known else len(environments) - 1

    ordered = sorted(members, key=lambda one: (place(one), -one.score, one.size, key_of(one.source.id)))
    parts = (part for _, group in groupby(ordered, place) for part in _parts(list(group), size))
    return dict(zip(count(first), parts, strict=False))


def named_waves(members: Iterable[FleetMember], numbers: Mapping[WorkspaceRef, int], rest: Sequence[str]) -> Waves:
    """Waves by the numbers that were given; members without one come after all of those, by the rule above.

    A number that no member has stays free, so that every other one is the wave that it was said to be.
    """
    by_id = {key_of(source.id): number for source, number in numbers.items()}
    members = list(members)
    numbered = [member for member in members if key_of(member.source.id) in by_id]
    others = [member for member in members if key_of(member.source.id) not in by_id]
    found: Waves = {}
    for number in sorted({by_id[key_of(member.source.id)] for member in numbered}):
        chosen = [member for member in numbered if by_id[key_of(member.source.id)] == number]
        found[number] = sorted(chosen, key=lambda one: (-one.score, one.size, key_of(one.source.id)))
    return found | waves(others, rest, first=max(by_id.values(), default=0) + 1)


def _parts(members: list[FleetMember], size: int | None) -> list[list[FleetMember]]:
    if not size:
        return [members]
    return [members[start : start + size] for start in range(0, len(members), size)]
