"""The exemptions from policies that a source leaves behind: looked at once it is gone, and our own ones removed.

Azure deletes them with their workspace (AZ-POLICY-16); one that stays would exempt whatever gets the name. However
Azure answers, that is told in the tombstone, and never keeps it from being written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from typing import Literal

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import DeniedError, RefusedError
from amlmigrate.evidence.decommission import ExemptionRecord
from amlmigrate.policies.asking import SECONDS
from amlmigrate.policies.exemptions import Exemption, removing
from amlmigrate.policies.marks import exempted_by_guard

Outcome = Literal["removed", "gone", "left", "unknown"]
First = Callable[[], Awaitable[object]]
_NOT_YET = "it was not looked at yet"
_BEGUN = "its removal was asked for, and nothing shows how that ended"
_NOT_OURS = "it is not shown that this plan's own deletion removed the workspace"
# How a call may end without saying what is so. RefusedError: an answer that leads to another host.
_NO_ANSWER = (ServiceError, OutOfReachError, DeniedError, RefusedError, TimeoutError)


def listed(found: Iterable[Exemption]) -> list[ExemptionRecord]:
    """Those at the workspace as a removal records them before it begins."""
    return [
        ExemptionRecord(
            id=one.id,
            assignment=one.assignment,
            ends=one.said or None,
            guardrail=one.guardrail or None,
            made=one.made,
            outcome="unknown",
            why=_NOT_YET,
            command=removing(one.id),
        )
        for one in found
    ]


def planned(found: Iterable[Exemption]) -> Iterator[str]:
    """What becomes of each, for people, before anything is removed."""
    for one in found:
        what = "removed after it" if one.guardrail else "not removed, since migrate guard did not make it"
        yield f"exemption from a policy, {what}: {one.id}"


def due(found: Iterable[ExemptionRecord]) -> bool:
    """Whether any is yet to be looked at, or to be removed."""
    return any(one.outcome in ("left", "unknown") for one in found)


def removable(found: Iterable[ExemptionRecord]) -> bool:
    """Whether any of ours may still be there."""
    return due(one for one in found if one.guardrail)


async def settle(
    arm: Arm,
    found: tuple[ExemptionRecord, ...],
    first: First,
    keep: Callable[[tuple[ExemptionRecord, ...]], object],
    *,
    by_us: bool,
) -> None:
    """Looks at each that is due, and removes ours; `keep` records them, before a removal and after each.

    `first` is awaited right before each attempt of a removal, and raises where the workspace's name is somebody's
    again. `by_us`: our own deletion removed the workspace; else nothing is removed.
    """
    now = list(found)
    for place, one in enumerate(found):
        if not due([one]):
            continue

        def record(outcome: Outcome, why: str, at: int = place, this: ExemptionRecord = one) -> None:
            over = outcome in ("removed", "gone")
            now[at] = replace(this, outcome=outcome, why=why, command="" if over else this.command)
            keep(tuple(now))

        if (known := await _looked_at(arm, one, by_us=by_us)) is None:
            record("unknown", _BEGUN)
            known = await _removed(arm, one.id, first)
        record(*known)


async def _looked_at(arm: Arm, one: ExemptionRecord, *, by_us: bool) -> tuple[Outcome, str] | None:
    """What has become of one, and why; None where it is ours and still there, and so is to be removed."""
    try:
        async with asyncio.timeout(SECONDS):
            there = await _there(arm, one.id)
    except _NO_ANSWER as error:
        return "unknown", f"whether it is still there could not be read: {_said(error)}"
    if there is None:
        return "gone", ""
    try:
        why = _not_to_be_removed(one, there, by_us=by_us)
    except (AttributeError, TypeError):
        return "unknown", "what Azure shows of it cannot be read"
    return ("left", why) if why else None


async def _removed(arm: Arm, id_: str, first: First) -> tuple[Outcome, str]:
    """What a removal comes to."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _remove(arm, id_, first)
    except RefusedError as error:
        return "left", _said(error)
    except ServiceError as error:
        may = " It may have been removed all the same." if error.doubtful else ""
        return "left", f"{_said(error)}{may}"
    except _NO_ANSWER as error:
        return "unknown", f"{_BEGUN}: {_said(error)}"


async def _there(arm: Arm, id_: str) -> Document | None:
    """The exemption; None where Azure shows none, by whatever not-found: what it is of is shown to be gone."""
    try:
        return await arm.get(id_)
    except ServiceError as error:
        if error.status == 404:
            return None
        raise


def _not_to_be_removed(one: ExemptionRecord, there: Document, *, by_us: bool) -> str:
    """Why one that is there stays; empty where it is ours, and the one that was seen before the removal."""
    if not one.guardrail:
        return "migrate guard did not make it"
    if not by_us:
        return _NOT_OURS
    now = Exemption.of(there)
    same = (key_of(now.guardrail), now.made) == (key_of(one.guardrail), one.made)
    return "" if exempted_by_guard(there) and same else "it is another one than before the removal"


async def _remove(arm: Arm, id_: str, first: First) -> tuple[Outcome, str]:
    """200 says that it was there, 204 that it was not (AZ-POLICY-64)."""
    try:
        answer = await arm.call("DELETE", id_, query={}, first=first)
    except ServiceError as error:
        if error.status == 404:
            return "gone", ""
        raise
    return ("gone", "") if answer.status == 204 else ("removed", "")


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"Azure did not answer within {SECONDS:g} s."
    reasons = getattr(error, "reasons", ())
    return " ".join(reasons) or str(getattr(error, "summary", error))


def lines(found: Iterable[ExemptionRecord]) -> Iterator[str]:
    """What has become of each, for people."""
    for one in found:
        if one.outcome == "removed":
            yield f"removed: the exemption {one.id}"
        elif one.outcome == "gone":
            yield f"no longer there: the exemption {one.id}"
        else:
            there = "still there" if one.outcome == "left" else "not known whether it is still there"
            yield (
                f"{there}: the exemption {one.id}, by which another workspace of the name would be exempt:"
                f" {one.why.rstrip('.')}: {one.command}"
            )
