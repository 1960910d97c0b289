"""Which plans' cutovers of one source stand, as the lease's blob has them: taking one back ends them all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.evidence.members import PlanRef

MEMBER = "cutovers"
Record = Mapping[str, Any]


def cut_over(before: Record, plan: PlanRef, source: str, time: str) -> list[Document]:
    """The member once a plan is cut over; that another had ended an earlier one of it says nothing of this.

    `before`: what the blob says of cutovers, `source` the workspaceId of what is cut over.
    """
    named = {"plan": plan.sha256, "name": plan.name, "workspaceId": source, "time": time}
    return [*(one for one in every(before) if one.get("plan") != plan.sha256), named]


def taken_back(before: Record, plan: PlanRef, ends: Iterable[Document], time: str) -> list[Document]:
    """The member once a plan's cutover is taken back, which `ends` others."""
    gone = {one.get("plan") for one in ends}
    by = {"ended": {"by": plan.name, "time": time}}
    rest = (one for one in every(before) if one.get("plan") != plan.sha256)
    return [{**one, **by} if one.get("plan") in gone else one for one in rest]


def others(before: Record, plan: str, source: str, *, works: bool, until: str = "") -> list[Document]:
    """What ends where this plan's cutover is taken back: what works in the source again is live nowhere else.

    Nothing where that has been told already. `works`: whether anything is set back by it; where nothing is, and
    another has ended this one, what was cut over after that stays. `until`: when it was taken back, where that is
    over: what was cut over later is none of its matter.
    """
    own = next(_of(before, plan), None)
    # One that stands and is not there was made by a version that told nothing of it.
    if (own is None and until) or (own and own.get("ended") and not works):
        return []
    of_source = (one for one in every(before) if one.get("workspaceId") == source and one.get("plan") != plan)
    standing = (one for one in of_source if not one.get("ended"))
    return [one for one in standing if not until or str(one.get("time")) <= until]


def ended(before: Record, plan: str) -> str:
    """That another plan's `--back` has ended what this one's cutover made live, as a sentence; '' for none."""
    told = next((one["ended"] for one in _of(before, plan) if isinstance(one.get("ended"), dict)), None)
    if told is None:
        return ""
    return (
        f"It is live no more: the cutover of plan '{told.get('by')}' was taken back at {told.get('time')}:"
        " the source works again."
    )


def refuse_ended(before: Record, plan: str, folder: Path) -> None:
    """Raises RefusedError for a plan that was cut over and is live no more."""
    if told := ended(before, plan):
        raise RefusedError(
            f"The plan was cut over. {told}",
            address=str(folder),
            remedy=f"Take this one back too: migrate cutover {folder} --back; then plan what came since, and cut"
            " that over.",
        )


def _of(before: Record, plan: str) -> Iterator[Document]:
    return (one for one in every(before) if one.get("plan") == plan)


def every(before: Record) -> list[Document]:
    """The member as it stands."""
    found = before.get(MEMBER)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
