"""Which plans' cutovers of one source stand, as the lease's blob has them: taking one back ends them all. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError
from amlmigrate.evidence.members import PlanRef

# The plans that are cut over; and by source the newest cutover that was taken back, for those of a version that
# told the lease nothing of theirs.
MEMBER, BACKS = "cutovers", "backs"
Record = Mapping[str, Any]
Members = dict[str, list[Document]]


def cut_over(before: Record, plan: PlanRef, source: str, time: str) -> Members:
    """Both members once a plan is cut over; that another had ended an earlier one of it says nothing of this.

    `before`: what the blob says of cutovers, `source` the workspaceId of what is cut over.
    """
    named = {"plan": plan.sha256, "name": plan.name, "workspaceId": source, "time": time}
    rest = (one for one in every(before) if one.get("plan") != plan.sha256)
    return members(before) | {MEMBER: [*rest, named]}


def taken_back(before: Record, plan: PlanRef, source: str, back: TakingBack, time: str) -> Members:
    """Both members once a plan's cutover is taken back; `time`: when that is told to those that end by it."""
    gone = {one.get("plan") for one in back.ends}
    by = {"ended": {"by": plan.name, "time": time}}
    rest = (one for one in every(before) if one.get("plan") != plan.sha256)
    found = members(before) | {MEMBER: [{**one, **by} if one.get("plan") in gone else one for one in rest]}
    told = {"workspaceId": source, "by": plan.name, "time": back.until or time}
    if back.counts and not _newest_back(before, source) > told["time"]:
        found[BACKS] = [*(one for one in found[BACKS] if one.get("workspaceId") != source), told]
    return found


@dataclass(frozen=True, slots=True)
class TakingBack:
    """What ends with one that is taken back, and whether it ends any, also such as the lease does not show.

    `until`: when it was taken back, where that is over.
    """

    counts: bool = False
    ends: tuple[Document, ...] = ()
    until: str = ""


def others(before: Record, plan: str, source: str, *, works: bool, until: str = "") -> TakingBack:
    """What ends where this plan's cutover is taken back: what works in the source again is live nowhere else.

    Nothing where that has been told already. `works`: whether anything is set back by it; where nothing is, and
    another has ended this one, what was cut over after that stays. `until`: when it was taken back, where that is
    over: what was cut over later is none of its matter.
    """
    own = next(_of(before, plan), None)
    # One that stands and is not there was made by a version that told nothing of it; or it was told before.
    told = own is None and bool(until) and _newest_back(before, source) >= until
    if told or (own and own.get("ended") and not works):
        return TakingBack()
    of_source = (one for one in every(before) if one.get("workspaceId") == source and one.get("plan") != plan)
    standing = (one for one in of_source if not one.get("ended"))
    return TakingBack(True, tuple(one for one in standing if not until or str(one.get("time")) <= until), until)


def ended(before: Record, plan: str, source: str, time: str) -> str:
    """That another plan's `--back` has ended what this one's cutover made live, as a sentence; '' for none.

    `time`: when this one was cut over. By that it is known of one that the lease does not show.
    """
    own = next(_of(before, plan), None)
    told = own.get("ended") if own else next((one for one in _backs(before, source) if _time(one) > time), None)
    if not isinstance(told, dict):
        return ""
    return (
        f"It is live no more: the cutover of plan '{told.get('by')}' was taken back at {told.get('time')}:"
        " the source works again."
    )


def refuse_ended(before: Record, plan: str, source: str, time: str, folder: Path) -> None:
    """Raises RefusedError for a plan that was cut over, at that time, and is live no more."""
    if told := ended(before, plan, source, time):
        raise RefusedError(
            f"The plan was cut over. {told}",
            address=str(folder),
            remedy=f"Take this one back too: migrate cutover {folder} --back; then plan what came since, and cut"
            " that over.",
        )


def _of(before: Record, plan: str) -> Iterator[Document]:
    return (one for one in every(before) if one.get("plan") == plan)


def every(before: Record) -> list[Document]:
    """The plans that are cut over, as the blob has them."""
    return _listed(before, MEMBER)


def members(before: Record) -> Members:
    """Both members as they stand."""
    return {name: _listed(before, name) for name in (MEMBER, BACKS)}


def _backs(before: Record, source: str) -> Iterator[Document]:
    return (one for one in _listed(before, BACKS) if one.get("workspaceId") == source)


def _newest_back(before: Record, source: str) -> str:
    """When the newest cutover of a source was taken back, as far as that is told; '' for never."""
    return max(map(_time, _backs(before, source)), default="")


def _time(one: Document) -> str:
    return str(one.get("time") or "")


def _listed(before: Record, name: str) -> list[Document]:
    found = before.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
