"""Plans that an earlier run counted and that are not there any more, or not with all of their evidence. Pure.

Such a plan counts as it was read last, but for what would make a figure better: what it left is open, whoever
accepted it, and what it proved is shown no more. A plan is known by the SHA-256 of its file, wherever its folder
is, and its evidence by the digest of a report, which has those of all before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from amlmigrate.figures.plans import Plans, PlanTold


@cache
def _form() -> TypeAdapter[PlanTold]:
    return TypeAdapter(PlanTold)


def as_dict(told: PlanTold) -> dict[str, Any]:
    """The form in which a run keeps it."""
    found: dict[str, Any] = _form().dump_python(told, mode="json", exclude={"chain"}, exclude_defaults=True)
    return found


def of_dict(found: object) -> PlanTold:
    """Reads that form. Raises ValueError."""
    return _form().validate_python(found)


def keep(known: dict[str, PlanTold], told: PlanTold) -> None:
    """Takes in what a plan tells, unless the same plan told it with more of its evidence."""
    before = known.get(told.sha256)
    if before is None or told.reports >= before.reports:
        known[told.sha256] = told


def unlike(kept: Mapping[str, PlanTold], told: Iterable[PlanTold]) -> list[dict[str, Any]]:
    """What is to be kept of these plans: all that tell anything else than what is kept, and have lost nothing."""
    now = dict(kept)
    for one in told:
        keep(now, replace(one, chain=frozenset()))
    return [as_dict(one) for sha256, one in now.items() if one != kept.get(sha256)]


def with_lost(kept: Mapping[str, PlanTold], there: Plans) -> Plans:
    """The plans that are there, and those that are lost."""
    return replace(there, told=(*there.told, *(_lost(one) for one in kept.values() if _is_lost(one, there))))


def _is_lost(kept: PlanTold, there: Plans) -> bool:
    """Whether none that is there tells all that it told: one that had done nothing says no more than its pair."""
    if any(one.sha256 == kept.sha256 and (not kept.newest or kept.newest in one.chain) for one in there.told):
        return False
    return bool(kept.reports) or all(one.pair != kept.pair for one in there.told)


def _lost(kept: PlanTold) -> PlanTold:
    return replace(
        kept,
        succession=replace(kept.succession, lost=True),
        residues=tuple(replace(one, open=True) for one in kept.residues),
    )


def gone(plans: Plans) -> dict[str, str]:
    """What of each lost plan is not there, by its folder and digest: another may lie in that folder by now.

    Not of those where nobody could look, which is told.
    """
    there = {one.sha256 for one in plans.told if not one.succession.lost}
    return {
        f"{one.folder} (SHA-256 {one.sha256[:12]})": "its evidence is" if one.sha256 in there else "it is"
        for one in plans.told
        if one.succession.lost and not any(Path(one.folder).is_relative_to(place) for place in plans.unread)
    }
